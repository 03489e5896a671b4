import { asDict, Dict, entriesOf, View } from './dicts.js';
import { safeInteger } from './integers.js';
import { unsupported } from './problem.js';
import { Callable, Iterated, Markup, PyFloat, Range, Tuple, typeName, Undefined, type Value } from './values.js';

/** A value with a text of its own: macros, loops, namespaces. */
export interface Printable {
  print(): string;
}

function isPrintable(value: object): value is Printable {
  return 'print' in value && typeof value.print === 'function' && !(asDict(value) !== undefined);
}

/** Python's `str()`: what `{{ value }}` prints. */
export function str(value: Value): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
  if (value instanceof Markup) return value.text;
  if (value instanceof Undefined) {
    value.tolerate();
    return '';
  }
  return repr(value);
}

/** Python's `repr()`: what stands inside of printed lists and dicts. */
export function repr(value: Value): string {
  switch (typeof value) {
    case 'string':
      return quoted(value);
    case 'number':
      return Number.isInteger(value) ? String(safeInteger(value)) : floatText(value);
    case 'bigint':
      return String(value);
    case 'boolean':
      return value ? 'True' : 'False';
    case 'function':
      return unsupported('the text of a function');
  }
  if (value === null) return 'None';
  if (value === undefined) return unsupported('the text of undefined');
  if (Array.isArray(value)) return `[${value.map(repr).join(', ')}]`;
  if (value instanceof Tuple) {
    const [only] = value.items;
    return value.items.length === 1 ? `(${repr(only)},)` : `(${value.items.map(repr).join(', ')})`;
  }
  if (value instanceof PyFloat) return floatText(value.value);
  if (value instanceof Markup) return `Markup(${quoted(value.text)})`;
  if (value instanceof Undefined) return 'Undefined';
  if (value instanceof Range) return rangeText(value);
  if (value instanceof View) return `dict_${value.kind}([${value.items().map(repr).join(', ')}])`;
  const dict = asDict(value);
  if (dict)
    return `{${entriesOf(dict)
      .map(([key, item]) => `${repr(key)}: ${repr(item)}`)
      .join(', ')}}`;
  if (isPrintable(value)) return value.print();
  return unsupported(`the text of a ${printedName(value)}`);
}

function printedName(value: object): string {
  if (value instanceof Iterated) return 'generator (make a list of it first)';
  return value instanceof Callable || value instanceof Dict ? typeName(value) : value.constructor.name;
}

function rangeText({ start, stop, step }: Range): string {
  return step === 1 ? `range(${start}, ${stop})` : `range(${start}, ${stop}, ${step})`;
}

/** A float as Python prints it: the shortest text that reads back as the same. */
export function floatText(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  if (Object.is(value, -0)) return '-0.0';
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e16 || size < 1e-4)) {
    const [digits = '', exponent = ''] = value.toExponential().split('e');
    const sign = exponent.startsWith('-') ? '-' : '+';
    return `${digits}e${sign}${exponent.replace(/[-+]/, '').padStart(2, '0')}`;
  }
  const text = String(value);
  return text.includes('.') ? text : `${text}.0`;
}

const SPECIAL: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };
const PLAIN = /^[\x20-\x26\x28-\x5b\x5d-\x7e]*$/;
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Zs}\\]/gu;

/** A string as Python writes it in code. `ascii`: everything outside of ASCII as escapes, as in `ascii()`. */
export function quoted(text: string, ascii = false): string {
  if (PLAIN.test(text)) return `'${text}'`;
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  let inner = text.replace(UNPRINTABLE, (character) => {
    if (character === ' ') return character;
    return SPECIAL[character] ?? codeEscape(character.codePointAt(0) ?? 0);
  });
  if (quote === "'") inner = inner.replaceAll("'", "\\'");
  if (ascii) inner = inner.replace(/\P{ASCII}/gu, (character) => codeEscape(character.codePointAt(0) ?? 0));
  return quote + inner + quote;
}

function codeEscape(code: number): string {
  const hex = code.toString(16);
  if (code <= 0xff) return `\\x${hex.padStart(2, '0')}`;
  return code <= 0xff_ff ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
}
