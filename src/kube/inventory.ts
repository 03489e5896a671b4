import { createHash } from 'node:crypto';
import type { Json, JsonObject } from '../model/json.js';
import { isObject, listAt, numberAt, objectAt, textAt, textsAt } from '../model/json-path.js';
import { parseJson } from '../model/parse-json.js';
import { parseStamp } from '../model/parse-stamp.js';
import type { Stamp } from '../model/stamp.js';
import { identityKey, idToJson, type ObjectId } from './identity.js';
import { MANAGED_BY, TARGET_ANNOTATION } from './objects.js';

/** Namespace of inventories and of what else pai keeps for itself: there from the first moment, and nobody deletes it. */
export const INVENTORY_NAMESPACE = 'kube-system';
/** Tells inventories from ConfigMaps that targets apply. */
const INVENTORY_LABEL = 'pai/inventory';
/** Selects all inventories. */
export const INVENTORY_SELECTOR = `app.kubernetes.io/managed-by=${MANAGED_BY['app.kubernetes.io/managed-by']},${INVENTORY_LABEL}=true`;
const STAMP_ANNOTATION = 'pai/stamp';
const REVISION_ANNOTATION = 'pai/revision';
/** Of a target whose workloads were taken away by an operator, until it is applied again. */
const STOPPED_ANNOTATION = 'pai/stopped';

/** Node name -> label -> value. */
export type NodeLabels = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** An object that was applied. */
export interface InventoryEntry extends ObjectId {
  /** `metadata.generation` after the rollout: another one means that somebody changed the object since. Workloads only. */
  readonly generation?: number;
  /** `appliedFields` after it was applied: another one means that somebody changed or removed what we applied. */
  readonly fields?: string;
  /** `appliedValues` after the rollout, where `generation` is. */
  readonly values?: string;
}

/**
 * What was applied for a target, kept in a ConfigMap of its own. One without a stamp is of an apply or a clean that did not
 * finish, and lists everything that may be there.
 */
export interface Inventory {
  readonly target: string;
  readonly stamp?: Stamp;
  readonly objects: readonly InventoryEntry[];
  readonly nodeLabels: NodeLabels;
  /** The revision that it is of; without a stamp the last one that came up. Undefined when that is not kept. */
  readonly revision?: number;
  /** An operator took its workloads away. They are still among the objects. */
  readonly stopped?: boolean;
}

/** Where a target's inventory is. */
export function inventoryId(target: string): ObjectId & { readonly namespace: string } {
  const plain = target.replaceAll(':', '.');
  const safe = plain
    .toLowerCase()
    .replace(/[^a-z0-9.-]+/g, '-')
    // Each part between dots begins and ends with a letter or a digit.
    .replace(/[.-]{2,}/g, (run) => (run.includes('.') ? '-' : run))
    .replace(/^[.-]+|[.-]+$/g, '');
  // Names that had to be changed by more than the colon could meet; their hash keeps them apart.
  const hash =
    safe === plain && safe.length < 200 ? '' : `-${createHash('sha256').update(target).digest('hex').slice(0, 8)}`;
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    namespace: INVENTORY_NAMESPACE,
    name: `pai-${safe.slice(0, 200).replace(/[.-]+$/, '')}${hash}`,
  };
}

/** The ConfigMap that holds an inventory. */
export function encodeInventory(inventory: Inventory): JsonObject {
  const { apiVersion, kind, namespace = INVENTORY_NAMESPACE, name } = inventoryId(inventory.target);
  const stamp: Readonly<Record<string, string>> =
    inventory.stamp === undefined ? {} : { [STAMP_ANNOTATION]: JSON.stringify(inventory.stamp) };
  const revision: Readonly<Record<string, string>> =
    inventory.revision === undefined ? {} : { [REVISION_ANNOTATION]: String(inventory.revision) };
  return {
    apiVersion,
    kind,
    metadata: {
      name,
      namespace,
      labels: { ...MANAGED_BY, [INVENTORY_LABEL]: 'true' },
      annotations: {
        [TARGET_ANNOTATION]: inventory.target,
        ...stamp,
        ...revision,
        ...(inventory.stopped === true ? { [STOPPED_ANNOTATION]: 'true' } : {}),
      },
    },
    data: {
      inventory: JSON.stringify(inventory.objects.map(encodeEntry)),
      'node-labels': JSON.stringify(inventory.nodeLabels),
    },
  };
}

