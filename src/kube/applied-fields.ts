import { createHash } from 'node:crypto';
import type { Json } from '../model/json.js';
import { isObject, listAt, objectAt, textAt, valueAt } from '../model/json-path.js';
import { parseJson } from '../model/parse-json.js';

/** Who we are to server-side apply. */
export const FIELD_MANAGER = 'pai';

/**
 * Digest of the fields that we applied and that are still as we left them: the API server keeps their names, without values,
 * in `metadata.managedFields`, and takes a field away from us when somebody else gives it another value or removes it. What
 * it fills in itself, status, and what others add is not among them. Undefined when it names none.
 */
export function appliedFields(object: Json | undefined): string | undefined {
  const fields = ourFields(object);
  return fields.length === 0 ? undefined : digestOf(fields);
}

/**
 * Digest of the values of these fields. Of API servers to 1.21 a change through a subresource (`kubectl scale`) takes no field away from us, so only
 * this tells. Undefined when it names none.
 */
export function appliedValues(object: Json | undefined): string | undefined {
  const fields = ourFields(object);
  return fields.length === 0 ? undefined : digestOf(fields.map((set) => valuesOf(object, set)));
}

function ourFields(object: Json | undefined): readonly Json[] {
  return listAt(object, 'metadata', 'managedFields')
    .filter((entry) => textAt(entry, 'manager') === FIELD_MANAGER && textAt(entry, 'operation') === 'Apply')
    .map((entry) => objectAt(entry, 'fieldsV1'));
}

function digestOf(value: readonly Json[]): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}

/**
 * What a value has in a set of fields (FieldsV1: `f:` names a field, `k:` an element of a list by its keys, `v:` one by its value, `.` the thing
 * itself). A set without any names the whole value.
 */
function valuesOf(value: Json | undefined, set: Json): Json {
  const inside = Object.entries(objectAt(set));
  if (inside.length === 0) return value ?? null;
  return inside.map(([name, subset]) => [name, valuesOf(memberOf(value, name), subset)]);
}

function memberOf(value: Json | undefined, name: string): Json | undefined {
  if (name === '.') return value !== undefined;
  if (name.startsWith('f:')) return valueAt(value, name.slice(2));
  const elements = listAt(value);
  const wanted = parseJson(name.slice(2));
  if (name.startsWith('v:')) return elements.find((element) => element === wanted);
  if (!name.startsWith('k:') || !isObject(wanted)) return undefined;
  const keys = Object.entries(wanted);
  return elements.find((element) => keys.every(([key, text]) => valueAt(element, key) === text));
}

/** True for what a controller fills in over what was applied: the rules of an aggregated ClusterRole. */
export function isFilledIn(object: Json): boolean {
  return textAt(object, 'kind') === 'ClusterRole' && valueAt(object, 'aggregationRule') !== undefined;
}
