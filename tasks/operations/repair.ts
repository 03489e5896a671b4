import {
  type Cluster,
  didYouMean,
  type Host,
  type Operation,
  type OperationContext,
  type OperationPlan,
  PaiError,
  readNodeList,
  type Step,
} from 'pai';
import { hostScript } from '../host-script.js';
import { kubeletSettings } from '../kubelet.js';
import { diagnose, type Finding, kubeletTargetOf, targetsOf } from './diagnosis.js';

/**
 * Finds what is unhealthy on hosts and repairs that; what is well, and what is only to be changed, is not touched. A member of etcd that is
 * broken is told and left alone: its data is nobody's to throw away but the operator's.
 */
export function repair(cluster: Cluster): Operation {
  return {
    name: 'repair',
    summary: 'find what is unhealthy on hosts, and repair it',
    async plan(context) {
      const hosts = await hostsMeant(cluster, context);
      const entries = await context.assess(hosts.flatMap(targetsOf));
      const { notReady, known, note } = await nodesOf(context);
      const findings = diagnose({ hosts, entries, notReady, known, members: cluster.masters.length });
      return planOf(cluster, hosts, findings, note);
    },
  };
}

/** Those that are named, and those of the list; all when nothing is said. Throws UNKNOWN_NAME. */
async function hostsMeant(cluster: Cluster, { words, options }: OperationContext): Promise<readonly Host[]> {
  if (words.length === 0 && options.file === undefined) return cluster.hosts;
  const list = options.file === undefined ? undefined : await readNodeList(options.file, cluster);
  const names = new Set([...words, ...(list?.others ?? []), ...(list?.hosts ?? []).map(({ name }) => name)]);
  return [...names].map((name) => {
    const host = cluster.hosts.find((one) => one.name === name);
    if (host !== undefined) return host;
    const meant = didYouMean(
      name,
      cluster.hosts.map((one) => one.name),
    );
    throw new PaiError('UNKNOWN_NAME', `there is no host '${name}'${meant === undefined ? '' : `; ${meant}`}`, {
      next: 'Name hosts of cluster-configuration.yaml; a new one comes in with pai nodes add.',
    });
  });
}

/** What Kubernetes says of its nodes; when it does not answer, that is noted, and hosts speak for themselves. */
async function nodesOf({ drivers, signal }: OperationContext): Promise<{
  readonly notReady: ReadonlySet<string>;
  readonly known: ReadonlySet<string>;
  readonly note?: string;
}> {
  try {
    const nodes = await drivers.kube.nodes(signal);
    const notReady = nodes.filter((node) => !node.ready).map(({ name }) => name);
    return { notReady: new Set(notReady), known: new Set(nodes.map(({ name }) => name)) };
  } catch (thrown) {
    if (!(thrown instanceof PaiError)) throw thrown;
    const note = `Kubernetes can't tell which nodes are Ready: ${thrown.message}`;
    return { notReady: new Set(), known: new Set(), note };
  }
}

function planOf(
  cluster: Cluster,
  hosts: readonly Host[],
  findings: readonly Finding[],
  note: string | undefined,
): OperationPlan {
  const told = findings.map(({ target, problem, cure }) => {
    const what = {
      repair: 'repaired',
      etcd: 'left alone',
      wait: 'waits for etcd',
      change: 'not changed',
      unreachable: "can't be repaired",
    };
    return `${target}: ${problem} (${what[cure]})`;
  });
  const isWell = !findings.some(({ cure }) => cure !== 'change');
  const count = hosts.length === 1 ? '1 host' : `${hosts.length} hosts`;
  const well = isWell && note === undefined ? [`nothing is unhealthy on ${count}`] : [];
  const restarts = findings.filter(({ newKubelet }) => newKubelet === true);
  const steps = [
    ...findings.filter(({ cure }) => cure === 'etcd').map(etcdStep),
    ...restarts.map(({ host }) => kubeletStep(cluster, host)),
  ];
  const targets = findings
    .filter(({ cure }) => cure === 'repair' || cure === 'unreachable')
    .map(({ target, host }) => {
      const restarted = target === kubeletTargetOf(host) && restarts.some((one) => one.host === host);
      return { name: target, ...(restarted && { after: [kubeletStepName(host)] }) };
    });
  return { notes: [...(note === undefined ? [] : [note]), ...told, ...well], steps, targets };
}

/** It does nothing but fail, so that the end of the run says what is left to do. */
function etcdStep({ host, problem, quorum }: Finding): Step {
  return {
    name: `etcd-member:${host.name}`,
    description: 'a member of etcd that is not repaired',
    needs: [],
    async run() {
      throw new PaiError('REFUSED', `the member of etcd on ${host.name} is broken: ${problem}`, {
        where: `host ${host.name}`,
        next:
          quorum === false
            ? 'Run pai etcd status; without a quorum the way back is pai etcd restore.'
            : `Run pai etcd fix ${host.name}: it replaces the member and keeps the data of the others.`,
      });
    },
  };
}

function kubeletStepName(host: Host): string {
  return `kubelet:${host.name}`;
}

/** Takes away a kubelet that runs and does not do its work: else its target would leave it alone. */
function kubeletStep(cluster: Cluster, host: Host): Step {
  return {
    name: kubeletStepName(host),
    description: 'kubelet is taken away, to be made anew',
    needs: [],
    pools: [`host:${host.name}`],
    async run(context) {
      const script = await hostScript(context, kubeletSettings(cluster, host), ['remove-kubelet.sh']);
      await context.drivers.hosts.run(host.login, { files: [], script }, context);
    },
  };
}
