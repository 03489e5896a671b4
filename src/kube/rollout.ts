import { PaiError } from '../model/errors.js';
import type { JsonObject } from '../model/json.js';
import { listAt, numberAt, objectAt, textAt } from '../model/json-path.js';
import type { ActionContext } from '../model/target.js';
import { awayNodes } from './away-nodes.js';
import { pause } from './client.js';
import { eventsOf, podLine } from './diagnosis.js';
import { describe, identityKey, idOf, type ObjectId } from './identity.js';
import type { KubeObjects } from './objects.js';
import { type Graces, isFatal, podTrouble, type Trouble, type TroubleKind } from './pod-trouble.js';
import { failed, noNode, tooSlow } from './rollout-errors.js';
import { newestPods } from './rollout-pods.js';
import { isReady, isSeen, type Rollout, rolloutOf } from './rollout-status.js';

/** How long a rollout is waited for, in seconds. */
export interface RolloutTimes {
  readonly limit: number;
  readonly poll: number;
  readonly graces: Graces;
  /** For which a DaemonSet may match no node: labels were set a moment ago. */
  readonly noNode: number;
  /** For which pods may fail to be created: service accounts come into being after their namespace. */
  readonly noPods: number;
}

export const ROLLOUT_TIMES: RolloutTimes = {
  limit: 300,
  poll: 1,
  graces: { unschedulable: 30, image: 25, 'bad-image-name': 0, 'container-config': 10 },
  noNode: 15,
  noPods: 20,
};

/** What was seen of a pod before. */
interface PodRecord {
  readonly restartsBefore: number;
  readonly trouble: TroubleKind | undefined;
  readonly since: number;
}

/** A workload that is waited for. */
interface Waiting {
  readonly id: ObjectId;
  readonly pods: Map<string, PodRecord>;
  /** Since when it has had no node, or too few pods. */
  emptySince: number | undefined;
  missingSince: number | undefined;
  /** Old pods that would hold it up were seen to. */
  freed: boolean;
  /** How far it was at the last look. */
  progress: string | undefined;
  told: string | undefined;
}

/**
 * Waits until every pod of the newest generation of all workloads is ready, and tells progress when it changes.
 * Fails with ROLLOUT as soon as it is plain that one will not come up, or when the time is over.
 * @returns identity key of each workload -> the workload as it is then
 */
export async function waitForRollouts(
  objects: KubeObjects,
  ids: readonly ObjectId[],
  times: RolloutTimes,
  context: ActionContext,
): Promise<ReadonlyMap<string, JsonObject>> {
  const rolled = new Map<string, JsonObject>();
  const end = Date.now() + times.limit * 1000;
  let pending = ids.map(start);
  for (let first = true; pending.length > 0; first = false) {
    const looks = await Promise.all(pending.map((one) => look(objects, one, times, context, first)));
    for (const [index, { id }] of pending.entries()) {
      const workload = looks[index];
      if (workload !== undefined) rolled.set(identityKey(id), workload);
    }
    pending = pending.filter((_, index) => looks[index] === undefined);
    const [slow] = pending;
    if (slow === undefined) break;
    if (Date.now() >= end) throw await tooSlow(objects, slow.id, times.limit, context);
    await pause(times.poll * 1000, context.signal);
  }
  return rolled;
}

function start(id: ObjectId): Waiting {
  const [emptySince, missingSince, progress, told] = [undefined, undefined, undefined, undefined];
  return { id, pods: new Map(), emptySince, missingSince, freed: false, progress, told };
}

/** One look at one workload: the workload when it is complete, undefined when not yet. */
async function look(
  objects: KubeObjects,
  waiting: Waiting,
  times: RolloutTimes,
  context: ActionContext,
  first: boolean,
): Promise<JsonObject | undefined> {
  const { id } = waiting;
  const workload = await objects.get(id, context.signal);
  if (workload === undefined) {
    throw new PaiError('ROLLOUT', `${describe(id)} was deleted while it was waited for`, {
      where: describe(id),
      next: 'Find out who deletes it, then run again.',
    });
  }
  let rollout = rolloutOf(workload);
  const progress = rollout.state === 'waiting' ? rollout.progress : undefined;
  // Only where nothing has moved since the last look: nodes are much to ask for.
  if (progress !== undefined && id.kind === 'DaemonSet' && waiting.progress === progress) {
    rollout = rolloutOf(workload, awayNodes(workload, await objects.list('v1', 'Node', {}, context.signal)));
  }
  waiting.progress = progress;
  if (rollout.state === 'complete') {
    tell(waiting, 'ready', context);
    return workload;
  }
  const { pods, maker, older } = await newestPods(objects, id, workload, context.signal);
  if (!waiting.freed && isSeen(workload)) {
    waiting.freed = true;
    await freeFromOld(objects, workload, older, context);
  }
  if (first && id.kind !== 'Job' && id.kind !== 'Pod') await restartHeldBack(objects, pods, context);
  if (rollout.state === 'failed') throw await failed(objects, id, rollout.problem, 'crash', pods, context);
  if (rollout.state === 'empty') {
    tell(waiting, rollout.problem, context);
    waiting.emptySince ??= Date.now();
    if (secondsSince(waiting.emptySince) >= times.noNode) throw noNode(id, rollout.problem);
    return undefined;
  }
  waiting.emptySince = undefined;
  const troubles = recordTroubles(waiting, pods);
  tell(waiting, progressText(rollout, troubles), context);
  const fatal = troubles.find(({ pod, trouble, record }) => {
    // A job says itself, by backoffLimit, how many tries it has.
    if (id.kind === 'Job' && trouble.kind === 'crash') return false;
    return !isReady(pod) && isFatal(trouble, secondsSince(record.since), record.restartsBefore, times.graces);
  });
  if (fatal !== undefined) {
    throw await failed(
      objects,
      id,
      podLine(fatal.pod, fatal.trouble),
      fatal.trouble.kind,
      [fatal.pod, ...pods],
      context,
    );
  }
  await checkCreation(objects, waiting, pods.length < rollout.wanted, maker, times, context);
  return undefined;
}

