import type { KubeDriver, KubeNode } from '../model/drivers.js';
import { applyWork, cleanTarget } from './apply.js';
import { KubeClient, type KubeCredentials } from './client.js';
import { DRAIN_TIMES, type DrainTimes, drainNode } from './drain.js';
import { kubeconfigOf } from './kubeconfig.js';
import { Looks } from './looks.js';
import { cordonNode, listNodes, uncordonNode } from './nodes.js';
import { KubeObjects } from './objects.js';
import { previousOf } from './roll-back.js';
import { ROLLOUT_TIMES, type RolloutTimes } from './rollout.js';

/** What only operations on services ask for. */
const operating = () => import('./operating.js');

/** What the driver needs to know. */
export interface KubeDriverOptions {
  /** Asked for at the first request, and again after it failed. */
  credentials(): Promise<KubeCredentials>;
  /** Seconds that the API server may take for one answer; 10 by default. */
  readonly requestTimeoutSeconds?: number;
  /** Seconds that the pods of one apply may take to be ready; 300 by default. */
  readonly rolloutTimeoutSeconds?: number;
  /** Other times of the wait, for tests. */
  readonly rolloutTimes?: Partial<RolloutTimes>;
  /** Other times of draining, for tests. */
  readonly drainTimes?: Partial<DrainTimes>;
}

const REQUEST_TIMEOUT_SECONDS = 10;

/** The Kubernetes driver. Nothing is loaded or asked before its first use. */
export function createKubeDriver(options: KubeDriverOptions): KubeDriver {
  const client = new KubeClient(options.credentials, options.requestTimeoutSeconds ?? REQUEST_TIMEOUT_SECONDS);
  const objects = new KubeObjects(client);
  const looks = new Looks(objects);
  let listing: Promise<readonly KubeNode[]> | undefined;
  const limit = options.rolloutTimeoutSeconds ?? ROLLOUT_TIMES.limit;
  const times = { ...ROLLOUT_TIMES, limit, ...options.rolloutTimes };
  return {
    observe: (target) => looks.look(target),
    apply: (work, context) => applyWork(objects, work, times, context),
    clean: (context) => cleanTarget(objects, context),
    previous: (context) => previousOf(objects, times, context),
    deleteNode: async (name, context) => {
      await objects.remove({ apiVersion: 'v1', kind: 'Node', name }, 'Background', context.signal);
    },
    nodes: (signal) => {
      listing ??= listNodes(objects, signal).finally(() => {
        listing = undefined;
      });
      return listing;
    },
    cordon: (name, context) => cordonNode(objects, name, undefined, context),
    uncordon: (name, context, by) => uncordonNode(objects, name, by, context),
    drain: (name, drain, context) =>
      drainNode(objects, name, drain, { ...DRAIN_TIMES, ...options.drainTimes }, context),
    targets: async (signal) => (await operating()).appliedTargets(objects, signal),
    states: async (targets, signal) => (await operating()).targetStates(objects, targets, signal),
    logs: async (target, wanted, tell, signal) => (await operating()).podLogs(objects, target, wanted, tell, signal),
    stop: async (context, more) => (await operating()).stopTarget(objects, context, more),
    restart: async (context) => (await operating()).restartTarget(objects, times, context),
    relabel: async (labels, context) => (await operating()).relabelFor(objects, labels, context),
    kubeconfig: async () => kubeconfigOf(await options.credentials()),
    close: () => client.close(),
  };
}
