import { isIPv6 } from 'node:net';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { HostLogin } from '../model/drivers.js';
import type {
  BastionEntry,
  ClusterFile,
  LoginEntry,
  MachineDefaults,
  MachineEntry,
  Partially,
  SkuEntry,
} from './files.js';
import { nodeLabels } from './labels.js';
import type { Host, Sku } from './model.js';

/** The machines with their defaults. `directory` is what relative paths of keys are relative to. */
export function buildHosts(file: ClusterFile, directory: string): Host[] {
  const defaults = file['default-machine-properties'];
  const bastions = new Map(
    Object.entries(file['ssh-bastions']).map(([name, entry]) => [
      name,
      buildBastion(name, bastionWithDefaults(entry, defaults), directory),
    ]),
  );
  const skus = new Map(Object.entries(file['machine-sku']).map(([name, entry]) => [name, buildSku(name, entry)]));
  return file['machine-list'].flatMap((entry) => {
    const sku = skus.get(entry['machine-type']);
    // The cross checks have told of a SKU that does not exist.
    return sku === undefined ? [] : [buildHost(entry, sku, { defaults, bastions, directory })];
  });
}

/** Value of `ssh-bastion` for a machine that is reached directly. */
export const NO_BASTION = 'none';

/**
 * A bastion with what it lacks from the machines' defaults: the user, and password and key when it has neither, so that the
 * machines' password is not shown to a bastion that has a login of its own. Its port is its own.
 */
export function bastionWithDefaults<Entry extends Partially<LoginEntry>>(
  entry: Entry,
  defaults: Partially<LoginEntry>,
) {
  const { username, password, 'ssh-keyfile-path': key } = defaults;
  const hasOwn = entry.password !== undefined || entry['ssh-keyfile-path'] !== undefined;
  return {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined || hasOwn ? {} : { password }),
    ...(key === undefined || hasOwn ? {} : { 'ssh-keyfile-path': key }),
    ...entry,
  };
}

/** A path of the configuration: absolute, below the home directory, or relative to the configuration's folder. */
export function configuredPath(path: string, directory: string): string {
  return path.startsWith('~/') ? join(homedir(), path.slice(2)) : resolve(directory, path);
}

/** What of a configuration its machines have in common. */
interface Common {
  readonly defaults: MachineDefaults;
  readonly bastions: ReadonlyMap<string, HostLogin>;
  readonly directory: string;
}

/** While it is built. Of ten thousand hosts, spreading conditional fields into each would take as long as reading them. */
type Unfinished<T> = { -readonly [Key in keyof T]: T[Key] };

function buildHost(machine: MachineEntry, sku: Sku, { defaults, bastions, directory }: Common): Host {
  const labels = nodeLabels({
    paiMaster: machine['pai-master'] === 'true',
    paiWorker: machine['pai-worker'] === 'true',
    nodeExporter: machine['node-exporter'] === 'true',
    gpu: sku.gpu !== undefined,
  });
  // Templates see what a machine is and what it is labelled with, not how to log in: that is no reason to run anything again.
  const {
    username = defaults.username,
    password = defaults.password,
    'ssh-keyfile-path': keyPath = defaults['ssh-keyfile-path'],
    sshport = defaults.sshport,
    'ssh-bastion': bastion = defaults['ssh-bastion'],
    ...visible
  } = machine;
  const login = buildLogin(machine.hostname, machine.hostip, { username, password, sshport, keyPath }, directory);
  const via = bastion === undefined ? undefined : bastions.get(bastion);
  if (via !== undefined) login.via = via;
  const host: Unfinished<Host> = {
    name: machine.hostname,
    address: machine.hostip,
    // A node's name is a DNS name, which has no colons; host names are unique but for case, which it has not.
    nodeName: isIPv6(machine.hostip) ? machine.hostname.toLowerCase() : machine.hostip,
    role: machine['k8s-role'],
    sku,
    login,
    dashboard: machine.dashboard === 'true',
    paiMaster: machine['pai-master'] === 'true',
    paiWorker: machine['pai-worker'] === 'true',
    nodeExporter: labels['node-exporter'] === 'true',
    labels,
    raw: Object.assign(visible, labels),
  };
  if (machine.etcdid !== undefined) host.etcdId = machine.etcdid;
  if (machine.zkid !== undefined) host.zkId = machine.zkid;
  return host;
}

function buildSku(name: string, entry: SkuEntry): Sku {
  return {
    name,
    memoryGb: entry.mem,
    vcores: entry.cpu.vcore,
    ...(entry.gpu && entry.gpu.count > 0 ? { gpu: { ...entry.gpu } } : {}),
    os: entry.os,
    ...(entry.dataFolder === undefined ? {} : { dataFolder: entry.dataFolder }),
  };
}

function buildBastion(name: string, entry: BastionEntry, directory: string): HostLogin {
  const { hostip, 'ssh-keyfile-path': keyPath, ...login } = entry;
  return { ...buildLogin(name, hostip, { ...login, keyPath }, directory), kind: 'bastion' };
}

/** How to log in, as far as it is known. */
interface LoginFields {
  readonly username?: string | undefined;
  readonly password?: LoginEntry['password'] | undefined;
  readonly sshport?: number | undefined;
  readonly keyPath?: string | undefined;
}

function buildLogin(
  name: string,
  address: string,
  { username, password, sshport, keyPath }: LoginFields,
  directory: string,
): Unfinished<HostLogin> {
  // The cross checks have told of one without a user.
  const login: Unfinished<HostLogin> = { name, address, port: sshport ?? 22, user: username ?? '' };
  if (password !== undefined) login.password = password;
  if (keyPath !== undefined) login.keyPath = configuredPath(keyPath, directory);
  return login;
}
