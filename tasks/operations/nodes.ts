import {
  type Action,
  type ActionContext,
  type Cluster,
  type Host,
  type Operation,
  type OperationContext,
  type OperationPlan,
  PaiError,
  type Step,
} from 'pai';
import { etcdMember } from '../etcd.js';
import { prepareHost } from '../hosts.js';
import { controlPlane } from '../masters.js';
import { loadBalancer } from '../proxies.js';
import { workerNode } from '../workers.js';
import { lookAtEtcd, removalProblem, removeMember } from './etcd-members.js';

/** Seconds that pods may take to leave a node, unless told. */
const DRAIN_SECONDS = 300;
/** What a drain with `force` may take beyond its time. */
const FORCED_SECONDS = 180;

/**
 * `nodes remove`: takes machines out of the cluster, each in these steps: pods leave, its member of etcd goes, the host is cleaned, its node is deleted.
 * Each step finds out itself whether it was done already, so that a second call goes on where one was interrupted. Who calls it takes the machine out of the
 * configuration, last.
 */
export function nodeOperations(cluster: Cluster): readonly Operation[] {
  return [
    {
      name: 'nodes remove',
      summary: 'take machines out of the cluster',
      plan: async (context) => removal(cluster, context),
    },
  ];
}

async function removal(cluster: Cluster, context: OperationContext): Promise<OperationPlan> {
  const hosts = cluster.hosts.filter(({ name }) => context.words.includes(name));
  const plans = [];
  for (const host of hosts) plans.push(await removalOf(cluster, host, context));
  return { notes: plans.flatMap(({ notes = [] }) => notes), steps: plans.flatMap(({ steps }) => steps) };
}

async function removalOf(cluster: Cluster, host: Host, context: OperationContext): Promise<OperationPlan> {
  const { kube } = context.drivers;
  const node = (await kube.nodes(context.signal)).find(({ name }) => name === host.nodeName);
  const trouble = await troubleOf(host, context);
  if (trouble !== undefined && node?.ready === true && context.options.force !== true) {
    throw new PaiError('HOST_UNREACHABLE', `${host.name} can't be reached, but its node is Ready: it runs`, {
      where: `host ${host.name}`,
      next: 'Correct how to log in (pai plan says what is wrong), or give --force: then it is taken out and not cleaned.',
      details: [trouble.message],
    });
  }
  if (host.role === 'master') await refuseWithoutQuorum(cluster, host, context);
  return {
    notes: trouble === undefined ? [] : [deadNote(host, trouble)],
    steps: stepsFor(cluster, host, trouble, context),
  };
}

function stepsFor(
  cluster: Cluster,
  host: Host,
  trouble: PaiError | undefined,
  { options }: OperationContext,
): readonly Step[] {
  const seconds = options.timeout ?? DRAIN_SECONDS;
  const kubernetes = ['kubernetes'];
  const drain: Step = {
    name: `drain:${host.name}`,
    description: 'pods leave the node',
    pools: kubernetes,
    timeoutSeconds: seconds + FORCED_SECONDS,
    run: (step) =>
      step.drivers.kube.drain(host.nodeName, { timeoutSeconds: seconds, force: options.force === true }, step),
  };
  // Nothing runs on a dead host that could be disrupted: its pods go with the node.
  const leave = trouble === undefined ? [drain] : [];
  const member: Step = {
    name: `etcd-remove:${host.name}`,
    description: 'its member leaves etcd',
    run: (step) => removeMember(cluster, host, step),
  };
  const node: Step = {
    name: `node:${host.name}`,
    description: 'its node is deleted',
    pools: kubernetes,
    run: async (step) => {
      await step.drivers.kube.deleteNode(host.nodeName, step);
      step.log(`node ${host.nodeName} is deleted`);
    },
  };
  const cleaning = trouble === undefined ? cleaningSteps(cluster, host) : [];
  return [...leave, ...(host.role === 'master' ? [member] : []), ...cleaning, node];
}

/** Takes down what targets made on a host, dependents first. */
function cleaningSteps(cluster: Cluster, host: Host): readonly Step[] {
  return targetsOn(cluster, host).map(([target, action]): Step => {
    const run = (step: ActionContext): Promise<void> => action.clean({ ...step, target, hasLeft: true });
    return { name: `clean-${target}`, description: `${target} is taken down`, pools: action.pools, run };
  });
}

function targetsOn(cluster: Cluster, host: Host): readonly (readonly [target: string, action: Action])[] {
  const { name, role } = host;
  const ofRole: Readonly<Record<Host['role'], readonly (readonly [string, Action])[]>> = {
    worker: [[`worker:${name}`, workerNode(cluster, host)]],
    proxy: [[`proxy:${name}`, loadBalancer(cluster, host)]],
    master: [
      [`master:${name}`, controlPlane(cluster, host)],
      [`etcd:${name}`, etcdMember(cluster, host)],
    ],
  };
  return [...ofRole[role], [`host:${name}`, prepareHost(cluster, host)]];
}

/** Why a host can't be worked on; undefined when it can. Something else than a dead host is refused, unless forced. */
async function troubleOf(host: Host, { drivers, options }: OperationContext): Promise<PaiError | undefined> {
  try {
    await drivers.hosts.ask(host.login, 'true');
    return undefined;
  } catch (error) {
    if (!(error instanceof PaiError)) throw error;
    if (error.code === 'HOST_UNREACHABLE' || options.force === true) return error;
    throw error;
  }
}

async function refuseWithoutQuorum(cluster: Cluster, host: Host, context: OperationContext): Promise<void> {
  const problem = removalProblem(await lookAtEtcd(cluster, context), host);
  if (problem === undefined) return;
  throw new PaiError('HOST_SCRIPT', `${host.name} can't be removed: ${problem}`, {
    where: `host ${host.name}`,
    next: 'Bring the other members of etcd back first: pai etcd status.',
  });
}

function deadNote(host: Host, trouble: PaiError): string {
  return `${host.name} can't be reached (${trouble.message}), so it is not cleaned. Should it come back, its kubelet registers again: then add it with pai nodes add, and remove it once more.`;
}
