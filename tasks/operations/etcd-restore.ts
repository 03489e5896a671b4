import { stat } from 'node:fs/promises';
import { type Cluster, type Host, type OperationContext, type OperationPlan, PaiError, type Step } from 'pai';
import { peerUrl } from '../etcd.js';
import { hostScript } from '../host-script.js';
import { kubeletSettings } from '../kubelet.js';
import { lookAtEtcd, type MembershipContext, runEtcdScript } from './etcd-members.js';
import { defaultSnapshotFile, SNAPSHOT_NAME, sha256Of, snapshotProblem, takeSnapshot } from './etcd-snapshot.js';
import type { EtcdView } from './etcd-view.js';

/** One restore: the same for all hosts and for every try. */
interface Restore {
  readonly cluster: Cluster;
  readonly file: string;
  readonly sha256: string;
  /** Of the new cluster: members of the old one can't take part in it. */
  readonly token: string;
  readonly masters: readonly Host[];
}

/**
 * Makes etcd anew of a snapshot: API servers and members stop on all masters, each member gets the same snapshot under a new token, then all start
 * again, and what remembers the old state is restarted. Interrupted, it goes on: hosts keep its token until all is done.
 */
export async function planRestore(cluster: Cluster, context: OperationContext): Promise<OperationPlan> {
  const { file, force } = context.options;
  if (context.words.length > 0 || file === undefined) {
    throw new PaiError('USAGE', 'pai etcd restore needs a snapshot', {
      next: 'Name it: pai etcd restore -f SNAPSHOT.',
    });
  }
  const problem = await snapshotProblem(file);
  if (problem !== undefined) {
    throw new PaiError('USAGE', `${file} can't be restored: ${problem}`, { next: 'Use another snapshot.' });
  }
  const sha256 = await sha256Of(file);
  const view = await lookAtEtcd(cluster, context);
  const masters = mastersOf(view, force === true);
  const unfinished = unfinishedToken(view, sha256);
  const token = unfinished ?? `${cluster.services.clusterId}-${new Date().toISOString()}`;
  const restore: Restore = { cluster, file, sha256, token, masters };
  const partner = view.looks.find(({ healthy }) => healthy);
  const before = partner === undefined || unfinished !== undefined ? [] : [snapshotStep(cluster, partner.host)];
  return {
    notes: notesOf(view, file, unfinished !== undefined),
    question: `Replace all that Kubernetes knows on ${masters.map(({ name }) => name).join(', ')} by ${file} (written ${(await stat(file)).mtime.toISOString()})? Everything later is lost`,
    steps: [...before, ...stepsOf(restore, before)],
  };
}

function notesOf(view: EtcdView, file: string, isResumed: boolean): readonly string[] {
  const away = view.looks.filter(({ unreachable }) => unreachable !== undefined).map(({ host }) => host.name);
  return [
    ...(isResumed ? [`Going on with the restore of ${file} that did not come to its end.`] : []),
    ...(view.serves && !isResumed ? ['etcd serves: a snapshot of what is there now is taken first.'] : []),
    ...away.map((name) => `${name} is left out. Keep it off, and once it may come back: pai etcd fix ${name}.`),
  ];
}

/** All masters; with force, those that can be asked. @throws PaiError USAGE */
function mastersOf(view: EtcdView, isForced: boolean): readonly Host[] {
  const away = view.looks.filter(({ unreachable }) => unreachable !== undefined);
  const present = view.looks.filter(({ unreachable }) => unreachable === undefined);
  if (present.length === 0 || (away.length > 0 && !isForced)) {
    throw new PaiError(
      'USAGE',
      `${away.map(({ host }) => host.name).join(', ')} can't be asked, and might go on with the old data`,
      {
        details: away.map(({ host, unreachable }) => `${host.name}: ${unreachable}`),
        next: 'Bring all masters back; or restore without them, if they are lost for good: --force.',
      },
    );
  }
  const bare = present.filter(({ installed }) => !installed).map(({ host }) => host.name);
  if (bare.length > 0) {
    throw new PaiError('USAGE', `etcd is not installed on ${bare.join(', ')}`, {
      next: 'Install Kubernetes there first (pai run kubernetes), then restore.',
    });
  }
  return present.map(({ host }) => host);
}

/** The token of a restore of this snapshot that was begun. @throws PaiError USAGE for one of another */
function unfinishedToken(view: EtcdView, sha256: string): string | undefined {
  const begun = view.looks.flatMap(({ restore }) => (restore === undefined ? [] : [restore]));
  return begun.find((restore) => restore.sha256 === sha256)?.token;
}

