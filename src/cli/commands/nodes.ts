import path from 'node:path';
import { canonicalIp } from '../../cluster/ip.js';
import type { Cluster, Host } from '../../cluster/model.js';
import { type ListedNode, loadNodeList } from '../../cluster/node-list.js';
import { placed } from '../../cluster/problems.js';
import type { Graph } from '../../graph/graph.js';
import { PaiError } from '../../model/errors.js';
import type { Operation } from '../../model/operation.js';
import { didYouMean } from '../../model/suggest.js';
import type { Target } from '../../model/target.js';
import { newRunId } from '../../state/run-id.js';
import { type Command, EXIT, type Invocation, shellWord } from '../command.js';
import { configurationOf } from '../configuration.js';
import { watchInterrupts } from '../interrupt.js';
import { withLock } from '../lock.js';
import { placeOf } from '../place.js';
import { openProject } from '../project.js';
import { runOperation } from '../run-operation.js';
import { findOperation, optionsOf } from './operation.js';

/** `pai nodes add` and `pai nodes remove`: machines of the cluster, and of cluster-configuration.yaml with them. */
export const nodes: Command = {
  async execute(invocation) {
    const [action = '', ...names] = invocation.patterns;
    if (action === 'add') return add(invocation, names);
    if (action === 'remove') return remove(invocation, names);
    const meant = didYouMean(action, ['add', 'remove']);
    const what = action === '' ? 'pai nodes needs an action' : `pai nodes has no '${action}'`;
    throw new PaiError('USAGE', `${what}${meant === undefined ? '' : `; ${meant}`}`, {
      next: 'There are: add, remove.',
    });
  },
};

/** Writes the machines of a list into the configuration, where they are not there yet, and runs their targets. */
async function add(invocation: Invocation, names: readonly string[]): Promise<number> {
  const { io, options } = invocation;
  if (names.length > 0 || options.file === undefined) {
    throw new PaiError('USAGE', 'say in a file which machines are added', {
      next: 'Say `pai nodes add -f machines.yaml`: a file with machine-list, as in cluster-configuration.yaml, or CSV.',
    });
  }
  const place = await placeOf(invocation);
  const configuration = await configurationOf(place, path.join(place.root, 'service-list.yaml'));
  const { addingMachines } = await import('../../cluster/edit-file.js');
  const listed = await readList(invocation, configuration.configurationDirectory, options.file);
  const added = listed.filter(({ inConfiguration }) => !inConfiguration);
  refuseSeveralMasters(added.map(({ host }) => host));
  const prepare = () =>
    addingMachines(
      configuration,
      added.map(({ written }) => written),
    );
  const hosts = listed.map(({ host }) => host);
  if (options.dryRun === true) {
    const { file } = await prepare();
    const what =
      added.length === 0 ? 'nothing would be added' : `${namesOf(added.map(({ host }) => host))} would be added`;
    io.stdout(`${what} to ${file}; then their targets would run\n`);
    return EXIT.ok;
  }
  await whileLocked(invocation, place.cacheDirectory, async () => {
    const { file, write } = await prepare();
    await write();
    for (const { host, inConfiguration } of listed) {
      io.stderr(inConfiguration ? `${host.name} is in ${file} already\n` : `${host.name} is in ${file} now\n`);
    }
  });
  return runTargetsOf(invocation, hosts);
}

