import type { Json, JsonObject } from '../model/json.js';
import { isObject, listAt, textAt } from '../model/json-path.js';
import { MASK } from '../model/secret.js';
import type { Drift } from '../model/stamp.js';
import { describe, idOf } from './identity.js';
import { parseQuantity } from './quantity.js';

/** Where a value is in an object: `spec.template.spec.containers[main].image`. */
interface Place {
  readonly path: string;
  /** The last part of the path, or what an element of a list is called: `image`, `DB_PASSWORD`. */
  readonly name: string;
  readonly secret: boolean;
}

/** What is not shown of objects that are no Secrets: values under a name like this. */
const SECRET_NAME = /(password|passwd|token|secret|credentials?|private[-_.]?key)$/i;
const LONGEST = 60;

/**
 * The fields of an object as it was applied that have another value now. What others added, and what the API server filled in, is not among them.
 * Values of Secrets are masked, and so are those that are called like one.
 */
export function driftOf(applied: JsonObject, live: JsonObject | undefined): readonly Drift[] {
  const id = idOf(applied);
  if (id === undefined || live === undefined) return [];
  const object = describe(id);
  const found: Drift[] = [];
  const isSecret = id.kind === 'Secret';
  for (const [field, value] of Object.entries(applied)) {
    if (field === 'apiVersion' || field === 'kind' || field === 'status') continue;
    const secret = isSecret && (field === 'data' || field === 'stringData');
    compare(value, live[field], { path: field, name: field, secret }, (place, from, to) => {
      found.push({ object, ...told(place, from, to) });
    });
  }
  return found;
}

type Tell = (place: Place, applied: Json | undefined, found: Json | undefined) => void;

function compare(applied: Json | undefined, found: Json | undefined, place: Place, tell: Tell): void {
  if (isEmpty(applied)) return;
  if (isObject(applied) && isObject(found)) {
    for (const [key, value] of Object.entries(applied)) compare(value, found[key], fieldOf(place, key), tell);
    return;
  }
  if (isLists(applied, found)) {
    compareLists(listAt(applied), listAt(found), place, tell);
    return;
  }
  if (!isSame(applied, found)) tell(place, applied, found);
}

/** Lists whose elements have a key are compared by that; others as a whole. */
function compareLists(applied: readonly Json[], found: readonly Json[], place: Place, tell: Tell): void {
  const key = keyOf(applied);
  if (key === undefined) {
    const isEqual = applied.length === found.length && applied.every((one, index) => isSame(one, found[index]));
    if (!isEqual) tell(place, [...applied], [...found]);
    return;
  }
  for (const one of applied) {
    const name = String(isObject(one) ? one[key] : '');
    const other = found.find((candidate) => isObject(candidate) && String(candidate[key]) === name);
    compare(one, other, { path: `${place.path}[${name}]`, name, secret: place.secret }, tell);
  }
}

/** By what elements of the lists of Kubernetes are told apart. */
const KEYS = ['mountPath', 'name', 'containerPort', 'port', 'ip', 'key'] as const;

function keyOf(list: readonly Json[]): string | undefined {
  return KEYS.find((key) => {
    const values = list.map((one) => (isObject(one) ? one[key] : undefined));
    return values.length > 0 && !values.includes(undefined) && new Set(values).size === values.length;
  });
}

function fieldOf({ path, name, secret }: Place, key: string): Place {
  const step = /^[A-Za-z0-9_-]+$/.test(key) ? `.${key}` : `[${key}]`;
  // The value of a variable is called like the variable.
  return { path: `${path}${step}`, name: key === 'value' ? name : key, secret };
}

function isLists(applied: Json | undefined, found: Json | undefined): boolean {
  return Array.isArray(applied) && Array.isArray(found);
}

/** The API server leaves out what is empty. */
function isEmpty(value: Json | undefined): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

function isSame(applied: Json | undefined, found: Json | undefined): boolean {
  if (applied === found) return true;
  if (isZero(applied) && (found === undefined || isZero(found))) return true;
  if (isObject(applied) && isObject(found)) {
    return Object.entries(applied).every(([key, value]) => isSame(value, found[key]));
  }
  if (isLists(applied, found)) {
    const [one, other] = [listAt(applied), listAt(found)];
    return one.length === other.length && one.every((value, index) => isSame(value, other[index]));
  }
  const quantity = quantityOf(applied);
  return quantity !== undefined && quantity === quantityOf(found);
}

/** What stands for nothing: an API server leaves it out. */
function isZero(value: Json | undefined): boolean {
  return value === null || value === '' || value === false || value === 0 || isEmpty(value);
}

/** `0.5` and `500m` are the same, and `1` and `"1"`. */
function quantityOf(value: Json | undefined): number | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'string' ? parseQuantity(value) : undefined;
}

function told(place: Place, applied: Json | undefined, found: Json | undefined): Omit<Drift, 'object'> {
  const field = place.path;
  const isMasked = place.secret || ([applied, found].some(isText) && SECRET_NAME.test(place.name));
  if (isMasked) return { field, ...(applied != null && { applied: MASK }), ...(found != null && { found: MASK }) };
  return differentLine(field, applied, found) ?? { field, ...valuesOf(textOf(applied), textOf(found)) };
}

function valuesOf(applied: string | undefined, found: string | undefined): Pick<Drift, 'applied' | 'found'> {
  return { ...(applied !== undefined && { applied }), ...(found !== undefined && { found }) };
}

function isText(value: Json | undefined): boolean {
  return typeof value === 'string';
}

/** Of texts with several lines the first that differs. */
function differentLine(
  field: string,
  applied: Json | undefined,
  found: Json | undefined,
): Omit<Drift, 'object'> | undefined {
  if (typeof applied !== 'string' || typeof found !== 'string' || !(applied + found).includes('\n')) return undefined;
  const [one, other] = [applied.split('\n'), found.split('\n')];
  const line = one.findIndex((text, index) => text !== other[index]);
  const at = line < 0 ? one.length : line;
  return { field: `${field} line ${at + 1}`, ...valuesOf(textOf(one[at]), textOf(other[at])) };
}

function textOf(value: Json | undefined): string | undefined {
  return value === undefined ? undefined : short(masked(value));
}

/** An element that was removed is shown without its secrets. */
function masked(value: Json, name = ''): Json {
  if (Array.isArray(value)) return value.map((one: Json) => masked(one));
  if (!isObject(value)) return typeof value === 'string' && SECRET_NAME.test(name) ? MASK : value;
  const own = textAt(value, 'name') ?? '';
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, masked(inner, key === 'value' ? own : key)]),
  );
}

function short(value: Json): string {
  const text = JSON.stringify(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}...` : text;
}
