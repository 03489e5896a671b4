import type { JsonObject } from '../model/json.js';
import { listAt, numberAt, textAt, textsAt } from '../model/json-path.js';
import type { ObjectId } from './identity.js';
import { type KubeObjects, selectorOf } from './objects.js';

/** The pods that a rollout waits for. */
export interface NewestPods {
  readonly pods: readonly JsonObject[];
  /** Whose events tell why pods can't be created; undefined while its controller has not made it. */
  readonly maker: ObjectId | undefined;
  /** Pods of older generations; of a StatefulSet only, which does not replace those that are not ready. */
  readonly older: readonly JsonObject[];
}

/** Pods of the newest generation of a workload; those of older ones are on their way out, whatever their state. */
export async function newestPods(
  objects: KubeObjects,
  id: ObjectId,
  workload: JsonObject,
  signal: AbortSignal,
): Promise<NewestPods> {
  if (id.kind === 'Pod') return { pods: [workload], maker: id, older: [] };
  const labels = selectorOf(workload);
  if (labels === undefined || id.namespace === undefined) return { pods: [], maker: id, older: [] };
  const selection = { namespace: id.namespace, labels };
  const pods = (await objects.list('v1', 'Pod', selection, signal)).filter(
    (pod) => textAt(pod, 'metadata', 'deletionTimestamp') === undefined,
  );
  if (id.kind === 'Deployment') {
    const replicaSet = newestOf(
      ownedBy(workload, await objects.list('apps/v1', 'ReplicaSet', selection, signal)),
      (one) => Number(textAt(one, 'metadata', 'annotations', 'deployment.kubernetes.io/revision') ?? 0),
    );
    const name = textAt(replicaSet, 'metadata', 'name');
    const maker =
      name === undefined ? undefined : { apiVersion: 'apps/v1', kind: 'ReplicaSet', namespace: id.namespace, name };
    return { pods: withLabelOf(pods, replicaSet, 'pod-template-hash'), maker, older: [] };
  }
  if (id.kind === 'DaemonSet' || id.kind === 'StatefulSet') {
    const revision = newestOf(
      ownedBy(workload, await objects.list('apps/v1', 'ControllerRevision', selection, signal)),
      (one) => numberAt(one, 'revision'),
    );
    const newest = withLabelOf(pods, revision, 'controller-revision-hash');
    const replaces = id.kind === 'DaemonSet' || revision === undefined;
    return { pods: newest, maker: id, older: replaces ? [] : pods.filter((pod) => !newest.includes(pod)) };
  }
  return { pods, maker: id, older: [] };
}

function ownedBy(owner: JsonObject, candidates: readonly JsonObject[]): readonly JsonObject[] {
  const uid = textAt(owner, 'metadata', 'uid');
  return candidates.filter((one) =>
    listAt(one, 'metadata', 'ownerReferences').some((ref) => textAt(ref, 'uid') === uid),
  );
}

function newestOf(candidates: readonly JsonObject[], revision: (one: JsonObject) => number): JsonObject | undefined {
  return candidates.toSorted((a, b) => revision(b) - revision(a))[0];
}

/** Pods that carry the same value of a label as their maker. */
function withLabelOf(pods: readonly JsonObject[], maker: JsonObject | undefined, label: string): readonly JsonObject[] {
  const wanted = textsAt(maker, 'metadata', 'labels')[label];
  return wanted === undefined ? [] : pods.filter((pod) => textsAt(pod, 'metadata', 'labels')[label] === wanted);
}