/** Takes machines out of the cluster, and then out of the configuration. */
async function remove(invocation: Invocation, names: readonly string[]): Promise<number> {
  const { io, options } = invocation;
  const place = await placeOf(invocation);
  const configuration = await configurationOf(place, path.join(place.root, 'service-list.yaml'));
  const project = await openProject(invocation);
  const cluster = await project.cluster();
  const hosts = await hostsToRemove(invocation, cluster, configuration.configurationDirectory, names);
  if (hosts.length === 0) return EXIT.ok;
  refuseSeveralMasters(hosts);
  for (const host of hosts) refuseNeeded(host, cluster);
  const { removingMachines } = await import('../../cluster/edit-file.js');
  const all = hosts.map(({ name }) => name);
  const { file } = await removingMachines(configuration, all);
  if (options.dryRun === true) {
    io.stdout(`${namesOf(hosts)} would be removed from the cluster, and then from ${file}\n`);
    return EXIT.ok;
  }
  const { operation } = findOperation(project, 'nodes', ['remove']);
  if (!('plan' in operation)) throw new Error('the operation nodes remove plans nothing');
  const takenOut =
    (host: Host) =>
    async (log: (line: string) => void): Promise<void> => {
      await (await removingMachines(configuration, [host.name])).write();
      log(`${host.name} is out of ${file}`);
    };
  const code = await runOperation(invocation, project, removal(operation, hosts, takenOut), {
    words: all,
    options: optionsOf(invocation),
  });
  const masters = hosts.filter(({ role }) => role === 'master');
  if (code !== EXIT.ok || masters.length === 0) return code;
  // The others' certificates, flags and balancer name the masters that there are.
  return runMasters(invocation, masters);
}

/** The paifile's operation for one machine after the other, each taken out of the configuration when it is done. */
function removal(
  operation: Extract<Operation, { plan: unknown }>,
  hosts: readonly Host[],
  takenOut: (host: Host) => (log: (line: string) => void) => Promise<void>,
): Extract<Operation, { plan: unknown }> {
  return {
    name: operation.name,
    summary: operation.summary,
    async plan(context) {
      const notes: string[] = [];
      const steps = [];
      for (const host of hosts) {
        const one = await operation.plan({ ...context, words: [host.name] });
        notes.push(...(one.notes ?? []));
        steps.push(...one.steps, {
          name: `configuration:${host.name}`,
          description: 'it is taken out of the configuration',
          run: async ({ log }: { readonly log: (line: string) => void }) => takenOut(host)(log),
        });
      }
      return { notes, steps };
    },
  };
}

async function hostsToRemove(
  invocation: Invocation,
  cluster: Cluster,
  directory: string,
  names: readonly string[],
): Promise<readonly Host[]> {
  const { io, options } = invocation;
  if (names.length === 0 && options.file === undefined) {
    throw new PaiError('USAGE', 'say which machines are removed', {
      next: 'Say `pai nodes remove worker7`, or `pai nodes remove -f machines.yaml`.',
    });
  }
  const listed = options.file === undefined ? [] : await readList(invocation, directory, options.file);
  for (const { host, inConfiguration } of listed) {
    if (!inConfiguration) io.stderr(`${host.name} is not in the configuration: nothing to do\n`);
  }
  const known = new Map(cluster.hosts.map((host) => [host.name.toLowerCase(), host]));
  const unknown = names.filter((name) => !known.has(name.toLowerCase()));
  if (unknown.length > 0) {
    const meant = didYouMean(
      unknown[0] ?? '',
      cluster.hosts.map(({ name }) => name),
    );
    throw new PaiError(
      'UNKNOWN_NAME',
      `no machine ${unknown.join(', ')} is in the configuration${meant === undefined ? '' : `; ${meant}`}`,
      {
        next: 'pai prune removes nodes that only the cluster knows.',
      },
    );
  }
  const meant = new Set([...names, ...listed.map(({ host }) => host.name)].map((name) => name.toLowerCase()));
  return cluster.hosts.filter(({ name }) => meant.has(name.toLowerCase()));
}

async function readList({ io, options }: Invocation, directory: string, file: string): Promise<readonly ListedNode[]> {
  const { nodes: listed } = await loadNodeList({
    nodeListFile: path.resolve(io.cwd, file),
    configurationDirectory: directory,
    warn: (warnings) => {
      if (options.json === true) return;
      for (const warning of warnings) io.stderr(`warning: ${placed(warning)}\n`);
    },
  });
  return listed;
}

