import { isWide } from './characters.js';
import { asDict, entriesOf, getKey, sizeOf, View } from './dicts.js';
import { floatIn, integerIn, numberIn } from './integers.js';
import { iterableOf } from './iterate.js';
import { fail } from './problem.js';
import { isText, Markup, PyFloat, Range, Tuple, typeName, Undefined, type Value } from './values.js';

/** `left == right`. */
export function equal(left: Value, right: Value): boolean {
  if (left === right) return left instanceof Undefined ? sameUndefined(left, right) : true;
  if (typeof left === 'string' && typeof right === 'string') return false;
  if (left instanceof Undefined || right instanceof Undefined) return sameUndefined(left, right);
  if (left === null || right === null) return false;
  const [a, b] = [numeric(left), numeric(right)];
  if (a !== undefined || b !== undefined) return a !== undefined && b !== undefined && sameNumber(a, b);
  if (isText(left) && isText(right)) return textOf(left) === textOf(right);
  if (Array.isArray(left)) return Array.isArray(right) && sameItems(left, right);
  if (left instanceof Tuple) return right instanceof Tuple && sameItems(left.items, right.items);
  if (left instanceof Range) return right instanceof Range && sameItems([...left], [...right]);
  const [one, other] = [asDict(left), asDict(right)];
  if (!one || !other || sizeOf(one) !== sizeOf(other)) return false;
  return entriesOf(one).every(([key, value]) => {
    const found = getKey(other, key);
    return found !== undefined && equal(value, found);
  });
}

function sameUndefined(left: Value, right: Value): boolean {
  if (left instanceof Undefined) left.tolerate();
  if (right instanceof Undefined) right.tolerate();
  return left instanceof Undefined && right instanceof Undefined;
}

function numeric(value: Value): number | bigint | undefined {
  return integerIn(value) ?? floatIn(value);
}

/** JavaScript orders a bigint and a number exactly, where `===` calls them different; NaN is in no order. */
function sameNumber(left: number | bigint, right: number | bigint): boolean {
  return left <= right && left >= right;
}

function sameItems(left: readonly Value[], right: readonly Value[]): boolean {
  return left.length === right.length && left.every((item, index) => equal(item, right[index]));
}

function textOf(value: string | Markup): string {
  return typeof value === 'string' ? value : value.text;
}

/** Less than 0, 0 or more than 0, as Python orders; fails for values that have no order, NaN for those that are never in one. */
export function order(left: Value, right: Value, operator = '<'): number {
  if (typeof left === 'string' && typeof right === 'string') return orderTexts(left, right);
  const [a, b] = [numeric(left), numeric(right)];
  if (a !== undefined && b !== undefined) {
    if (a < b) return -1;
    if (a > b) return 1;
    return sameNumber(a, b) ? 0 : Number.NaN;
  }
  if (isText(left) && isText(right)) return orderTexts(textOf(left), textOf(right));
  if (Array.isArray(left) && Array.isArray(right)) return orderItems(left, right, operator);
  if (left instanceof Tuple && right instanceof Tuple) return orderItems(left.items, right.items, operator);
  if (left instanceof Undefined) left.fail();
  if (right instanceof Undefined) right.fail();
  return fail(`'${operator}' is not supported between '${typeName(left)}' and '${typeName(right)}'`);
}

/** By code points. */
function orderTexts(left: string, right: string): number {
  if (left === right) return 0;
  if (!isWide(left) && !isWide(right)) return left < right ? -1 : 1;
  const [one, other] = [Array.from(left), Array.from(right)];
  const at = one.findIndex((character, index) => character !== other[index]);
  if (at < 0) return -1;
  return (one[at]?.codePointAt(0) ?? -1) - (other[at]?.codePointAt(0) ?? -1);
}

function orderItems(left: readonly Value[], right: readonly Value[], operator: string): number {
  const at = left.findIndex((item, index) => index >= right.length || !equal(item, right[index]));
  if (at < 0) return left.length - right.length;
  return at >= right.length ? 1 : order(left[at], right[at], operator);
}

/** `left < right`. */
export function less(left: Value, right: Value): boolean {
  return order(left, right, '<') < 0;
}

/** `left <= right`. */
export function lessOrEqual(left: Value, right: Value): boolean {
  return order(left, right, '<=') <= 0;
}

/** `left > right`. */
export function greater(left: Value, right: Value): boolean {
  return order(left, right, '>') > 0;
}

/** `left >= right`. */
export function greaterOrEqual(left: Value, right: Value): boolean {
  return order(left, right, '>=') >= 0;
}

/** `value in container`: a part of a text, an item of a list, a key of a dict. */
export function contains(container: Value, value: Value): boolean {
  if (isText(container)) {
    if (isText(value)) return textOf(container).includes(textOf(value));
    return fail(`'in' of a text needs a text before it, not ${typeName(value)}`);
  }
  if (container instanceof Range) {
    const number = numberIn(value);
    if (number === undefined) return false;
    const index = (number - container.start) / container.step;
    return Number.isInteger(index) && index >= 0 && index < container.length;
  }
  const dict = asDict(container);
  if (dict) return getKey(dict, value) !== undefined;
  const known = container instanceof View ? container.has(value) : undefined;
  if (known !== undefined) return known;
  const items = iterableOf(container) ?? fail(`'in' does not work on a ${typeName(container)}`);
  for (const item of items)
    if (item === value ? !(item instanceof Undefined) || equal(item, value) : equal(item, value)) return true;
  return false;
}

/** Python's truth of a value. */
export function truth(value: Value): boolean {
  switch (typeof value) {
    case 'boolean':
      return value;
    case 'string':
      return value !== '';
    case 'number':
      // NaN is true in Python.
      return value !== 0;
    case 'bigint':
      return value !== 0n;
  }
  if (value === null) return false;
  if (Array.isArray(value)) return value.length > 0;
  if (value instanceof Undefined) {
    value.tolerate();
    return false;
  }
  if (value instanceof PyFloat) return value.value !== 0;
  if (value instanceof Markup) return value.text !== '';
  if (value instanceof Tuple) return value.items.length > 0;
  if (value instanceof Range || value instanceof View) return value.length > 0;
  const dict = asDict(value);
  return dict ? sizeOf(dict) > 0 : true;
}

/** The same object, as Python's `is`. */
export function same(left: Value, right: Value): boolean {
  if (left instanceof Undefined || right instanceof Undefined) return left === right;
  const simple = [left, right].some(
    (value) => ['number', 'string', 'bigint'].includes(typeof value) || value instanceof PyFloat,
  );
  if (!simple || typeName(left) !== typeName(right)) return left === right;
  if (typeof left === 'number' && typeof right === 'number' && left === right && left >= -5 && left <= 256) return true;
  if (!equal(left, right)) return false;
  return fail("whether two equal texts or numbers are the same object is not supported: write '=='");
}
