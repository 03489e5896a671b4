import { fail } from './problem.js';
import { PyFloat, type Value } from './values.js';

/** An int as a value: a number as long as that is exact, else a bigint. */
export function integer(value: bigint): number | bigint {
  return value >= MIN && value <= MAX ? Number(value) : value;
}

const MAX = BigInt(Number.MAX_SAFE_INTEGER);
const MIN = -MAX;

/** An integral number that has lost no digits. */
export function safeInteger(value: number): number {
  if (Number.isSafeInteger(value)) return value === 0 ? 0 : value;
  return fail(`the number ${value} has lost digits on its way: give it as a bigint, or as a PyFloat`);
}

/** The int in a value (True is 1), or undefined when it is none. */
export function integerIn(value: Value): number | bigint | undefined {
  if (typeof value === 'number') return Number.isInteger(value) ? safeInteger(value) : undefined;
  if (typeof value === 'bigint') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  return undefined;
}

/** The float in a value (not of an int), or undefined. */
export function floatIn(value: Value): number | undefined {
  if (value instanceof PyFloat) return value.value;
  return typeof value === 'number' && !Number.isInteger(value) ? value : undefined;
}

/** An int or a float as JavaScript's number, or undefined when the value is none. Fails for an int beyond what floats reach. */
export function numberIn(value: Value): number | undefined {
  const whole = integerIn(value);
  if (whole === undefined) return floatIn(value);
  const number = Number(whole);
  return Number.isFinite(number) ? number : fail('the int is too large for a float');
}

/** A small int, as an index or a width. */
export function smallInteger(value: Value, what: string): number {
  const whole = integerIn(value);
  if (typeof whole === 'number') return whole;
  return fail(`${what} has to be an int`);
}
