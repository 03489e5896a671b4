import { PaiError } from '../model/errors.js';
import type { JsonObject } from '../model/json.js';
import type { ActionContext } from '../model/target.js';
import { describePods, eventsOf, probeFailure } from './diagnosis.js';
import { describe, type ObjectId } from './identity.js';
import type { KubeObjects } from './objects.js';
import { nextStepFor, PROBE_NEXT, type TroubleKind } from './pod-trouble.js';
import { newestPods } from './rollout-pods.js';
import { isReady, rolloutOf } from './rollout-status.js';
import { whyUnschedulable } from './unschedulable.js';

/** A DaemonSet for which there is no node. */
export function noNode(id: ObjectId, problem: string): PaiError {
  return new PaiError('ROLLOUT', `${describe(id)} runs nowhere: ${problem}`, {
    where: describe(id),
    next: 'Give a machine that role in cluster-configuration.yaml, or correct the nodeSelector, then run again.',
  });
}

/** A workload that will not come up, by the first of these pods. */
export async function failed(
  objects: KubeObjects,
  id: ObjectId,
  problem: string,
  kind: TroubleKind,
  pods: readonly JsonObject[],
  context: ActionContext,
): Promise<PaiError> {
  const { signal } = context;
  const [first] = pods;
  // A container that kubelet ended for its probe seems to have ended by itself.
  const probe = kind === 'crash' && first !== undefined ? await probeFailure(objects, first, signal) : undefined;
  const ended = probe?.startsWith('readiness') === false ? probe : undefined;
  const nodes = kind === 'unschedulable' && first !== undefined ? await describeNodes(objects, first, signal) : [];
  const message = `${describe(id)} did not come up: ${problem}`;
  return new PaiError('ROLLOUT', ended === undefined ? message : `${message}; its ${ended}`, {
    where: describe(id),
    next: ended === undefined ? nextStepFor(kind) : PROBE_NEXT,
    details: [...nodes, ...(await describePods(objects, [...new Set(pods)], signal))],
  });
}

/** What each node lacks for a pod. Never fails. */
async function describeNodes(objects: KubeObjects, pod: JsonObject, signal: AbortSignal): Promise<readonly string[]> {
  try {
    const lists = await Promise.all([objects.list('v1', 'Node', {}, signal), objects.list('v1', 'Pod', {}, signal)]);
    return whyUnschedulable(pod, ...lists);
  } catch {
    // What the scheduler said is told anyway.
    return [];
  }
}

/** A workload that did not come up in time. `limit`: seconds. */
export async function tooSlow(
  objects: KubeObjects,
  id: ObjectId,
  limit: number,
  context: ActionContext,
): Promise<PaiError> {
  const workload = await objects.get(id, context.signal);
  const rollout = workload === undefined ? undefined : rolloutOf(workload);
  const { pods, maker } =
    workload === undefined ? { pods: [], maker: undefined } : await newestPods(objects, id, workload, context.signal);
  const events = pods.length > 0 || maker === undefined ? [] : await eventsOf(objects, maker, context.signal);
  const unready = pods.find((pod) => !isReady(pod));
  const probe = unready === undefined ? undefined : await probeFailure(objects, unready, context.signal);
  const progress = rollout?.state === 'waiting' ? `: ${rollout.progress}` : '';
  const message = `${describe(id)} did not come up within ${limit} s${progress}`;
  return new PaiError('ROLLOUT', probe === undefined ? message : `${message}; its ${probe}`, {
    where: describe(id),
    next:
      probe === undefined ? "Find the cause in its pods' output and events, correct it, then run again." : PROBE_NEXT,
    details: [...(await describePods(objects, pods, context.signal)), ...events.map((event) => `event ${event}`)],
  });
}
