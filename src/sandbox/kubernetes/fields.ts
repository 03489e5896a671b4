import type { Json, JsonObject } from '../../model/json.js';
import { isObject } from '../../model/json-path.js';

/**
 * Fields of objects as server-side apply names them. A path is a list of segments: `f:spec`, `k:{"name":"main"}` for the item
 * of a list with keys, `v:"x"` for the member of a set, and `.` for such an item itself.
 */
export type FieldPath = readonly string[];

/** Lists that are merged by keys, by the name of their field. Others are replaced whole. */
const LIST_KEYS: Readonly<Record<string, readonly string[]>> = {
  conditions: ['type'],
  containers: ['name'],
  env: ['name'],
  ephemeralContainers: ['name'],
  hostAliases: ['ip'],
  imagePullSecrets: ['name'],
  initContainers: ['name'],
  ownerReferences: ['uid'],
  secrets: ['name'],
  volumeDevices: ['devicePath'],
  volumeMounts: ['mountPath'],
  volumes: ['name'],
  webhooks: ['name'],
};
const DEFAULTS: Readonly<Record<string, Json>> = { protocol: 'TCP' };
const SET = 'finalizers';

/** Metadata that is the server's, or the object's identity. */
const UNOWNED_METADATA: ReadonlySet<string> = new Set([
  'creationTimestamp',
  'generation',
  'managedFields',
  'name',
  'namespace',
  'resourceVersion',
  'selfLink',
  'uid',
]);

/** Keys of a list's items; undefined for a list that is one value. Of custom resources nothing is known, so all are. */
function keysOf(path: FieldPath, custom: boolean): readonly string[] | undefined {
  const name = (path.at(-1) ?? '').slice(2);
  if (custom) return undefined;
  if (name === 'ports')
    return path.some((segment) => segment.startsWith('k:')) ? ['containerPort', 'protocol'] : ['port', 'protocol'];
  return LIST_KEYS[name];
}

function itemSegment(item: Json, keys: readonly string[]): string | undefined {
  if (!isObject(item)) return undefined;
  const values = keys.map((key) => [key, item[key] ?? DEFAULTS[key]] as const);
  if (values.some(([, value]) => value === undefined)) return undefined;
  return `k:${JSON.stringify(Object.fromEntries(values))}`;
}

/** Items of a list by their segments; undefined for one that is replaced whole. */
function itemsOf(list: readonly Json[], path: FieldPath, custom: boolean): ReadonlyMap<string, Json> | undefined {
  const isSet = !custom && path.at(-1) === `f:${SET}`;
  const keys = keysOf(path, custom);
  if (keys === undefined && !isSet) return undefined;
  const items = new Map<string, Json>();
  for (const item of list) {
    const segment = isSet ? `v:${JSON.stringify(item)}` : itemSegment(item, keys ?? []);
    if (segment === undefined || items.has(segment)) return undefined;
    items.set(segment, item);
  }
  return items;
}

const SEPARATOR = '\n';

export function pathKey(path: FieldPath): string {
  return path.join(SEPARATOR);
}

export function parsePathKey(key: string): FieldPath {
  return key.split(SEPARATOR);
}

/** A path as messages show it: `.spec.containers[name="main"].image`. */
export function pathText(path: FieldPath): string {
  return path
    .map((segment) => {
      if (segment.startsWith('f:')) return `.${segment.slice(2)}`;
      if (segment.startsWith('v:')) return `[=${segment.slice(2)}]`;
      if (!segment.startsWith('k:')) return '';
      const keys = Object.entries(JSON.parse(segment.slice(2)) as JsonObject);
      return `[${keys.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(',')}]`;
    })
    .join('');
}

/** What an owner can own of an object, with the values: path key -> value. Without identity, status and the server's metadata. */
export function ownableFields(object: JsonObject, custom: boolean): ReadonlyMap<string, Json> {
  const { apiVersion: _version, kind: _kind, status: _status, metadata, ...rest } = object;
  const own = Object.entries(isObject(metadata) ? metadata : {}).filter(([key]) => !UNOWNED_METADATA.has(key));
  const leaves = new Map<string, Json>();
  if (own.length > 0) collect(Object.fromEntries(own), ['f:metadata'], custom, leaves);
  for (const [key, value] of Object.entries(rest)) collect(value, [`f:${key}`], custom, leaves);
  return leaves;
}

function collect(value: Json, path: FieldPath, custom: boolean, leaves: Map<string, Json>): void {
  if (isObject(value) && Object.keys(value).length > 0) {
    for (const [key, inner] of Object.entries(value)) collect(inner, [...path, `f:${key}`], custom, leaves);
    return;
  }
  const items = Array.isArray(value) && value.length > 0 ? itemsOf(value, path, custom) : undefined;
  if (items === undefined) {
    leaves.set(pathKey(path), value);
    return;
  }
  for (const [segment, item] of items) {
    const at = [...path, segment];
    if (segment.startsWith('v:')) leaves.set(pathKey(at), item);
    else {
      leaves.set(pathKey([...at, '.']), null);
      collect(item, at, custom, leaves);
    }
  }
}

/** The live value with the applied one laid over it: mappings and keyed lists are merged, everything else is replaced. */
export function mergeApplied(live: Json | undefined, applied: Json, custom: boolean, path: FieldPath = []): Json {
  if (isObject(applied)) {
    const base = isObject(live) ? live : {};
    const merged = Object.entries(applied).map(
      ([key, value]) => [key, mergeApplied(base[key], value, custom, [...path, `f:${key}`])] as const,
    );
    return { ...base, ...Object.fromEntries(merged) };
  }
  if (!Array.isArray(applied) || !Array.isArray(live)) return applied;
  const wanted = itemsOf(applied, path, custom);
  const present = itemsOf(live, path, custom);
  if (wanted === undefined || present === undefined) return applied;
  const kept = [...present].map(([segment, item]) => {
    const over = wanted.get(segment);
    return over === undefined ? item : mergeApplied(item, over, custom, [...path, segment]);
  });
  return [...kept, ...[...wanted].filter(([segment]) => !present.has(segment)).map(([, item]) => item)];
}

/** The value without the field at a path; mappings that become empty by it go too. */
export function withoutField(value: Json, path: FieldPath, custom: boolean, at: FieldPath = []): Json | undefined {
  const [segment, ...rest] = path;
  if (segment === undefined || segment === '.') return undefined;
  const here = [...at, segment];
  if (isObject(value)) {
    const key = segment.slice(2);
    const inner = value[key];
    if (inner === undefined) return value;
    const left = withoutField(inner, rest, custom, here);
    const { [key]: _gone, ...others } = value;
    if (left !== undefined) return { ...value, [key]: left };
    return Object.keys(others).length === 0 && at.length > 0 ? undefined : others;
  }
  if (!Array.isArray(value)) return value;
  const items = itemsOf(value, at, custom);
  if (items === undefined) return value;
  const left = [...items].flatMap(([known, item]) => {
    if (known !== segment) return [item];
    const kept = segment.startsWith('v:') ? undefined : withoutField(item, rest, custom, here);
    return kept === undefined ? [] : [kept];
  });
  return left.length === 0 ? undefined : left;
}

/** The value without fields that are null: to apply those means not to have them. */
export function withoutNulls(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isObject(value)) return value;
  const kept = Object.entries(value).filter(([, inner]) => inner !== null);
  return Object.fromEntries(kept.map(([key, inner]) => [key, withoutNulls(inner)]));
}