/** Tells inventories from ConfigMaps that targets apply. */
export function isInventory(configMap: JsonObject): boolean {
  const isMarked = textAt(configMap, 'metadata', 'labels', INVENTORY_LABEL) === 'true';
  return isMarked && textAt(configMap, 'metadata', 'namespace') === INVENTORY_NAMESPACE;
}

/** The inventory that a ConfigMap holds; undefined for one that names no target. What is damaged in it counts as not there. */
export function decodeInventory(configMap: Json): Inventory | undefined {
  const target = textAt(configMap, 'metadata', 'annotations', TARGET_ANNOTATION);
  if (target === undefined) return undefined;
  const list = parseJson(textAt(configMap, 'data', 'inventory') ?? '');
  const labels = parseJson(textAt(configMap, 'data', 'node-labels') ?? '');
  const objects = listAt({ list: list ?? null }, 'list').flatMap(decodeEntry);
  const nodeLabels = Object.fromEntries(Object.keys(objectAt(labels)).map((node) => [node, textsAt(labels, node)]));
  const stamp = parseStamp(textAt(configMap, 'metadata', 'annotations', STAMP_ANNOTATION));
  const whole = Array.isArray(list) && isObject(labels) && objects.length === list.length;
  const revision = Number(textAt(configMap, 'metadata', 'annotations', REVISION_ANNOTATION) ?? 0);
  const stopped = textAt(configMap, 'metadata', 'annotations', STOPPED_ANNOTATION) === 'true';
  return {
    target,
    objects,
    nodeLabels,
    ...(stamp?.target === target && whole ? { stamp } : {}),
    ...(Number.isSafeInteger(revision) && revision > 0 ? { revision } : {}),
    ...(stopped && { stopped }),
  };
}

function encodeEntry(entry: InventoryEntry): JsonObject {
  const { generation, fields, values } = entry;
  return {
    ...idToJson(entry),
    ...(generation === undefined ? {} : { generation }),
    ...(fields === undefined ? {} : { fields }),
    ...(values === undefined ? {} : { values }),
  };
}

function decodeEntry(value: Json): InventoryEntry[] {
  const apiVersion = textAt(value, 'apiVersion');
  const kind = textAt(value, 'kind');
  const name = textAt(value, 'name');
  const namespace = textAt(value, 'namespace');
  const generation = numberAt(value, 'generation');
  const fields = textAt(value, 'fields');
  const values = textAt(value, 'values');
  if (apiVersion === undefined || kind === undefined || name === undefined) return [];
  return [
    {
      apiVersion,
      kind,
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(generation === 0 ? {} : { generation }),
      ...(fields === undefined ? {} : { fields }),
      ...(values === undefined ? {} : { values }),
    },
  ];
}

/** Objects of both lists, once each; those of the second list win. */
export function unionOf(before: readonly ObjectId[], after: readonly ObjectId[]): readonly ObjectId[] {
  return [...new Map([...before, ...after].map((id) => [identityKey(id), id])).values()];
}

/** Objects of the first list that no other list has. */
export function withoutObjects(objects: readonly ObjectId[], others: readonly ObjectId[]): readonly ObjectId[] {
  const kept = new Set(others.map(identityKey));
  return objects.filter((id) => !kept.has(identityKey(id)));
}

/** Labels of both; those of the second win. */
export function unionOfLabels(before: NodeLabels, after: NodeLabels): NodeLabels {
  const nodes = new Set([...Object.keys(before), ...Object.keys(after)]);
  return Object.fromEntries([...nodes].map((node) => [node, { ...before[node], ...after[node] }]));
}

/** Labels of the first that none of the others has on the same node, whatever their value there. */
export function withoutLabels(labels: NodeLabels, others: readonly NodeLabels[]): NodeLabels {
  const left: Record<string, Record<string, string>> = {};
  for (const [node, set] of Object.entries(labels)) {
    const unwanted = Object.entries(set).filter(([key]) => others.every((other) => other[node]?.[key] === undefined));
    if (unwanted.length > 0) left[node] = Object.fromEntries(unwanted);
  }
  return left;
}
