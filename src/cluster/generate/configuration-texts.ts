import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { CORE_SCHEMA, dump } from 'js-yaml';
import { INSTALLATION } from '../installation.js';
import { CONFIGURATION_FILES } from '../load.js';
import { REFERENCE_TAGS, Reference } from '../references.js';
import { schemaLineFor } from '../schema-line.js';
import type { ListedMachine } from './machine-list.js';

/** What a configuration is written from. What is left out is as in the example, and for the operator to set. */
export interface Wishes {
  readonly machines: readonly ListedMachine[];
  /** What relative paths of the machines are relative to, absolute. */
  readonly listDirectory: string;
  readonly clusterId?: string;
  /** Address of a name server. */
  readonly clusterDns?: string;
  /** Where the API is reached; by default the proxy, or the first master. */
  readonly loadBalanceIp?: string;
  /** What stands before the names of the components' images. */
  readonly componentRegistry?: string;
  /** `docker-registry-domain`, `docker-namespace`. */
  readonly registryDomain?: string;
  readonly registryNamespace?: string;
}

/** A setting that nobody said and that the example's value stands for. */
export interface Placeholder {
  readonly file: string;
  readonly field: string;
  readonly value: string;
}

/** The four files. */
export interface ConfigurationTexts {
  /** By file name. */
  readonly texts: ReadonlyMap<string, string>;
  readonly placeholders: readonly Placeholder[];
}

/** Writes the four files as texts for a folder (absolute), with comments and the lines that tell editors their schemas. */
export async function configurationTexts(wishes: Wishes, folder: string): Promise<ConfigurationTexts> {
  const placeholders: Placeholder[] = [];
  const example = async (kind: keyof typeof CONFIGURATION_FILES): Promise<string> => {
    const text = await readFile(path.join(INSTALLATION, 'cluster-configuration', CONFIGURATION_FILES[kind]), 'utf8');
    return text.replace(/^# yaml-language-server: .*$/m, schemaLineFor(kind, folder));
  };
  const fill = (
    kind: keyof typeof CONFIGURATION_FILES,
    text: string,
    values: Readonly<Record<string, string | undefined>>,
  ) =>
    Object.entries(values).reduce((before, [field, value]) => {
      const line = new RegExp(`^( *${field}: ).*$`, 'm');
      const [, start = ''] = line.exec(before) ?? [];
      if (value !== undefined) return before.replace(line, () => `${start}${scalar(value)}`);
      placeholders.push({
        file: CONFIGURATION_FILES[kind],
        field,
        value: line.exec(before)?.[0].slice(start.length) ?? '',
      });
      return before;
    }, text);
  const { machines } = wishes;
  const entry = machines.find(({ role }) => role === 'proxy') ?? machines.find(({ role }) => role === 'master');
  const kubernetes = fill('kubernetes', await example('kubernetes'), {
    'cluster-dns': wishes.clusterDns,
    'load-balance-ip': wishes.loadBalanceIp ?? entry?.address ?? '',
    'docker-registry': wishes.componentRegistry,
  });
  const services = fill('services', await example('services'), {
    clusterid: wishes.clusterId,
    'docker-registry-domain': wishes.registryDomain,
    'docker-namespace': wishes.registryNamespace ?? 'pai',
  });
  const texts = new Map([
    [CONFIGURATION_FILES.cluster, clusterText(wishes, folder)],
    [CONFIGURATION_FILES.kubernetes, kubernetes],
    [CONFIGURATION_FILES.roles, await example('roles')],
    [CONFIGURATION_FILES.services, services],
  ]);
  return { texts, placeholders };
}

function clusterText(wishes: Wishes, folder: string): string {
  const { machines } = wishes;
  const logins = machines.map((machine) => loginOf(machine, wishes.listDirectory, folder));
  const common = Object.fromEntries(
    Object.entries(logins[0] ?? {}).filter(([field, value]) =>
      logins.every((login) => String(login[field as keyof typeof login]) === String(value)),
    ),
  );
  const hasWorkers = machines.some(({ role }) => role === 'worker');
  const firstMaster = machines.findIndex(({ role }) => role === 'master');
  let masters = 0;
  const list = machines.map((machine, index) => ({
    hostname: machine.hostname,
    hostip: machine.address,
    'machine-type': 'GENERIC',
    'k8s-role': machine.role,
    ...Object.fromEntries(Object.entries(logins[index] ?? {}).filter(([field]) => !(field in common))),
    ...(machine.role === 'master' && { etcdid: `etcd${++masters}` }),
    ...(index === firstMaster && { zkid: '1', dashboard: 'true', 'pai-master': 'true' }),
    ...((machine.role === 'worker' || (!hasWorkers && index === firstMaster)) && { 'pai-worker': 'true' }),
    ...(machine.role === 'proxy' && { 'node-exporter': 'true' }),
  }));
  return [
    schemaLineFor('cluster', folder),
    '# The machines: how to log in to them, what hardware they have, what each is for.',
    '# Every field is described in docs/configuration.md, and by `pai config explain FIELD`.',
    '',
    '# Used where a machine below lacks the field.',
    yaml({ 'default-machine-properties': common }),
    '# Kinds of machines, by a name of yours. mem in GB. Set what yours have, and give other kinds names of their own.',
    yaml({ 'machine-sku': { GENERIC: { mem: 16, cpu: { vcore: 4 }, os: 'ubuntu20.04' } } }),
    "# The machine with pai-master runs the services that there is one of; those with pai-worker run jobs. hostip is also the node's name.",
    yaml({ 'machine-list': list }),
  ].join('\n');
}

/** How to log in to a machine, as cluster-configuration.yaml has it; relative paths as seen from its folder. */
function loginOf({ user, port, password, keyfile }: ListedMachine, from: string, folder: string) {
  const seen = (file: string): string =>
    file.startsWith('~/') || path.isAbsolute(file) ? file : path.relative(folder, path.resolve(from, file));
  const kept = password?.kind === 'file' ? new Reference('file', seen(password.argument)) : password;
  return {
    username: user,
    ...(kept !== undefined && { password: kept }),
    ...(keyfile !== undefined && { 'ssh-keyfile-path': seen(keyfile) }),
    sshport: port ?? 22,
  };
}

function yaml(value: object): string {
  return dump(value, { schema: CORE_SCHEMA.withTags([...REFERENCE_TAGS]), lineWidth: -1, noRefs: true });
}

function scalar(value: string): string {
  return dump(value, { lineWidth: -1 }).trimEnd();
}
