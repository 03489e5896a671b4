import type { Json, JsonObject } from '../../model/json.js';
import { objectAt, textAt, textsAt, valueAt } from '../../model/json-path.js';
import { ClusterState } from './cluster.js';
import type { Target } from './discovery.js';
import type { SandboxPod } from './pods.js';
import { restartPod } from './rollouts.js';
import { matchesSelector } from './selectors.js';
import { ApiError, badRequest, notFound } from './status.js';
import { nameOf, namespaceOf, objectKey, objectsOf, uidOf, type World } from './world.js';

/** What the API server says first; kubectl looks for it. */
const VIOLATION = "Cannot evict pod as it would violate the pod's disruption budget.";

/** Evicts a pod, unless a budget is against it (429) or more than one covers it (500), as the API server does. */
export function evictPod(world: World, { kind, name, namespace }: Target, body: JsonObject): JsonObject {
  if (textAt(body, 'kind') !== 'Eviction') throw badRequest('the object provided is no Eviction');
  const pods = new ClusterState(world).pods();
  const pod = pods.find(({ object }) => nameOf(object) === name && namespaceOf(object) === namespace);
  if (pod === undefined) throw notFound(kind, name);
  const uid = textAt(body, 'deleteOptions', 'preconditions', 'uid');
  if (uid !== undefined && uid !== uidOf(pod.object)) {
    throw new ApiError(409, 'Conflict', `the UID in the precondition (${uid}) does not match that of the pod`);
  }
  const budgets = objectsOf(world.store, 'policy', 'poddisruptionbudgets', namespace).filter((budget) =>
    covers(budget, pod),
  );
  if (budgets.length > 1) {
    const message = 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.';
    throw new ApiError(500, 'InternalError', message);
  }
  for (const budget of budgets) checkBudget(budget, pods);
  removePod(world, pod);
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 };
}

/** A workload's pod is made anew, one that was made by hand is gone, a static one comes back by itself. */
export function removePod(world: World, pod: SandboxPod): void {
  const key = objectKey('', 'pods', namespaceOf(pod.object), nameOf(pod.object));
  if (world.store.get(key) !== undefined) world.store.delete(key);
  else if (pod.slot !== undefined) restartPod(world, pod.slot);
}

function checkBudget(budget: JsonObject, pods: readonly SandboxPod[]): void {
  const { healthy, wanted } = countsOf(budget, pods);
  if (healthy > wanted) return;
  const message = `The disruption budget ${nameOf(budget)} needs ${wanted} healthy pods and has ${healthy} currently`;
  throw new ApiError(429, 'TooManyRequests', VIOLATION, { causes: [{ reason: 'DisruptionBudget', message }] });
}

/** What a budget wants of those that it covers, rounded up as the disruption controller does. */
function countsOf(
  budget: JsonObject,
  pods: readonly SandboxPod[],
): { readonly healthy: number; readonly wanted: number } {
  const covered = pods.filter((pod) => covers(budget, pod));
  const healthy = covered.filter((pod) => pod.ready).length;
  const least = valueAt(budget, 'spec', 'minAvailable');
  const most = valueAt(budget, 'spec', 'maxUnavailable');
  const wanted =
    most === undefined ? scaled(least, covered.length) : Math.max(covered.length - scaled(most, covered.length), 0);
  return { healthy, wanted };
}

function covers(budget: JsonObject, { object }: SandboxPod): boolean {
  if (namespaceOf(budget) !== namespaceOf(object)) return false;
  return matchesSelector(objectAt(budget, 'spec', 'selector'), textsAt(object, 'metadata', 'labels'));
}

/** A number, or a part of all: `50%`. */
function scaled(value: Json | undefined, all: number): number {
  if (typeof value === 'number') return value;
  return typeof value === 'string' ? Math.ceil((Number.parseInt(value, 10) / 100) * all) : 0;
}
