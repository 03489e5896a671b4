import type { KubeObject, KubeWork } from '../model/drivers.js';
import { PaiError } from '../model/errors.js';
import type { JsonObject } from '../model/json.js';
import { listAt, numberAt, textAt, textsAt } from '../model/json-path.js';
import type { Stamp } from '../model/stamp.js';
import type { ActionContext, ApplyContext } from '../model/target.js';
import { appliedFields, appliedValues, isFilledIn } from './applied-fields.js';
import { pause } from './client.js';
import { describe, identityKey, type ObjectId } from './identity.js';
import {
  encodeInventory,
  type Inventory,
  type InventoryEntry,
  inventoryId,
  unionOf,
  unionOfLabels,
  withoutLabels,
  withoutObjects,
} from './inventory.js';
import { inSteps, isWorkload } from './kinds.js';
import { readInventories } from './looks.js';
import { makeNamespaces } from './namespaces.js';
import { changeNodeLabels } from './node-labels.js';
import { type KubeObjects, MANAGED_BY, TARGET_ANNOTATION } from './objects.js';
import { inParts } from './parts.js';
import { removeObjects } from './remove-objects.js';
import { type AppliedWork, keepRevision, removeRevisions } from './revisions.js';
import { type RolloutTimes, waitForRollouts } from './rollout.js';
import { rolloutOf } from './rollout-status.js';
import { spelledOut } from './spelled-out.js';

/** Seconds in which the API server serves a new CustomResourceDefinition. */
const DEFINITION_SECONDS = 30;
const REPLACED_SECONDS = 60;

/** An object with its place. */
interface Placed extends ObjectId {
  readonly object: KubeObject;
}

/**
 * Makes Kubernetes hold the objects of a target, and no others that it had before, and keeps them as its newest revision. The inventory is written
 * first, without a stamp and with the old and the new objects, so that a crash anywhere leaves a list of everything that may be there.
 */
export async function applyWork(
  objects: KubeObjects,
  work: KubeWork,
  times: RolloutTimes,
  context: ApplyContext,
): Promise<Stamp> {
  const inventories = await readInventories(objects, context.signal);
  const revision = inventories.get(context.target)?.revision;
  let bringing: Bringing;
  try {
    bringing = await bring(objects, work, times, inventories, revision, context);
  } catch (error) {
    throw revision === undefined ? error : withWayBack(error, context.target);
  }
  const stamp = context.stamp();
  const { entries, applied } = bringing;
  const kept = await keepRevision(objects, revision, { stamp, objects: applied, nodeLabels: work.nodeLabels }, context);
  await writeInventory(objects, inventoryOf(context.target, work, stamp, entries, kept.number), context.signal);
  await kept.forgetOthers();
  return stamp;
}

/** Makes Kubernetes hold the objects of a revision that is kept, with the stamp of then. Else like `applyWork`. */
export async function applyRevision(
  objects: KubeObjects,
  { stamp, ...work }: AppliedWork,
  revision: number,
  times: RolloutTimes,
  context: ActionContext,
): Promise<void> {
  const inventories = await readInventories(objects, context.signal);
  const { entries } = await bring(objects, work, times, inventories, revision, context);
  await writeInventory(objects, inventoryOf(context.target, work, stamp, entries, revision), context.signal);
}

/** What is there once all pods are ready. */
interface Bringing {
  readonly entries: readonly InventoryEntry[];
  /** The objects as they were sent. */
  readonly applied: readonly KubeObject[];
}

