import { isIPv6 } from 'node:net';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { HostLogin } from '../model/drivers.js';
import type { BastionEntry, ClusterFile, LoginEntry, MachineEntry, Partially, SkuEntry } from './files.js';
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
  return file['machine-list'].flatMap((entry) => {
    const sku = file['machine-sku'][entry['machine-type']];
    // The cross checks have told of a SKU that does not exist.
    return sku === undefined ? [] : [buildHost({ ...defaults, ...entry }, sku, bastions, directory)];
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

function buildHost(
  machine: MachineEntry,
  skuEntry: SkuEntry,
  bastions: ReadonlyMap<string, HostLogin>,
  directory: string,
): Host {
  const sku = buildSku(machine['machine-type'], skuEntry);
  const labels = nodeLabels({
    paiMaster: machine['pai-master'] === 'true',
    paiWorker: machine['pai-worker'] === 'true',
    nodeExporter: machine['node-exporter'] === 'true',
    gpu: sku.gpu !== undefined,
  });
  // Templates see what a machine is and what it is labelled with, not how to log in: that is no reason to run anything again.
  const {
    username: _username,
    password: _password,
    'ssh-keyfile-path': _key,
    sshport: _port,
    'ssh-bastion': bastionName,
    ...visible
  } = machine;
  const via = bastionName === undefined ? undefined : bastions.get(bastionName);
  return {
    name: machine.hostname,
    address: machine.hostip,
    // A node's name is a DNS name, which has no colons; host names are unique but for case, which it has not.
    nodeName: isIPv6(machine.hostip) ? machine.hostname.toLowerCase() : machine.hostip,
    role: machine['k8s-role'],
    sku,
    login: { ...buildLogin(machine.hostname, machine, directory), ...(via === undefined ? {} : { via }) },
    ...(machine.etcdid === undefined ? {} : { etcdId: machine.etcdid }),
    ...(machine.zkid === undefined ? {} : { zkId: machine.zkid }),
    dashboard: machine.dashboard === 'true',
    paiMaster: machine['pai-master'] === 'true',
    paiWorker: machine['pai-worker'] === 'true',
    nodeExporter: labels['node-exporter'] === 'true',
    labels,
    raw: { ...visible, ...labels },
  };
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
  return { ...buildLogin(name, entry, directory), kind: 'bastion' };
}

function buildLogin(name: string, entry: MachineEntry | BastionEntry, directory: string): HostLogin {
  const keyPath = entry['ssh-keyfile-path'];
  return {
    name,
    address: entry.hostip,
    port: entry.sshport ?? 22,
    // The cross checks have told of one without.
    user: entry.username ?? '',
    ...(entry.password === undefined ? {} : { password: entry.password }),
    ...(keyPath === undefined ? {} : { keyPath: configuredPath(keyPath, directory) }),
  };
}