/** etcd changes its members one at a time. */
function refuseSeveralMasters(hosts: readonly Host[]): void {
  const masters = hosts.filter(({ role }) => role === 'master');
  if (masters.length < 2) return;
  throw new PaiError(
    'USAGE',
    `masters come and go one at a time, and these are ${masters.length}: ${namesOf(masters)}`,
    {
      next: 'Give one of them, and the others once it is done.',
    },
  );
}

/** What can't go, whatever its state is. */
function refuseNeeded(host: Host, { masters, kubernetes }: Cluster): void {
  const refuse = (what: string, next: string): never => {
    throw new PaiError('USAGE', `${host.name} can't be removed: ${what}`, { where: `host ${host.name}`, next });
  };
  if (host.role === 'master' && masters.length === 1) {
    refuse('it is the last master', 'Add another master first, or take the whole cluster down: pai clean kubernetes.');
  }
  if (canonicalIp(host.address) === canonicalIp(kubernetes.loadBalanceIp)) {
    refuse(
      'load-balance-ip is its address, so nobody would find the API',
      'Set load-balance-ip in kubernetes-configuration.yaml to another way to the masters, and run pai run kubernetes first.',
    );
  }
  if (host.paiMaster) {
    refuse('it has pai-master: "true", which exactly one machine must', 'Give pai-master to another machine first.');
  }
}

async function whileLocked(invocation: Invocation, cacheDirectory: string, work: () => Promise<void>): Promise<void> {
  const interrupt = watchInterrupts(invocation.io);
  try {
    await withLock(invocation, { cacheDirectory }, newRunId(new Date()), interrupt, work);
  } finally {
    interrupt.unwatch();
  }
}

/** Runs what lives on machines; of masters what all of them are told of each other, too. */
async function runTargetsOf(invocation: Invocation, hosts: readonly Host[]): Promise<number> {
  const { graph } = await openProject(invocation, { quiet: true });
  const own = hosts.flatMap((host) => targetsOn(graph, host));
  const shared = hosts.filter(({ role }) => role === 'master').flatMap((host) => kindsOf(targetsOn(graph, host)));
  return runTargets(invocation, [...own.map(({ name }) => name), ...membersOf(graph, new Set(shared))]);
}

/** Runs what masters are told of each other, once some of them are gone. */
async function runMasters(invocation: Invocation, gone: readonly Host[]): Promise<number> {
  const { graph, cluster } = await openProject(invocation, { quiet: true });
  const host = (await cluster()).masters.find(({ name }) => !gone.some((one) => one.name === name));
  return host === undefined
    ? EXIT.ok
    : runTargets(invocation, membersOf(graph, new Set(kindsOf(targetsOn(graph, host)))));
}

function targetsOn({ targets }: Graph, { name }: Host): readonly Target[] {
  return [...targets.values()].filter(({ manual, action }) => !manual && action.pools.includes(`host:${name}`));
}

/** The kinds of targets that a change of members concerns: `etcd`, `master`. */
function kindsOf(targets: readonly Target[]): readonly string[] {
  return targets.flatMap(({ name, rolling }) => (rolling ? [name.slice(0, name.indexOf(':'))] : []));
}

function membersOf({ targets }: Graph, kinds: ReadonlySet<string>): readonly string[] {
  return [...targets.keys()].filter((name) => kinds.has(name.slice(0, name.indexOf(':'))));
}

/** As `pai run` does it, which is also how it is done again. */
async function runTargets(invocation: Invocation, names: readonly string[]): Promise<number> {
  const { run } = await import('./run.js');
  const { file: _file, timeout: _timeout, force: _force, dryRun: _dryRun, ...options } = invocation.options;
  const patterns = [...new Set(names)];
  return run.execute({
    ...invocation,
    patterns,
    options,
    commandLine: ['pai', 'run', ...patterns.map(shellWord)].join(' '),
  });
}

function namesOf(hosts: readonly Host[]): string {
  return hosts.map(({ name }) => name).join(', ');
}
