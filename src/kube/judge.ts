import type { JsonObject } from '../model/json.js';
import { numberAt, textAt } from '../model/json-path.js';
import type { Observation } from '../model/stamp.js';
import { appliedFields, appliedValues } from './applied-fields.js';
import { describe, type ObjectId } from './identity.js';
import type { Inventory, InventoryEntry } from './inventory.js';
import { isWorkload } from './kinds.js';
import { TARGET_ANNOTATION } from './objects.js';
import { rolloutOf } from './rollout-status.js';

/** What is really there, as far as an inventory asks. */
export interface Seen {
  object(id: ObjectId): JsonObject | undefined;
  /** Labels of a node; undefined for a node that does not exist. */
  labelsOf(node: string): Readonly<Record<string, string>> | undefined;
  /** Nodes of a DaemonSet that are not Ready. */
  away(daemonSet: JsonObject): number;
}

/** What an inventory and the things that it lists say about their target. No inventory means: never applied. */
export function judge(inventory: Inventory | undefined, seen: Seen): Observation {
  if (inventory === undefined) return { kind: 'known', present: false };
  const problem = problemOf(inventory, seen);
  return {
    kind: 'known',
    present: true,
    ...(inventory.stamp === undefined ? {} : { stamp: inventory.stamp }),
    ...(problem === undefined ? {} : { problem }),
  };
}

/** The first thing that is not as it was left: objects in their order of application, then node labels. */
function problemOf(inventory: Inventory, seen: Seen): string | undefined {
  if (inventory.stopped === true) return 'it was stopped by pai service stop';
  for (const entry of inventory.objects) {
    const object = seen.object(entry);
    if (object === undefined) return `${describe(entry)} is missing`;
    if (textAt(object, 'metadata', 'deletionTimestamp') !== undefined) return `${describe(entry)} is being deleted`;
    if (wasChanged(entry, object, inventory.target)) return `${describe(entry)} was changed by hand`;
    if (!isWorkload(entry)) continue;
    const rollout = rolloutOf(object, object.kind === 'DaemonSet' ? seen.away(object) : 0);
    if (rollout.state === 'waiting') return `${describe(entry)}: ${rollout.progress}`;
    if (rollout.state !== 'complete') return `${describe(entry)}: ${rollout.problem}`;
  }
  for (const [node, wanted] of Object.entries(inventory.nodeLabels)) {
    const labels = seen.labelsOf(node);
    if (labels === undefined) return `Node ${node} does not exist`;
    for (const [key, value] of Object.entries(wanted)) {
      if (labels[key] !== value) return `Node ${node} lacks the label ${key}=${value}`;
    }
  }
  return undefined;
}

/** Entries of what others changed since it was applied. */
export function changedEntries(inventory: Inventory, seen: Seen): readonly InventoryEntry[] {
  return inventory.objects.filter((entry) => {
    const object = seen.object(entry);
    return object !== undefined && wasChanged(entry, object, inventory.target);
  });
}

/** Whether what we applied of an object is no longer so. What others added (another container, the number of replicas of an autoscaler) is theirs. */
function wasChanged(entry: InventoryEntry, object: JsonObject, target: string): boolean {
  const { generation, fields, values } = entry;
  // An object that two targets apply is as the one left it that was last.
  const owner = textAt(object, 'metadata', 'annotations', TARGET_ANNOTATION) ?? target;
  if (fields !== undefined && owner === target && appliedFields(object) !== fields) return true;
  if (!isWorkload(entry) || generation === undefined || numberAt(object, 'metadata', 'generation') === generation) {
    return false;
  }
  return values === undefined || appliedValues(object) !== values;
}