function snapshotStep(cluster: Cluster, host: Host): Step {
  const to = defaultSnapshotFile(cluster, new Date());
  return {
    name: `etcd-snapshot:${host.name}`,
    description: `snapshot of what is there now, to ${to}`,
    pools: [`host:${host.name}`, 'ssh'],
    run: (context) => takeSnapshot(cluster, host, to, context),
  };
}

/** One thing on every host, all together, once the things before it are done on all. */
interface Stage {
  readonly name: string;
  readonly description: string;
  readonly hosts: readonly Host[];
  run(host: Host, context: MembershipContext): Promise<void>;
}

function stepsOf(restore: Restore, before: readonly Step[]): readonly Step[] {
  let needs = before.map(({ name }) => name);
  return stagesOf(restore).flatMap((stage) => {
    const steps = stage.hosts.map(
      (host): Step => ({
        name: `${stage.name}:${host.name}`,
        description: stage.description,
        needs,
        pools: [`host:${host.name}`, 'ssh'],
        run: (context) => stage.run(host, context),
      }),
    );
    needs = steps.map(({ name }) => name);
    return steps;
  });
}

function stagesOf(restore: Restore): readonly Stage[] {
  const { cluster, masters, sha256, token } = restore;
  const away = new Set(cluster.masters.filter((master) => !masters.includes(master)).map(({ name }) => name));
  const settings = { SNAPSHOT: SNAPSHOT_NAME, SHA256: sha256, TOKEN: token };
  const members = `${masters.map((host) => `${host.etcdId ?? host.name}=${peerUrl(host)}`).join(',')}\n`;
  const files = [{ path: 'members', mode: 0o600, content: members }];
  const onMasters = (name: string, description: string, ...scripts: readonly string[]): Stage => ({
    name,
    description,
    hosts: masters,
    run: (host, context) => runEtcdScript(cluster, host, context, scripts, { settings, files }),
  });
  return [
    {
      name: 'etcd-send',
      description: 'send the snapshot',
      hosts: masters,
      run: (host, context) => send(restore, host, context),
    },
    onMasters('etcd-halt', 'stop the API server and etcd', 'etcd-manifest.sh', 'etcd-halt.sh'),
    onMasters(
      'etcd-restore',
      'restore the snapshot',
      'etcd-health.sh',
      'etcd-join.sh',
      'etcd-snapshot.sh',
      'etcd-restore.sh',
    ),
    onMasters('etcd-start', 'start etcd', 'etcd-health.sh', 'etcd-manifest.sh', 'etcd-start.sh'),
    onMasters('apiserver-start', 'start the API server', 'etcd-manifest.sh', 'etcd-serve.sh'),
    {
      name: 'refresh',
      description: 'restart what remembers the old state',
      hosts: cluster.hosts.filter(({ name }) => !away.has(name)),
      run: (host, context) => refresh(cluster, host, context),
    },
    onMasters('etcd-finish', 'remove the copy of the snapshot', 'etcd-finish.sh'),
  ];
}

async function send(restore: Restore, host: Host, context: MembershipContext): Promise<void> {
  const { cluster, file, sha256, token } = restore;
  const place = `/var/lib/etcd/${SNAPSHOT_NAME}`;
  const { hosts } = context.drivers;
  const there = await hosts.ask(host.login, `sha256sum "$ROOT${place}" 2>/dev/null || :`);
  if (!there.startsWith(sha256)) await hosts.send(host.login, file, place);
  const settings = { SNAPSHOT: SNAPSHOT_NAME, SHA256: sha256, TOKEN: token };
  const scripts = ['etcd-health.sh', 'etcd-snapshot.sh', 'etcd-check-snapshot.sh'];
  await runEtcdScript(cluster, host, context, scripts, { settings });
}

/** A worker that is away now finds the new state by itself, when it comes back and its kubelet starts. */
async function refresh(cluster: Cluster, host: Host, context: MembershipContext): Promise<void> {
  const script = await hostScript(context, kubeletSettings(cluster, host), ['etcd-manifest.sh', 'etcd-refresh.sh']);
  try {
    await context.drivers.hosts.run(host.login, { files: [], script }, { ...context, outputs: new Map() });
  } catch (error) {
    if (!(error instanceof PaiError) || error.code !== 'HOST_UNREACHABLE' || host.role === 'master') throw error;
    context.log(`${host.name} can't be reached: restart its kubelet when it is back (pai repair ${host.name})`);
  }
}
