import type { JsonObject } from '../model/json.js';
import { listAt, numberAt, objectAt, textAt, textsAt, valueAt } from '../model/json-path.js';

/**
 * How far the pods of a workload are.
 * - `complete`: every pod of the newest generation is ready, and none of an older one is left.
 * - `waiting`: not yet; `progress` says how far.
 * - `empty`: a DaemonSet for which no node matches.
 * - `failed`: it never will be.
 */
export type Rollout =
  | { readonly state: 'complete' }
  | { readonly state: 'waiting'; readonly progress: string; readonly wanted: number }
  | { readonly state: 'empty'; readonly problem: string }
  | { readonly state: 'failed'; readonly problem: string };

const COMPLETE: Rollout = { state: 'complete' };

/**
 * The rollout of a live workload. What has no pods is complete as soon as it is there. `away`: nodes of a DaemonSet that are not Ready, whose pods
 * are not waited for.
 */
export function rolloutOf(object: JsonObject, away = 0): Rollout {
  switch (object.kind) {
    case 'Deployment':
      return seen(object) ?? deploymentRollout(object);
    case 'DaemonSet':
      return seen(object) ?? daemonSetRollout(object, away);
    case 'StatefulSet':
      return seen(object) ?? statefulSetRollout(object);
    case 'Job':
      return jobRollout(object);
    case 'Pod':
      return podRollout(object);
    default:
      return COMPLETE;
  }
}

/** Whether its controller has seen the newest generation; its status is of an older one until then. */
export function isSeen(object: JsonObject): boolean {
  return numberAt(object, 'status', 'observedGeneration') >= numberAt(object, 'metadata', 'generation');
}

function seen(object: JsonObject): Rollout | undefined {
  if (isSeen(object)) return undefined;
  return waiting('not yet seen by its controller', 1);
}

function waiting(progress: string, wanted: number): Rollout {
  return { state: 'waiting', progress, wanted };
}

function replicasOf(object: JsonObject): number {
  const replicas = valueAt(object, 'spec', 'replicas');
  return typeof replicas === 'number' ? replicas : 1;
}

function count(some: number, all: number, what: string): string {
  return `${some} of ${all} ${all === 1 ? 'pod' : 'pods'} ${what}`;
}

function deploymentRollout(object: JsonObject): Rollout {
  const wanted = replicasOf(object);
  const updated = numberAt(object, 'status', 'updatedReplicas');
  const available = numberAt(object, 'status', 'availableReplicas');
  const all = numberAt(object, 'status', 'replicas');
  if (updated < wanted) return waiting(count(updated, wanted, 'updated'), wanted);
  if (available < wanted) return waiting(count(available, wanted, 'ready'), wanted);
  if (all > updated) return waiting(`${all - updated} old ${all - updated === 1 ? 'pod' : 'pods'} left`, wanted);
  return COMPLETE;
}

function daemonSetRollout(object: JsonObject, away: number): Rollout {
  const all = numberAt(object, 'status', 'desiredNumberScheduled');
  const wanted = Math.max(all - away, 0);
  const updated = numberAt(object, 'status', 'updatedNumberScheduled');
  const available = numberAt(object, 'status', 'numberAvailable');
  if (all === 0) return { state: 'empty', problem: noNodeProblem(object) };
  if (!isOnDelete(object) && updated < wanted) return waiting(count(updated, wanted, 'updated'), wanted);
  if (available < wanted) return waiting(count(available, wanted, 'ready'), wanted);
  return COMPLETE;
}

function noNodeProblem(object: JsonObject): string {
  const labels = Object.entries(textsAt(object, 'spec', 'template', 'spec', 'nodeSelector'));
  if (labels.length > 0)
    return `no node matches nodeSelector ${labels.map(([key, value]) => `${key}=${value}`).join(',')}`;
  const affinity = valueAt(object, 'spec', 'template', 'spec', 'affinity', 'nodeAffinity');
  return affinity === undefined ? 'no node can run it' : 'no node matches its nodeAffinity';
}

function statefulSetRollout(object: JsonObject): Rollout {
  const wanted = replicasOf(object);
  const ready = numberAt(object, 'status', 'readyReplicas');
  const updated = numberAt(object, 'status', 'updatedReplicas');
  const partition = numberAt(object, 'spec', 'updateStrategy', 'rollingUpdate', 'partition');
  const current = textAt(object, 'status', 'currentRevision') === textAt(object, 'status', 'updateRevision');
  const toUpdate = Math.max(wanted - partition, 0);
  if (!isOnDelete(object) && !current && updated < toUpdate)
    return waiting(count(updated, toUpdate, 'updated'), wanted);
  if (ready < wanted) return waiting(count(ready, wanted, 'ready'), wanted);
  const left = numberAt(object, 'status', 'replicas') - wanted;
  if (left > 0) return waiting(`${left} old ${left === 1 ? 'pod' : 'pods'} left`, wanted);
  return COMPLETE;
}

/** Pods of such a workload stay old until somebody deletes them; that is what its author asked for. */
function isOnDelete(object: JsonObject): boolean {
  return textAt(object, 'spec', 'updateStrategy', 'type') === 'OnDelete';
}

function jobRollout(object: JsonObject): Rollout {
  const conditions = listAt(object, 'status', 'conditions').filter((one) => textAt(one, 'status') === 'True');
  const failed = conditions.find((one) => textAt(one, 'type') === 'Failed');
  if (failed !== undefined) {
    const reason = [textAt(failed, 'reason'), textAt(failed, 'message')].filter((part) => part).join(': ');
    return { state: 'failed', problem: reason === '' ? 'the job failed' : `the job failed: ${reason}` };
  }
  if (conditions.some((one) => textAt(one, 'type') === 'Complete')) return COMPLETE;
  const completions = valueAt(object, 'spec', 'completions');
  const wanted = typeof completions === 'number' ? completions : 1;
  const tries = numberAt(object, 'status', 'failed');
  const done = count(numberAt(object, 'status', 'succeeded'), wanted, 'done');
  return waiting(tries === 0 ? done : `${done}, ${tries} failed`, 1);
}

function podRollout(object: JsonObject): Rollout {
  const phase = textAt(object, 'status', 'phase');
  if (phase === 'Failed') return { state: 'failed', problem: textAt(object, 'status', 'message') ?? 'the pod failed' };
  if (phase === 'Succeeded' || isReady(object)) return COMPLETE;
  return waiting(count(0, 1, 'ready'), 1);
}

/** True for a pod whose containers are all ready. */
export function isReady(pod: JsonObject): boolean {
  return listAt(pod, 'status', 'conditions').some(
    (one) => textAt(one, 'type') === 'Ready' && objectAt(one).status === 'True',
  );
}