/** @param revision what there is to go back to until this has come to a good end */
async function bring(
  objects: KubeObjects,
  work: KubeWork,
  times: RolloutTimes,
  inventories: ReadonlyMap<string, Inventory>,
  revision: number | undefined,
  context: ActionContext,
): Promise<Bringing> {
  const { target, signal } = context;
  const before = inventories.get(target);
  const others = [...inventories.values()].filter((inventory) => inventory.target !== target);
  const placed = await Promise.all(work.objects.map((object) => place(objects, object, work.objects, context)));
  const { nodeLabels } = work;

  await writeInventory(
    objects,
    {
      target,
      objects: unionOf(before?.objects ?? [], placed),
      nodeLabels: unionOfLabels(before?.nodeLabels ?? {}, nodeLabels),
      ...(revision !== undefined && { revision }),
    },
    signal,
  );

  const wantedLabels = [nodeLabels, ...others.map((other) => other.nodeLabels)];
  await changeNodeLabels(objects, nodeLabels, withoutLabels(before?.nodeLabels ?? {}, wantedLabels), context);
  await makeNamespaces(objects, placed, context);
  const fields = new Map<string, string>();
  const keep = [...placed, ...others.flatMap((other) => other.objects)];
  let dropped = withoutObjects(before?.objects ?? [], keep);
  const removeDropped = async (): Promise<void> => {
    await removeObjects(objects, dropped, context);
    dropped = [];
  };
  const rolled = new Map<string, JsonObject>();
  let pending: readonly Placed[] = placed.filter(isWorkload);
  const waitFor = async (some: readonly Placed[]): Promise<void> => {
    for (const [key, workload] of await waitForRollouts(objects, some, times, context)) rolled.set(key, workload);
    pending = pending.filter((one) => !some.includes(one));
  };
  for (const parts of inSteps(placed).map(inParts)) {
    for (const [index, part] of parts.entries()) {
      for (const one of part) {
        const applied = appliedFields(await applyOne(objects, one, context));
        if (applied !== undefined && !isFilledIn(one.object)) fields.set(identityKey(one), applied);
      }
      if (index === parts.length - 1) continue;
      // What is no longer wanted may hold ports that this part waits for.
      await removeDropped();
      await waitFor(part);
    }
  }
  await removeDropped();
  await waitFor(pending);
  await work.finish?.();
  const entries = placed.map(({ object: _, ...id }) => {
    const workload = rolled.get(identityKey(id));
    const applied = fields.get(identityKey(id));
    const values = workload === undefined ? undefined : appliedValues(workload);
    return {
      ...id,
      ...(workload === undefined ? {} : { generation: numberAt(workload, 'metadata', 'generation') }),
      ...(applied === undefined ? {} : { fields: applied }),
      ...(values === undefined ? {} : { values }),
    };
  });
  return { entries, applied: placed.map(({ object }) => object) };
}

function inventoryOf(
  target: string,
  { nodeLabels }: KubeWork,
  stamp: Stamp,
  objects: readonly InventoryEntry[],
  revision: number | undefined,
): Inventory {
  return { target, stamp, objects, nodeLabels, ...(revision !== undefined && { revision }) };
}

/** A failure that going back would mend says how. */
function withWayBack(error: unknown, target: string): unknown {
  if (!(error instanceof PaiError) || !['ROLLOUT', 'KUBE_REFUSED'].includes(error.code)) return error;
  const { code, message, where, next, details, retryable, cause } = error;
  const back = `To go back to what came up before: pai run ${target} --rollback.`;
  return new PaiError(code, message, {
    ...(where !== undefined && { where }),
    next: next === undefined ? back : `${next} ${back}`,
    details,
    retryable,
    cause,
  });
}

/** Takes down all that was applied for a target. Its inventory goes last, so that it can be run again after a crash. */
export async function cleanTarget(objects: KubeObjects, context: ActionContext): Promise<void> {
  const { target, signal } = context;
  const inventories = await readInventories(objects, signal);
  const before = inventories.get(target);
  if (before === undefined) return;
  const others = [...inventories.values()].filter((inventory) => inventory.target !== target);
  await writeInventory(objects, { target, objects: before.objects, nodeLabels: before.nodeLabels }, signal);
  await removeObjects(
    objects,
    withoutObjects(
      before.objects,
      others.flatMap((other) => other.objects),
    ),
    context,
  );
  const unwanted = withoutLabels(
    before.nodeLabels,
    others.map((other) => other.nodeLabels),
  );
  await changeNodeLabels(objects, {}, unwanted, context);
  await removeRevisions(objects, target, signal);
  await objects.remove(inventoryId(target), 'Background', signal);
}