interface PodTrouble {
  readonly pod: JsonObject;
  readonly trouble: Trouble;
  readonly record: PodRecord;
}

/** Notes since when each pod has been in its trouble, and returns those that are in some. */
function recordTroubles(waiting: Waiting, pods: readonly JsonObject[]): readonly PodTrouble[] {
  const found: PodTrouble[] = [];
  for (const pod of pods) {
    const uid = textAt(pod, 'metadata', 'uid') ?? '';
    const trouble = podTrouble(pod);
    const before = waiting.pods.get(uid);
    const record =
      before !== undefined && before.trouble === trouble?.kind
        ? before
        : { restartsBefore: before?.restartsBefore ?? restartsOf(pod), trouble: trouble?.kind, since: Date.now() };
    waiting.pods.set(uid, record);
    if (trouble !== undefined) found.push({ pod, trouble, record });
  }
  return found;
}

function restartsOf(pod: JsonObject): number {
  return Math.max(0, ...listAt(pod, 'status', 'containerStatuses').map((status) => numberAt(status, 'restartCount')));
}

function progressText(rollout: Extract<Rollout, { state: 'waiting' }>, troubles: readonly PodTrouble[]): string {
  const reasons = [...new Set(troubles.map(({ trouble }) => trouble.reason))];
  return reasons.length === 0 ? rollout.progress : `${rollout.progress} (${reasons.join(', ')})`;
}

function tell(waiting: Waiting, progress: string, context: ActionContext): void {
  if (waiting.told === progress) return;
  waiting.told = progress;
  context.log(`${describe(waiting.id)}: ${progress}`);
}

/**
 * Kubelet waits up to five minutes before it tries an image or a crashed container again. Pods that wait since before this
 * apply are deleted once, so that what was repaired meanwhile is tried now.
 */
async function restartHeldBack(
  objects: KubeObjects,
  pods: readonly JsonObject[],
  context: ActionContext,
): Promise<void> {
  for (const pod of pods) {
    const id = idOf({ ...pod, apiVersion: 'v1', kind: 'Pod' });
    const trouble = podTrouble(pod);
    if (id === undefined || trouble === undefined || trouble.kind === 'unschedulable') continue;
    context.log(`${describe(id)} has been in ${trouble.reason} since an earlier try: starting it again`);
    await objects.remove(id, 'Background', context.signal);
  }
}

/**
 * A StatefulSet waits for each pod to be ready before it replaces the next, those of a template that never came up among them. So these are deleted once.
 * https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#forced-rollback
 */
async function freeFromOld(
  objects: KubeObjects,
  workload: JsonObject,
  older: readonly JsonObject[],
  context: ActionContext,
): Promise<void> {
  const { type = 'RollingUpdate', rollingUpdate } = objectAt(workload, 'spec', 'updateStrategy');
  if (type !== 'RollingUpdate' || numberAt(rollingUpdate, 'partition') > 0) return;
  for (const pod of older) {
    const id = idOf({ ...pod, apiVersion: 'v1', kind: 'Pod' });
    if (id === undefined || isReady(pod)) continue;
    context.log(`${describe(id)} is not ready, and of an older generation that would be waited for: it is replaced`);
    await objects.remove(id, 'Background', context.signal);
  }
}

/** Fails when pods have been missing for a while and their maker says why. */
async function checkCreation(
  objects: KubeObjects,
  waiting: Waiting,
  missing: boolean,
  maker: ObjectId | undefined,
  times: RolloutTimes,
  context: ActionContext,
): Promise<void> {
  if (!missing || maker === undefined) {
    waiting.missingSince = undefined;
    return;
  }
  waiting.missingSince ??= Date.now();
  if (secondsSince(waiting.missingSince) < times.noPods) return;
  const event = (await eventsOf(objects, maker, context.signal)).findLast((line) => line.startsWith('FailedCreate'));
  if (event === undefined) return;
  throw new PaiError('ROLLOUT', `${describe(waiting.id)} did not come up: its pods can't be created: ${event}`, {
    where: describe(waiting.id),
    next: 'Correct what the message names (service account, quota, admission, pod template), then run again.',
  });
}

function secondsSince(time: number): number {
  return (Date.now() - time) / 1000;
}
