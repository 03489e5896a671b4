import { add, divide, multiply, negate } from '../runtime/arithmetic.js';
import { SPACE } from '../runtime/characters.js';
import { truth } from '../runtime/compare.js';
import { fixed, roundFloat, roundInteger } from '../runtime/decimals.js';
import { floatIn, integer, integerIn, numberIn, smallInteger } from '../runtime/integers.js';
import { iterate } from '../runtime/iterate.js';
import { power } from '../runtime/power.js';
import { fail } from '../runtime/problem.js';
import type { Environment, FilterRow } from '../runtime/rows.js';
import { textIn } from '../runtime/string-methods.js';
import { str } from '../runtime/text.js';
import { float, isText, typeName, Undefined, type Value } from '../runtime/values.js';
import { attributeGetter } from './shared.js';

const TRIM = new RegExp(`^[${SPACE}]+|[${SPACE}]+$`, 'g');
const FLOAT =
  /^[+-]?(?:(?:\d+(?:_\d+)*\.?(?:\d+(?:_\d+)*)?|\.\d+(?:_\d+)*)(?:e[+-]?\d+(?:_\d+)*)?|inf(?:inity)?|nan)$/i;

/** Python's `float(text)`; undefined when it is none. */
function parseFloatText(text: string): number | undefined {
  const bare = text.replace(TRIM, '');
  if (!FLOAT.test(bare)) return undefined;
  const plain = bare.replaceAll('_', '').toLowerCase();
  if (plain.includes('nan')) return Number.NaN;
  if (plain.includes('inf')) return plain.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return Number(plain);
}

const PREFIXES: Readonly<Record<string, number>> = { b: 2, o: 8, x: 16 };

/** Python's `int(text, base)`; undefined when it is none. */
function parseIntText(text: string, base: number): bigint | undefined {
  const [, sign = '', prefix, rest = ''] = /^([+-]?)(?:0([box])_?)?(.*)$/i.exec(text.replace(TRIM, '')) ?? [];
  const named = prefix === undefined ? undefined : PREFIXES[prefix.toLowerCase()];
  const usesPrefix = named !== undefined && (base === 0 || base === named);
  const digits = named !== undefined && !usesPrefix ? `0${prefix}${rest}` : rest;
  const radix = usesPrefix ? named : base === 0 ? 10 : base;
  if (!/^[\da-z]+(?:_[\da-z]+)*$/i.test(digits)) return undefined;
  const plain = digits.replaceAll('_', '').toLowerCase();
  if (base === 0 && !usesPrefix && /^0+[1-9]/.test(plain)) return undefined;
  let value = 0n;
  for (const digit of plain) {
    const worth = Number.parseInt(digit, 36);
    if (worth >= radix) return undefined;
    value = value * BigInt(radix) + BigInt(worth);
  }
  return sign === '-' ? -value : value;
}

function toInt(value: Value, otherwise: Value, base: Value): Value {
  if (value instanceof Undefined) value.fail();
  const whole = integerIn(value);
  if (whole !== undefined) return whole;
  const radix = base === undefined ? 10 : smallInteger(base, 'the base');
  const text = isText(value) ? str(value) : undefined;
  const parsed = text === undefined ? undefined : parseIntText(text, radix);
  if (parsed !== undefined) return integer(parsed);
  const fraction = text === undefined ? floatIn(value) : parseFloatText(text);
  if (fraction === undefined || !Number.isFinite(fraction)) return otherwise === undefined ? 0 : otherwise;
  return integer(BigInt(Math.trunc(fraction)));
}

function toFloat(value: Value, otherwise: Value): Value {
  if (value instanceof Undefined) value.fail();
  const parsed = isText(value) ? parseFloatText(str(value)) : numberIn(value);
  return parsed === undefined ? (otherwise === undefined ? float(0) : otherwise) : float(parsed);
}

function round(value: Value, precision: Value, method: Value): Value {
  const way = method === undefined ? 'common' : textIn(method);
  const digits = precision === undefined ? 0 : smallInteger(precision, 'the precision');
  if (!['common', 'ceil', 'floor'].includes(way)) fail('method must be common, ceil or floor');
  if (value instanceof Undefined) value.fail();
  const whole = integerIn(value);
  const fraction = floatIn(value);
  if (whole === undefined && fraction === undefined) return fail(`a ${typeName(value)} can not be rounded`);
  if (way !== 'common') {
    const unit = power(10, digits);
    const moved = multiply(value, unit);
    const number = numberIn(moved) ?? 0;
    if (!Number.isFinite(number)) fail('cannot convert float to integer');
    const cut = integerIn(moved) ?? integer(BigInt(way === 'ceil' ? Math.ceil(number) : Math.floor(number)));
    return divide(cut, unit);
  }
  if (whole !== undefined) return digits >= 0 ? whole : integer(roundInteger(BigInt(whole), digits));
  return float(roundFloat(fraction ?? 0, digits));
}

function sum(env: Environment, value: Value, attribute: Value, start: Value): Value {
  const get = attributeGetter(env, attribute);
  let total: Value = start === undefined ? 0 : start;
  if (isText(total)) fail("sum() can't sum texts");
  for (const item of iterate(value)) total = add(total, get(item));
  return total;
}

const UNITS = ['k', 'M', 'G', 'T', 'P', 'E', 'Z', 'Y'];

function fileSize(value: Value, binary: Value): string {
  const bytes = isText(value) ? (parseFloatText(str(value)) ?? fail('the size is no number')) : numberIn(value);
  if (bytes === undefined) return fail('the size is no number');
  const isBinary = binary !== undefined && truth(binary);
  const base = isBinary ? 1024 : 1000;
  if (bytes === 1) return '1 Byte';
  if (bytes < base) return `${Math.trunc(bytes)} Bytes`;
  const last = UNITS.length - 1;
  const at = UNITS.findIndex((_, index) => index === last || bytes < base ** (index + 2));
  const unit = UNITS[at] ?? '';
  const amount = (base * bytes) / base ** (at + 2);
  return `${fixed(amount, 1)} ${isBinary ? unit.toUpperCase() : unit}${isBinary ? 'iB' : 'B'}`;
}

function abs(value: Value): Value {
  const whole = integerIn(value);
  if (whole !== undefined) return whole < 0 ? negate(whole) : whole;
  const fraction = floatIn(value);
  if (value instanceof Undefined) value.fail();
  return fraction === undefined ? fail(`a ${typeName(value)} has no absolute value`) : float(Math.abs(fraction));
}

/** Filters to and from numbers. */
export const numberFilters: Readonly<Record<string, FilterRow>> = {
  abs: { parameters: [], run: (_, value) => abs(value) },
  filesizeformat: { parameters: ['binary?'], text: true, run: (_, value, binary: Value) => fileSize(value, binary) },
  float: { parameters: ['default?'], run: (_, value, otherwise: Value) => toFloat(value, otherwise) },
  int: {
    parameters: ['default?', 'base?'],
    run: (_, value, otherwise: Value, base: Value) => toInt(value, otherwise, base),
  },
  round: {
    parameters: ['precision?', 'method?'],
    run: (_, value, precision: Value, way: Value) => round(value, precision, way),
  },
  sum: {
    parameters: ['attribute?', 'start?'],
    run: (env, value, attribute: Value, start: Value) => sum(env, value, attribute, start),
  },
};