async function writeInventory(objects: KubeObjects, inventory: Inventory, signal: AbortSignal): Promise<void> {
  await objects.apply(inventoryId(inventory.target), encodeInventory(inventory), signal);
}

/** Gives an object its namespace, and the marks by which we find it again. */
async function place(
  objects: KubeObjects,
  object: KubeObject,
  all: readonly KubeObject[],
  context: ActionContext,
): Promise<Placed> {
  const { apiVersion, kind, metadata } = object;
  const { namespace: given, ...rest } = metadata;
  const namespaced =
    (await objects.resource(apiVersion, kind, context.signal))?.namespaced ??
    definedAsNamespaced(object, all) ??
    given !== undefined;
  const namespace = namespaced ? { namespace: given ?? 'default' } : {};
  return {
    apiVersion,
    kind,
    ...namespace,
    name: metadata.name,
    object: {
      ...spelledOut(object),
      apiVersion,
      kind,
      metadata: {
        ...rest,
        name: metadata.name,
        ...namespace,
        labels: { ...textsAt(metadata, 'labels'), ...MANAGED_BY },
        annotations: { ...textsAt(metadata, 'annotations'), [TARGET_ANNOTATION]: context.target },
      },
    },
  };
}

/** The scope of a custom resource whose definition is applied together with it. */
function definedAsNamespaced(object: KubeObject, all: readonly KubeObject[]): boolean | undefined {
  const definition = all.find(
    (one) =>
      one.kind === 'CustomResourceDefinition' &&
      textAt(one, 'spec', 'names', 'kind') === object.kind &&
      textAt(one, 'spec', 'group') === object.apiVersion.split('/')[0],
  );
  return definition === undefined ? undefined : textAt(definition, 'spec', 'scope') === 'Namespaced';
}

/** Answers with the object as it was applied. */
async function applyOne(objects: KubeObjects, placed: Placed, context: ActionContext): Promise<JsonObject> {
  const { signal } = context;
  const live =
    placed.kind === 'Job'
      ? await applyJob(objects, placed, context)
      : await objects.apply(placed, placed.object, signal);
  context.log(`applied ${describe(placed)}`);
  if (placed.kind === 'CustomResourceDefinition') await waitEstablished(objects, placed, signal);
  return live;
}

/** A job's template can't be changed, and one that failed stays failed: both are replaced. */
async function applyJob(objects: KubeObjects, placed: Placed, context: ActionContext): Promise<JsonObject> {
  const { signal } = context;
  let live: JsonObject | undefined;
  try {
    live = await objects.apply(placed, placed.object, signal);
  } catch (error) {
    if (!isImmutable(error)) throw error;
  }
  if (live !== undefined && rolloutOf({ ...live, kind: 'Job' }).state !== 'failed') return live;
  context.log(`replacing ${describe(placed)}`);
  await objects.remove(placed, 'Foreground', signal);
  await objects.waitGone(placed, REPLACED_SECONDS, signal);
  return objects.apply(placed, placed.object, signal);
}

function isImmutable(error: unknown): boolean {
  return error instanceof PaiError && error.code === 'KUBE_REFUSED' && error.message.includes('field is immutable');
}

async function waitEstablished(objects: KubeObjects, id: ObjectId, signal: AbortSignal): Promise<void> {
  const end = Date.now() + DEFINITION_SECONDS * 1000;
  for (;;) {
    const conditions = listAt(await objects.get(id, signal), 'status', 'conditions');
    const isTrue = (type: string) =>
      conditions.some((one) => textAt(one, 'type') === type && textAt(one, 'status') === 'True');
    if (isTrue('Established')) return;
    if (Date.now() >= end) {
      throw new PaiError('ROLLOUT', `${describe(id)} is not served ${DEFINITION_SECONDS} s after it was applied`, {
        where: describe(id),
        next: 'Correct the definition by what its conditions say, then run again.',
        details: conditions.map((one) => `${textAt(one, 'type') ?? ''}: ${textAt(one, 'message') ?? ''}`),
      });
    }
    await pause(250, signal);
  }
}
