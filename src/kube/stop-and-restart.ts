import { PaiError } from '../model/errors.js';
import type { JsonObject } from '../model/json.js';
import { numberAt, textAt } from '../model/json-path.js';
import type { ActionContext } from '../model/target.js';
import { describe, identityKey } from './identity.js';
import {
  encodeInventory,
  type Inventory,
  inventoryId,
  type NodeLabels,
  unionOfLabels,
  withoutLabels,
} from './inventory.js';
import { isWorkload } from './kinds.js';
import { readInventories } from './looks.js';
import { changeNodeLabels } from './node-labels.js';
import type { KubeObjects } from './objects.js';
import { removeObjects } from './remove-objects.js';
import { type RolloutTimes, waitForRollouts } from './rollout.js';

/** Annotation of pod templates: when their pods were last asked to start anew. */
const RESTARTED_ANNOTATION = 'pai/restarted-at';
/** Not the manager that applies: its next apply leaves the annotation, and so the pods, alone. */
const RESTART_MANAGER = 'pai-restart';

/** Workloads whose pods are made anew when their template changes. */
const ROLLING: ReadonlySet<string> = new Set(['Deployment', 'DaemonSet', 'StatefulSet']);

/**
 * Removes the workloads of a target, and keeps all else that was applied for it: configuration, secrets, services, labels of nodes. Nothing applied, or
 * stopped already, is no error. The inventory says first that it is stopped, so that a crash leaves nothing that seems to run.
 */
export async function stopTarget(objects: KubeObjects, context: ActionContext, more = false): Promise<void> {
  const inventory = (await readInventories(objects, context.signal)).get(context.target);
  if (inventory === undefined) {
    context.log('nothing is deployed');
    return;
  }
  const workloads = inventory.objects.filter(isWorkload);
  if (workloads.length === 0 && !more) {
    context.log('it has no pods: nothing to stop');
    return;
  }
  await write(objects, { ...inventory, stopped: true }, context.signal);
  await removeObjects(objects, workloads, context);
}

/**
 * Makes all pods of a target's workloads anew, as their update strategies say: one workload after the other in the order of their application, each ready
 * before the next. Jobs and single pods are left.
 * Fails with ROLLOUT, and with REFUSED for a target that does not run.
 */
export async function restartTarget(objects: KubeObjects, times: RolloutTimes, context: ActionContext): Promise<void> {
  const { target, signal } = context;
  const inventory = (await readInventories(objects, signal)).get(target);
  if (inventory === undefined || inventory.stopped === true) {
    const what = inventory === undefined ? 'was never deployed' : 'is stopped';
    throw new PaiError('REFUSED', `${target} ${what}`, { where: target, next: 'Start it first.' });
  }
  const { stamp, ...open } = inventory;
  await write(objects, open, signal);
  const workloads = inventory.objects.filter((id) => isWorkload(id) && ROLLING.has(id.kind));
  const edited = new Set<string>();
  const generations = new Map<string, number>();
  const at = new Date().toISOString();
  for (const id of workloads) {
    const before = numberAt(await objects.get(id, signal), 'metadata', 'generation');
    // What somebody changed by hand stays told: only what is changed here is taken for ours.
    if (id.generation !== undefined && id.generation !== before) edited.add(identityKey(id));
    const patch = { spec: { template: { metadata: { annotations: { [RESTARTED_ANNOTATION]: at } } } } };
    context.log(`restarting ${describe(id)}`);
    const live = await objects.merge(id, patch, RESTART_MANAGER, signal);
    if (waitsForDeletion(live)) await deletePods(objects, id, live, context);
    for (const [key, rolled] of await waitForRollouts(objects, [id], times, context)) {
      const generation = numberAt(rolled, 'metadata', 'generation');
      if (generation !== undefined) generations.set(key, generation);
    }
  }
  for (const id of inventory.objects.filter((one) => isWorkload(one) && !ROLLING.has(one.kind))) {
    context.log(`${describe(id)} is left as it is: it runs once`);
  }
  const entries = inventory.objects.map((entry) => {
    const generation = generations.get(identityKey(entry));
    return generation === undefined || edited.has(identityKey(entry)) ? entry : { ...entry, generation };
  });
  await write(objects, { ...open, ...(stamp && { stamp }), objects: entries }, signal);
}

/**
 * Gives nodes the labels of a target, and takes away those that it gave and that are no longer among them. False, and nothing done, where nothing was
 * applied for the target.
 */
export async function relabelFor(objects: KubeObjects, wanted: NodeLabels, context: ActionContext): Promise<boolean> {
  const { target, signal } = context;
  const inventories = await readInventories(objects, signal);
  const inventory = inventories.get(target);
  if (inventory === undefined) return false;
  const others = [...inventories.values()].filter((one) => one.target !== target).map((one) => one.nodeLabels);
  const before = inventory.nodeLabels;
  await write(objects, { ...inventory, nodeLabels: unionOfLabels(before, wanted) }, signal);
  await changeNodeLabels(objects, wanted, withoutLabels(before, [wanted, ...others]), context);
  await write(objects, { ...inventory, nodeLabels: wanted }, signal);
  return true;
}

function waitsForDeletion(workload: JsonObject): boolean {
  return textAt(workload, 'spec', 'updateStrategy', 'type') === 'OnDelete';
}

async function deletePods(
  objects: KubeObjects,
  id: { readonly apiVersion: string; readonly kind: string; readonly namespace?: string; readonly name: string },
  workload: JsonObject,
  { log, signal }: ActionContext,
): Promise<void> {
  for (const pod of await objects.podsOf(id, workload, signal)) {
    const name = textAt(pod, 'metadata', 'name') ?? '';
    const namespace = textAt(pod, 'metadata', 'namespace') ?? 'default';
    await objects.remove({ apiVersion: 'v1', kind: 'Pod', namespace, name }, 'Background', signal);
    log(`deleted Pod ${namespace}/${name}: its ${id.kind} replaces pods only when they are deleted`);
  }
}

async function write(objects: KubeObjects, inventory: Inventory, signal: AbortSignal): Promise<void> {
  await objects.apply(inventoryId(inventory.target), encodeInventory(inventory), signal);
}
