import type { Json, JsonObject } from '../model/json.js';
import { listAt, numberAt, textAt, valueAt } from '../model/json-path.js';
import type { PodState, TargetState, WorkloadState } from '../model/workloads.js';
import { awayNodes } from './away-nodes.js';
import { eventsOf, podLine } from './diagnosis.js';
import { describe, identityKey, type ObjectId } from './identity.js';
import { isWorkload } from './kinds.js';
import { readInventories } from './looks.js';
import { type KubeObjects, withIds } from './objects.js';
import { podTrouble } from './pod-trouble.js';
import { isReady, rolloutOf } from './rollout-status.js';

/** Pods whose warnings are asked for; more of the same say no more. */
const TOLD_PODS = 3;

/** Targets for which anything was applied, sorted. One request. */
export async function appliedTargets(objects: KubeObjects, signal?: AbortSignal): Promise<readonly string[]> {
  return [...(await readInventories(objects, signal)).keys()].sort();
}

/**
 * How what was applied for targets is; those for which nothing was are left out. One list request for the inventories, one for each kind of
 * workload, one for the nodes where a DaemonSet is not complete, and one for the pods of each workload.
 */
export async function targetStates(
  objects: KubeObjects,
  targets: readonly string[],
  signal: AbortSignal,
): Promise<readonly TargetState[]> {
  const inventories = await readInventories(objects, signal);
  const asked = targets.flatMap((target) => inventories.get(target) ?? []);
  const ids = asked.flatMap((inventory) => (inventory.stopped === true ? [] : inventory.objects.filter(isWorkload)));
  const found = await listed(objects, ids, signal);
  const nodes = found.some((one) => one.kind === 'DaemonSet') ? await objects.list('v1', 'Node', {}, signal) : [];
  const live = new Map(withIds(found).map(([id, object]) => [identityKey(id), object]));
  return Promise.all(
    asked.map(async ({ target, stopped = false, stamp, objects: entries }) => {
      const workloads = stopped ? [] : entries.filter(isWorkload);
      return {
        target,
        stopped,
        finished: stamp !== undefined,
        objects: entries.length,
        workloads: await Promise.all(
          workloads.map((id) => workloadState(objects, id, live.get(identityKey(id)), nodes, signal)),
        ),
      };
    }),
  );
}

async function listed(
  objects: KubeObjects,
  ids: readonly ObjectId[],
  signal: AbortSignal,
): Promise<readonly JsonObject[]> {
  const kinds = new Map(ids.map((id) => [`${id.apiVersion}/${id.kind}`, id]));
  const lists = [...kinds.values()].map(({ apiVersion, kind }) => objects.list(apiVersion, kind, {}, signal));
  return (await Promise.all(lists)).flat();
}

async function workloadState(
  objects: KubeObjects,
  id: ObjectId,
  workload: JsonObject | undefined,
  nodes: readonly JsonObject[],
  signal: AbortSignal,
): Promise<WorkloadState> {
  const { kind, name, namespace = '' } = id;
  const base = { kind, namespace, name };
  if (workload === undefined) {
    const problem = `${describe(id)} is missing`;
    return { ...base, images: [], desired: 0, ready: 0, complete: false, problem, pods: [] };
  }
  const rollout = rolloutOf(workload, kind === 'DaemonSet' ? awayNodes(workload, nodes) : 0);
  const pods = await podStates(
    objects,
    kind === 'Pod' ? [workload] : await objects.podsOf(id, workload, signal),
    signal,
  );
  const problem =
    rollout.state === 'waiting' ? rollout.progress : rollout.state === 'complete' ? undefined : rollout.problem;
  return {
    ...base,
    images: imagesOf(workload),
    ...counts(workload),
    complete: rollout.state === 'complete',
    ...(problem !== undefined && { problem }),
    pods,
  };
}

function imagesOf(workload: JsonObject): readonly string[] {
  const spec = workload.kind === 'Pod' ? valueAt(workload, 'spec') : valueAt(workload, 'spec', 'template', 'spec');
  return [...new Set(listAt(spec, 'containers').map((container) => textAt(container, 'image') ?? ''))];
}

/** Pods that there should be, and that there are. */
function counts(workload: JsonObject): { readonly desired: number; readonly ready: number } {
  const wanted = (field: string): number => {
    const value = valueAt(workload, 'spec', field);
    return typeof value === 'number' ? value : 1;
  };
  const status = (field: string): number => numberAt(workload, 'status', field);
  switch (workload.kind) {
    case 'DaemonSet':
      return { desired: status('desiredNumberScheduled'), ready: status('numberReady') };
    case 'Job':
      return { desired: wanted('completions'), ready: status('succeeded') };
    case 'Pod':
      return { desired: 1, ready: isReady(workload) ? 1 : 0 };
    default:
      return { desired: wanted('replicas'), ready: status('readyReplicas') };
  }
}

async function podStates(
  objects: KubeObjects,
  pods: readonly JsonObject[],
  signal: AbortSignal,
): Promise<readonly PodState[]> {
  const unready = pods.filter((pod) => !isWell(pod)).slice(0, TOLD_PODS);
  const warnings = await Promise.all(unready.map((pod) => warningsOf(objects, pod, signal)));
  return pods.map((pod) => {
    const node = textAt(pod, 'spec', 'nodeName');
    const made = textAt(pod, 'metadata', 'creationTimestamp');
    return {
      ...nameOf(pod),
      ...(node !== undefined && { node }),
      ready: isReady(pod),
      restarts: listAt(pod, 'status', 'containerStatuses').reduce<number>(
        (sum, one) => sum + numberAt(one, 'restartCount'),
        0,
      ),
      ...(made !== undefined && { made }),
      containers: listAt(pod, 'spec', 'containers').map((container) => textAt(container, 'name') ?? ''),
      problems: isWell(pod) ? [] : [podLine(pod, podTrouble(pod)), ...(warnings[unready.indexOf(pod)] ?? [])],
    };
  });
}

/** Ready, or done. */
function isWell(pod: JsonObject): boolean {
  return isReady(pod) || textAt(pod, 'status', 'phase') === 'Succeeded';
}

function nameOf(pod: Json): { readonly namespace: string; readonly name: string } {
  return { namespace: textAt(pod, 'metadata', 'namespace') ?? '', name: textAt(pod, 'metadata', 'name') ?? '' };
}

/** What Kubernetes warned of; a look must not fail for want of it. */
async function warningsOf(objects: KubeObjects, pod: JsonObject, signal: AbortSignal): Promise<readonly string[]> {
  return eventsOf(objects, { apiVersion: 'v1', kind: 'Pod', ...nameOf(pod) }, signal).catch(() => []);
}
