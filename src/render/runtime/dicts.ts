import { fail, unsupported } from './problem.js';
import { Callable, Iterated, Markup, PyFloat, Range, Tuple, typeName, Undefined, type Value } from './values.js';

interface Entry {
  readonly key: Value;
  value: Value;
}

/** A dict that a template made: any keys that Python can hash, in the order in which they came. */
export class Dict {
  readonly #entries = new Map<unknown, Entry>();

  constructor(entries: Iterable<readonly [Value, Value]> = []) {
    for (const [key, value] of entries) this.set(key, value);
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: Value): Value {
    return this.#entries.get(hash(key))?.value;
  }

  /** A key that is there already stays as it was first written. */
  set(key: Value, value: Value): void {
    const hashed = hash(key);
    const entry = this.#entries.get(hashed);
    if (entry) entry.value = value;
    else this.#entries.set(hashed, { key, value });
  }

  delete(key: Value): void {
    this.#entries.delete(hash(key));
  }

  clear(): void {
    this.#entries.clear();
  }

  keys(): Value[] {
    return Array.from(this.#entries.values(), ({ key }) => key);
  }

  values(): Value[] {
    return Array.from(this.#entries.values(), ({ value }) => value);
  }

  entries(): [Value, Value][] {
    return Array.from(this.#entries.values(), ({ key, value }) => [key, value]);
  }
}

/** `dict.keys()`, `.values()`, `.items()`: what they show is what the dict has at that moment. */
export class View {
  readonly kind: 'keys' | 'values' | 'items';
  readonly #dict: DictLike;

  constructor(kind: 'keys' | 'values' | 'items', dict: DictLike) {
    this.kind = kind;
    this.#dict = dict;
  }

  get length(): number {
    return sizeOf(this.#dict);
  }

  items(): Value[] {
    if (this.kind === 'keys') return keysOf(this.#dict);
    if (this.kind === 'values') return valuesOf(this.#dict);
    return entriesOf(this.#dict).map((entry) => new Tuple(entry));
  }

  has(value: Value): boolean | undefined {
    return this.kind === 'keys' ? getKey(this.#dict, value) !== undefined : undefined;
  }
}

/** What templates see as a dict: one of their own, or a plain object that they were given. */
export type DictLike = Dict | Readonly<Record<string, Value>>;

const converted = new WeakMap<ReadonlyMap<unknown, Value>, Dict>();

/** A value as a dict, or undefined when it is none. A Map that was given is read as one. */
export function asDict(value: Value): DictLike | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  if (value instanceof Dict) return value;
  if (value instanceof Map) {
    const known = converted.get(value) ?? new Dict(value);
    converted.set(value, known);
    return known;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return value as Readonly<Record<string, Value>>;
  // Objects of another realm, as those of vm contexts, have another Object.prototype.
  const plain = Object.getPrototypeOf(prototype) === null;
  return plain ? (value as Readonly<Record<string, Value>>) : undefined;
}

/** The value under a key; undefined when there is none. */
export function getKey(dict: DictLike, key: Value): Value {
  if (dict instanceof Dict) return dict.get(key);
  const text = key instanceof Markup ? key.text : key;
  if (typeof text === 'string') return Object.hasOwn(dict, text) ? dict[text] : undefined;
  hash(key);
  return undefined;
}

/** Keys in order. */
export function keysOf(dict: DictLike): Value[] {
  return dict instanceof Dict ? dict.keys() : Object.keys(dict).filter((key) => dict[key] !== undefined);
}

/** Values in order. */
export function valuesOf(dict: DictLike): Value[] {
  return dict instanceof Dict ? dict.values() : Object.values(dict).filter((value) => value !== undefined);
}

/** Keys and values in order. */
export function entriesOf(dict: DictLike): [Value, Value][] {
  return dict instanceof Dict ? dict.entries() : Object.entries(dict).filter(([, value]) => value !== undefined);
}

/** The number of keys. */
export function sizeOf(dict: DictLike): number {
  return dict instanceof Dict ? dict.size : keysOf(dict).length;
}

/** What tells keys apart as Python does: 1, 1.0 and True are one key, 1 and '1' are two. Lists and dicts are none. */
export function hash(key: Value): unknown {
  switch (typeof key) {
    case 'string':
    case 'number':
    case 'bigint':
      return key;
    case 'boolean':
      return key ? 1 : 0;
  }
  if (key === null) return null;
  if (key instanceof PyFloat) return Number.isSafeInteger(key.value) ? key.value : wide(key.value);
  if (key instanceof Markup) return key.text;
  if (key instanceof Tuple) return `tuple ${JSON.stringify(key.items.map(tagged))}`;
  if (key instanceof Undefined) {
    key.tolerate();
    return Undefined;
  }
  if (key instanceof Range || key instanceof Iterated || key instanceof Callable) {
    return unsupported(`a ${typeName(key)} as a key`);
  }
  return fail(`a ${typeName(key)} can not be a key (unhashable)`);
}

function wide(value: number): unknown {
  return Number.isFinite(value) ? BigInt(value) : value;
}

function tagged(item: Value): readonly string[] {
  const hashed = hash(item);
  return [hashed === null ? 'null' : typeof hashed === 'bigint' ? 'number' : typeof hashed, String(hashed)];
}
