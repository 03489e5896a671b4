import { exponential, fixed, general } from './decimals.js';
import { floatIn, integerIn, numberIn } from './integers.js';
import { fail } from './problem.js';
import { floatText } from './text.js';
import type { Value } from './values.js';

/** Digits of an int in another base, without sign and prefix. */
export function inBase(value: number | bigint, base: number): string {
  const text = value.toString(base);
  return text.startsWith('-') ? text.slice(1) : text;
}

const BASES: Readonly<Record<string, readonly [number, string]>> = {
  b: [2, '0b'],
  o: [8, '0o'],
  x: [16, '0x'],
  X: [16, '0X'],
};

/** An int without its sign; `alternate`: with a prefix. */
export function integerDigits(value: number | bigint, type: string, alternate: boolean): string {
  const [base, prefix] = BASES[type] ?? [10, ''];
  const digits = inBase(value, base);
  return (alternate ? prefix : '') + (type === 'X' ? digits.toUpperCase() : digits);
}

/** A float without its sign, by the type of a format. */
export function floatDigits(value: number, type: string, precision: number | undefined, alternate: boolean): string {
  const size = Math.abs(value);
  const upper = type === type.toUpperCase() && type !== '%' && type !== '';
  const cased = (text: string) => (upper ? text.toUpperCase() : text);
  if (!Number.isFinite(size)) return cased(Number.isNaN(size) ? 'nan' : 'inf') + (type === '%' ? '%' : '');
  const point = (text: string) => (alternate && !text.includes('.') ? text.replace(/(?=e|$)/, '.') : text);
  switch (type.toLowerCase()) {
    case 'f':
      return cased(point(fixed(size, precision ?? 6)));
    case 'e':
      return cased(point(exponential(size, precision ?? 6)));
    case 'g':
    case 'n':
      return cased(point(general(size, precision ?? 6, alternate)));
    case '%':
      return `${point(fixed(size * 100, precision ?? 6))}%`;
  }
  if (precision === undefined) return floatText(size);
  const text = general(size, precision, alternate, precision);
  return text.includes('.') || text.includes('e') ? text : `${text}.0`;
}

/** An int for a format that takes ints only. */
export function integerFor(value: Value, type: string): number | bigint {
  return integerIn(value) ?? fail(`the format %${type} needs an int`);
}

/** A float for a format of floats: ints are taken too. */
export function floatFor(value: Value): number {
  return numberIn(value) ?? fail('a number is needed for this format');
}

/** Whether a number is written with a minus sign. */
export function isNegative(value: Value): boolean {
  const fraction = floatIn(value);
  return fraction === undefined ? Number(integerIn(value) ?? 0) < 0 : fraction < 0 || Object.is(fraction, -0);
}
