import { lengthOf } from './characters.js';
import { floatDigits, floatFor, integerDigits, isNegative } from './format-number.js';
import { floatIn, integerIn } from './integers.js';
import { fail, unsupported } from './problem.js';
import { str } from './text.js';
import { isText, typeName, Undefined, type Value } from './values.js';

const SPEC = /^(?:([\s\S])?([<>=^]))?([-+ ])?(z)?(#)?(0)?(\d+)?([_,])?(?:\.(\d+))?([a-zA-Z%])?$/u;

/** Python's `format(value, spec)`: a field of `str.format`. */
export function formatValue(value: Value, spec: string): string {
  if (value instanceof Undefined) value.tolerate();
  if (spec === '') return str(value);
  const match = SPEC.exec(spec) ?? fail(`invalid format specifier '${spec}'`);
  const [, fill, align, sign, negativeZero, alternate, zero, width, grouping, precision, type] = match;
  if (negativeZero) unsupported('"z" in a format');
  const layout: Layout = {
    fill: fill ?? (zero && !align ? '0' : ' '),
    align: align ?? (zero ? '=' : ''),
    width: Number(width ?? 0),
    sign: sign ?? '',
    grouping: grouping ?? '',
  };
  const exact = precision === undefined ? undefined : Number(precision);
  if (isText(value)) return text(str(value), layout, exact, type, alternate !== undefined || sign !== undefined);
  const whole = integerIn(value);
  if (whole !== undefined && !/[eEfFgG%]/.test(type ?? '')) {
    if (exact !== undefined) fail('Precision not allowed in integer format specifier');
    if (type === 'c' || type === 'n') unsupported(`the format "${type}"`);
    if (!/^[bdoxX]?$/.test(type ?? '')) fail(`unknown format code '${type}' for an int`);
    return number(value, integerDigits(whole, type ?? 'd', alternate !== undefined), layout);
  }
  if (whole !== undefined || floatIn(value) !== undefined) {
    if (type === 'n' || !/^[eEfFgG%]?$/.test(type ?? '')) fail(`unknown format code '${type}' for a float`);
    return number(value, floatDigits(floatFor(value), type ?? '', exact, alternate !== undefined), layout);
  }
  return fail(`unsupported format string for a ${typeName(value)}`);
}

interface Layout {
  readonly fill: string;
  readonly align: string;
  readonly width: number;
  readonly sign: string;
  readonly grouping: string;
}

function text(
  value: string,
  layout: Layout,
  precision: number | undefined,
  type: string | undefined,
  signed: boolean,
): string {
  if (type !== undefined && type !== 's') fail(`unknown format code '${type}' for a text`);
  if (signed || (layout.align === '=' && layout.fill !== '0') || layout.grouping !== '')
    fail('this format is not allowed for a text');
  const cut = precision === undefined ? value : Array.from(value).slice(0, precision).join('');
  // Before Python 3.10 a zero before the width was an error for texts; from then on it fills to the right.
  return aligned(cut, layout.align === '=' ? '<' : layout.align || '<', layout);
}

function number(value: Value, digits: string, layout: Layout): string {
  const sign = isNegative(value) ? '-' : layout.sign === '-' ? '' : layout.sign;
  const grouped = layout.grouping === '' ? digits : group(digits, layout.grouping);
  if (layout.align !== '=') return aligned(sign + grouped, layout.align || '>', layout);
  const prefix = /^0[xXob]/.exec(grouped)?.[0] ?? '';
  const rest = grouped.slice(prefix.length);
  if (layout.fill === '0' && layout.grouping !== '') return unsupported('a format with both zeros and separators');
  return sign + prefix + layout.fill.repeat(Math.max(0, layout.width - sign.length - grouped.length)) + rest;
}

/** Separators between thousands; for other bases than ten, of four digits. */
function group(digits: string, separator: string): string {
  const [, prefix = '', whole = '', rest = ''] = /^(0[xXob])?([\da-fA-F]+)([\s\S]*)$/.exec(digits) ?? [];
  if (prefix !== '' || !/^\d+$/.test(whole)) return unsupported('separators in other bases than ten');
  return prefix + whole.replace(/\B(?=(\d{3})+$)/g, separator) + rest;
}

function aligned(value: string, align: string, { fill, width }: Layout): string {
  const missing = Math.max(0, width - lengthOf(value));
  if (align === '<') return value + fill.repeat(missing);
  if (align === '>') return fill.repeat(missing) + value;
  const left = Math.floor(missing / 2);
  return fill.repeat(left) + value + fill.repeat(missing - left);
}
