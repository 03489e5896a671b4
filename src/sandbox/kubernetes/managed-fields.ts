import { isDeepStrictEqual } from 'node:util';
import type { Json, JsonObject } from '../../model/json.js';
import { isObject, listAt, objectAt, textAt } from '../../model/json-path.js';
import {
  type FieldPath,
  mergeApplied,
  ownableFields,
  parsePathKey,
  pathKey,
  pathText,
  withoutField,
} from './fields.js';
import { ApiError } from './status.js';

/** Who set fields of an object, and which: an entry of `metadata.managedFields`. */
interface Owner {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  readonly time: string;
  /** Path keys. */
  readonly fields: ReadonlySet<string>;
}

/** One server-side apply. */
export interface ApplyRequest {
  readonly manager: string;
  readonly force: boolean;
  readonly apiVersion: string;
  /** What is applied, without nulls. */
  readonly applied: JsonObject;
  /** Nothing is known of its fields. */
  readonly custom: boolean;
  readonly now: string;
}

/** The object after an apply. Fails with 409 when another owner set a field differently and it is not forced. */
export function applyFields(live: JsonObject | undefined, request: ApplyRequest): JsonObject {
  const { manager, applied, custom, now, apiVersion } = request;
  const owners = ownersOf(live);
  const isOurs = (owner: Owner) => owner.manager === manager && owner.operation === 'Apply';
  const before = owners.find(isOurs);
  const others = owners.filter((owner) => !isOurs(owner));
  const wanted = ownableFields(applied, custom);
  const present = live === undefined ? new Map<string, Json>() : ownableFields(live, custom);

  const conflicts = others.map((owner) =>
    [...owner.fields].filter((key) => wanted.has(key) && !isSame(present.get(key), wanted.get(key))),
  );
  if (!request.force && conflicts.some((keys) => keys.length > 0)) throw conflictError(others, conflicts);
  const left = others.map((owner, index) => ({
    ...owner,
    fields: new Set([...owner.fields].filter((key) => conflicts[index]?.includes(key) !== true)),
  }));

  let merged = objectAt({ merged: mergeApplied(live, applied, custom) }, 'merged');
  for (const key of before?.fields ?? []) {
    if (wanted.has(key) || left.some((owner) => owns(owner, parsePathKey(key)))) continue;
    merged = objectAt({ merged: withoutField(merged, parsePathKey(key), custom) ?? {} }, 'merged');
  }
  const fields = new Set(wanted.keys());
  const isUnchanged = before !== undefined && isDeepStrictEqual(before.fields, fields);
  const time = isUnchanged ? before.time : now;
  return withOwners(merged, [...left, { manager, operation: 'Apply', apiVersion, time, fields }]);
}

/** The object after an ordinary write, with what it changed in the hands of its manager. */
export function updateFields(
  live: JsonObject | undefined,
  written: JsonObject,
  request: Pick<ApplyRequest, 'manager' | 'apiVersion' | 'custom' | 'now'>,
): JsonObject {
  const { manager, apiVersion, custom, now } = request;
  const present = live === undefined ? new Map<string, Json>() : ownableFields(live, custom);
  const wanted = ownableFields(written, custom);
  const changed = [...wanted].filter(([key, value]) => !present.has(key) || !isSame(present.get(key), value));
  const gone = [...present.keys()].filter((key) => !wanted.has(key));
  const lost = new Set([...changed.map(([key]) => key), ...gone]);
  const owners = ownersOf(live);
  if (lost.size === 0) return withOwners(written, owners);
  const isOurs = (owner: Owner) => owner.manager === manager && owner.operation === 'Update';
  const left = owners
    .filter((owner) => !isOurs(owner))
    .map((owner) => ({ ...owner, fields: new Set([...owner.fields].filter((key) => !lost.has(key))) }));
  const kept = [...(owners.find(isOurs)?.fields ?? [])].filter((key) => !gone.includes(key));
  const fields = new Set([...kept, ...changed.map(([key]) => key)]);
  return withOwners(written, [...left, { manager, operation: 'Update', apiVersion, time: now, fields }]);
}

/** An empty mapping says that it is there, whatever others put into it. */
function isSame(present: Json | undefined, wanted: Json | undefined): boolean {
  if (isObject(wanted) && Object.keys(wanted).length === 0 && isObject(present)) return true;
  return isDeepStrictEqual(present, wanted);
}

/** Whether an owner has a field; of an item itself: whether it has anything of it. */
function owns(owner: Owner, path: FieldPath): boolean {
  if (path.at(-1) !== '.') return owner.fields.has(pathKey(path));
  const item = pathKey([...path.slice(0, -1), '']);
  return [...owner.fields].some((key) => key.startsWith(item));
}

function conflictError(others: readonly Owner[], conflicts: readonly (readonly string[])[]): ApiError {
  const causes = others.flatMap((owner, index) =>
    (conflicts[index] ?? []).map((key) => ({
      reason: 'FieldManagerConflict',
      message: `conflict with "${owner.manager}" using ${owner.apiVersion}`,
      field: pathText(parsePathKey(key)),
    })),
  );
  const [first] = causes;
  const text =
    causes.length === 1
      ? `Apply failed with 1 conflict: ${first?.message}: ${first?.field}`
      : `Apply failed with ${causes.length} conflicts: ${causes.map(({ message, field }) => `${message}:\n- ${field}`).join('\n')}`;
  return new ApiError(409, 'Conflict', text, { causes });
}

function ownersOf(object: JsonObject | undefined): readonly Owner[] {
  return listAt(object, 'metadata', 'managedFields').map((entry) => ({
    manager: textAt(entry, 'manager') ?? '',
    operation: textAt(entry, 'operation') === 'Apply' ? 'Apply' : 'Update',
    apiVersion: textAt(entry, 'apiVersion') ?? '',
    time: textAt(entry, 'time') ?? '',
    fields: new Set(decodeFields(objectAt(entry, 'fieldsV1'), [])),
  }));
}

function withOwners(object: JsonObject, owners: readonly Owner[]): JsonObject {
  const managedFields = owners
    .filter(({ fields }) => fields.size > 0)
    .map(({ manager, operation, apiVersion, time, fields }) => ({
      manager,
      operation,
      apiVersion,
      time,
      fieldsType: 'FieldsV1',
      fieldsV1: encodeFields(fields),
    }));
  return { ...object, metadata: { ...objectAt(object, 'metadata'), managedFields } };
}

function decodeFields(tree: JsonObject, path: FieldPath): string[] {
  const entries = Object.entries(tree);
  if (entries.length === 0) return path.length === 0 ? [] : [pathKey(path)];
  return entries.flatMap(([segment, inner]) => decodeFields(objectAt(inner), [...path, segment]));
}

interface Tree {
  [segment: string]: Tree;
}

function encodeFields(fields: ReadonlySet<string>): JsonObject {
  const tree: Tree = {};
  for (const key of [...fields].sort()) {
    let node = tree;
    for (const segment of parsePathKey(key)) {
      node[segment] ??= {};
      node = node[segment];
    }
  }
  return tree as JsonObject;
}
