import { characters, lengthOf } from './characters.js';
import { asDict, keysOf, sizeOf, View } from './dicts.js';
import { fail } from './problem.js';
import { Iterated, Markup, owned, Range, Tuple, typeName, Undefined, type Value } from './values.js';

/** What a value gives when it is gone through: items, keys of a dict, characters. Undefined when it can't be. */
export function iterableOf(value: Value): Iterable<Value> | undefined {
  if (Array.isArray(value)) return value;
  if (typeof value === 'string') return characters(value);
  if (typeof value !== 'object' || value === null) return undefined;
  if (value instanceof Tuple) return value.items;
  if (value instanceof Iterated || value instanceof Range) return value;
  if (value instanceof View) return value.items();
  if (value instanceof Markup) return characters(value.text).map((one) => new Markup(one));
  if (value instanceof Undefined) {
    value.tolerate();
    return [];
  }
  const dict = asDict(value);
  return dict && keysOf(dict);
}

/** The same, or a failure. */
export function iterate(value: Value): Iterable<Value> {
  if (Array.isArray(value)) return value;
  return iterableOf(value) ?? fail(`a ${typeName(value)} can not be gone through`);
}

/** All items, in an array that may be changed. */
export function listOf(value: Value): Value[] {
  return owned(Array.from(iterate(value)));
}

/** Python's `len()`; undefined when a value has none. */
export function sizeIfAny(value: Value): number | undefined {
  if (Array.isArray(value)) return value.length;
  if (typeof value === 'string') return lengthOf(value);
  if (typeof value !== 'object' || value === null) return undefined;
  if (value instanceof Tuple) return value.items.length;
  if (value instanceof Range || value instanceof View) return value.length;
  if (value instanceof Markup) return lengthOf(value.text);
  if (value instanceof Undefined) {
    value.tolerate();
    return 0;
  }
  const dict = asDict(value);
  return dict && sizeOf(dict);
}

/** Python's `len()`. */
export function size(value: Value): number {
  return sizeIfAny(value) ?? fail(`a ${typeName(value)} has no length`);
}

/** Exactly this many items, for `a, b = value`. */
export function unpack(value: Value, count: number): readonly Value[] {
  const items = value instanceof Tuple ? value.items : Array.isArray(value) ? value : Array.from(iterate(value));
  if (items.length === count) return items;
  return fail(`expected ${count} values, got ${items.length}`);
}
