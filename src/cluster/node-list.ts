import { join, resolve } from 'node:path';
import { PaiError } from '../model/errors.js';
import { checkBastionNames, checkMachineLogins, LIST, type Machine } from './check-logins.js';
import { checkEntries, checkMachines, UNIQUE_FIELDS } from './check-machines.js';
import type { ClusterFile, MachineEntry, Partially } from './files.js';
import { deepFreeze } from './freeze.js';
import { buildHosts } from './hosts.js';
import { CONFIGURATION_FILES, readIfThere } from './load.js';
import type { MachineText } from './machine-text.js';
import type { Host } from './model.js';
import { machinesAsWritten, parseNodeList } from './node-list-file.js';
import { configurationError, inOrder, type Problem } from './problems.js';
import { Resolver } from './resolve.js';
import { createValidator } from './validate.js';
import { parseYaml, type YamlFile } from './yaml.js';

/** Where a node list is, and the configuration that it adds to. */
export interface LoadNodeListOptions {
  /**
   * A YAML file with `machine-list`, or `machinelist` as it was called once: machines as in cluster-configuration.yaml. Or CSV (`*.csv`) whose first
   * line names those fields.
   */
  readonly nodeListFile: string;
  /** Folder of the four files: defaults, SKUs and bastions are those of its cluster-configuration.yaml. */
  readonly configurationDirectory: string;
  /** As for `loadCluster`. */
  readonly warn?: (warnings: readonly Problem[]) => void;
  /** As for `loadCluster`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** A machine of a node list. */
export interface ListedNode {
  /** As the cluster configuration has it, where it has it. */
  readonly host: Host;
  /** Whether the cluster configuration has a machine of that name. */
  readonly inConfiguration: boolean;
  /** As the list has it. */
  readonly written: MachineText;
}

/** A node list with what it was read beside. */
export interface NodeList {
  readonly nodes: readonly ListedNode[];
  /** As of `Cluster`, for the secrets of these nodes. */
  readonly revealSecrets: () => Promise<void>;
}

/**
 * The nodes of a list, deeply frozen, in its order. A node that is in the cluster configuration must have the same fields there, as
 * far as the list has them and they are not about how to log in; another one must not have its name or address or id from there.
 *
 * Throws PaiError CONFIG_MISSING when a file is not there, and CONFIG_INVALID with every problem of both files.
 */
export async function loadNodeList(options: LoadNodeListOptions): Promise<NodeList> {
  const { nodeListFile, configurationDirectory, warn } = options;
  const directory = resolve(configurationDirectory);
  const resolver = new Resolver({ directory, env: options.env ?? process.env });
  const clusterFile = join(configurationDirectory, CONFIGURATION_FILES.cluster);
  const [list, cluster, validate] = await Promise.all([
    readOrFail(nodeListFile),
    readOrFail(clusterFile),
    createValidator(resolver),
  ]);
  const nodes = await validate('nodeList', parseNodeList(...list));
  const known = await validate('cluster', parseYaml(...cluster));
  const problems = [
    ...nodes.problems,
    ...known.problems,
    ...(known.part ? checkMachines(known.yaml, known.part) : []),
    ...(nodes.part && known.part
      ? checkNodes(nodes.yaml, nodes.part['machine-list'] ?? [], known.yaml, known.part)
      : []),
  ];
  warn?.(inOrder([...nodes.warnings, ...known.warnings]));
  if (problems.length > 0 || !nodes.whole || !known.whole) throw configurationError(problems);
  return deepFreeze({
    nodes: build(nodes.whole['machine-list'], known.whole, directory, machinesAsWritten(...list)),
    revealSecrets: () => resolver.revealAll(),
  });
}

function build(
  entries: readonly MachineEntry[],
  cluster: ClusterFile,
  directory: string,
  written: readonly MachineText[],
): ListedNode[] {
  const own = new Map(cluster['machine-list'].map((entry) => [nameOf(entry), entry]));
  const machines = entries.map((entry) => own.get(nameOf(entry)) ?? entry);
  return buildHosts({ ...cluster, 'machine-list': machines }, directory).map((host, index) => ({
    host,
    inConfiguration: own.has(host.name.toLowerCase()),
    written: written[index] ?? {},
  }));
}

function checkNodes(
  yaml: YamlFile,
  nodes: readonly Machine[],
  clusterYaml: YamlFile,
  cluster: Partially<ClusterFile>,
): Problem[] {
  const bastions = Object.keys(cluster['ssh-bastions'] ?? {});
  const entries = nodes.map((node, index) => [node, `${LIST}/${index}`] as const);
  const own = new Map((cluster['machine-list'] ?? []).map((machine) => [nameOf(machine), machine]));
  const whole = nodes.map((node) => ({ ...own.get(nameOf(node)), ...node }));
  return [
    ...checkEntries(yaml, whole, Object.keys(cluster['machine-sku'] ?? {})),
    ...checkMachineLogins(yaml, whole, cluster['default-machine-properties'] ?? {}),
    ...checkBastionNames(yaml, entries, bastions),
    ...checkAgainst(yaml, nodes, clusterYaml, cluster['machine-list'] ?? []),
  ];
}

/** Fields of a node that must be what the cluster configuration says. */
const SAME_FIELDS = [
  'hostip',
  'machine-type',
  'k8s-role',
  'etcdid',
  'zkid',
  'dashboard',
  'pai-master',
  'pai-worker',
  'node-exporter',
] as const;

function checkAgainst(
  yaml: YamlFile,
  nodes: readonly Machine[],
  clusterYaml: YamlFile,
  machines: readonly Machine[],
): Problem[] {
  const names = new Map(machines.map((machine, index) => [nameOf(machine), index]));
  const taken = Object.entries(UNIQUE_FIELDS).map(([field, same]) => {
    const owners = new Map<string, number>();
    for (const [index, machine] of machines.entries()) {
      const value = machine[field as keyof typeof UNIQUE_FIELDS];
      if (value !== undefined) owners.set(same(value), index);
    }
    return { field: field as keyof typeof UNIQUE_FIELDS, same, owners };
  });
  return nodes.flatMap((node, index) => {
    const place = (what: string, field: string) => yaml.problem(`${LIST}/${index}/${field}`, 'value', what);
    const line = (at: number) => `${clusterYaml.file}, line ${clusterYaml.line(`${LIST}/${at}`)}`;
    const own = names.get(nameOf(node));
    if (own !== undefined) {
      const machine = machines[own] ?? {};
      return SAME_FIELDS.flatMap((field) => {
        const value = node[field];
        if (value === undefined || sameValue(field, value) === sameValue(field, machine[field])) return [];
        const there = machine[field] === undefined ? `it has none` : `it is ${machine[field]}`;
        return [
          place(`${field} ${value}: in the cluster configuration (${line(own)}) ${there}; make them the same`, field),
        ];
      });
    }
    return taken.flatMap(({ field, same, owners }) => {
      const value = node[field];
      const owner = value === undefined ? undefined : owners.get(same(value));
      if (owner === undefined) return [];
      const what = `${field} "${value}" is that of "${machines[owner]?.hostname}" in the cluster configuration`;
      return [place(`${what} (${line(owner)}); it must be unique`, field)];
    });
  });
}

/** A flag that is not there is false. */
function sameValue(field: (typeof SAME_FIELDS)[number], value: string | undefined): string | undefined {
  if (field === 'hostip') return value === undefined ? undefined : UNIQUE_FIELDS.hostip(value);
  return value === 'false' ? undefined : value;
}

/** What machines are told apart by, in both files. */
function nameOf({ hostname }: Machine): string {
  return hostname?.toLowerCase() ?? '';
}

async function readOrFail(file: string): Promise<readonly [file: string, text: string]> {
  const found = await readIfThere(file);
  if (found) return found;
  throw new PaiError('CONFIG_MISSING', `there is no file ${file}`, { where: file, next: 'Check the path.' });
}
