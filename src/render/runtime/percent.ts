import { lengthOf } from './characters.js';
import { asDict, getKey } from './dicts.js';
import { floatDigits, floatFor, integerDigits, integerFor, isNegative } from './format-number.js';
import { floatIn, integer, integerIn, smallInteger } from './integers.js';
import { fail, unsupported } from './problem.js';
import { quoted, repr, str } from './text.js';
import { isText, Range, Tuple, Undefined, type Value } from './values.js';

const DIRECTIVE = /%(?:\(((?:[^()]|\([^()]*\))*)\))?([-+ #0]*)(\*|\d+)?(\.(?:\*|\d*))?[hlL]?([\s\S]?)/g;

/** Python's `text % values`. */
export function percentFormat(text: string, values: Value): string {
  const all = values instanceof Tuple ? values.items : [values];
  const dict = values instanceof Tuple || isText(values) ? undefined : asDict(values);
  let used = 0;
  const next = (): Value => {
    if (used >= all.length) fail('not enough arguments for format string');
    used += 1;
    return all[used - 1];
  };
  const formatted = text.replace(
    DIRECTIVE,
    (
      _,
      key: string | undefined,
      flags: string,
      width: string | undefined,
      precision: string | undefined,
      type: string,
    ) => {
      if (type === '') fail('incomplete format');
      const keyed = key !== undefined;
      if (keyed && !dict) fail('format requires a mapping');
      const named = keyed && dict ? getKey(dict, key) : undefined;
      if (keyed && named === undefined) fail(`KeyError: ${quoted(key ?? '')}`);
      const wide = width === '*' ? smallInteger(next(), 'a width') : Number(width ?? 0);
      const exact = precision === '.*' ? smallInteger(next(), 'a precision') : precision && Number(precision.slice(1));
      if (type === '%') return '%';
      const value = keyed ? named : next();
      return directive(value, type, wide < 0 ? `${flags}-` : flags, Math.abs(wide), exact === '' ? undefined : exact);
    },
  );
  const isMapping =
    dict !== undefined || Array.isArray(values) || values instanceof Undefined || values instanceof Range;
  if (used < all.length && !isMapping) fail('not all arguments converted during string formatting');
  return formatted;
}

function directive(value: Value, type: string, flags: string, width: number, precision: number | undefined): string {
  const left = flags.includes('-');
  const alternate = flags.includes('#');
  const text = textOf(value, type);
  if (text !== undefined) {
    const cut = precision === undefined || type === 'c' ? text : Array.from(text).slice(0, precision).join('');
    const fill = ' '.repeat(Math.max(0, width - lengthOf(cut)));
    return left ? cut + fill : fill + cut;
  }
  const digits = numberText(value, type, precision, alternate);
  const sign = isNegative(value) ? '-' : flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '';
  const fill = Math.max(0, width - sign.length - digits.length);
  if (left) return sign + digits + ' '.repeat(fill);
  if (!flags.includes('0')) return ' '.repeat(fill) + sign + digits;
  const prefix = /^0[xXo]/.exec(digits)?.[0] ?? '';
  return sign + prefix + '0'.repeat(fill) + digits.slice(prefix.length);
}

function textOf(value: Value, type: string): string | undefined {
  switch (type) {
    case 's':
      return str(value);
    case 'r':
      return repr(value);
    case 'a':
      return typeof value === 'string' ? quoted(value, true) : unsupported('%a of what is no text');
    case 'c': {
      if (typeof value === 'string' && lengthOf(value) === 1) return value;
      const code = smallInteger(value, 'a character');
      return code >= 0 && code < 0x11_00_00 ? String.fromCodePoint(code) : fail('%c arg not in range(0x110000)');
    }
  }
  return undefined;
}

function numberText(value: Value, type: string, precision: number | undefined, alternate: boolean): string {
  if (value instanceof Undefined) value.fail();
  switch (type) {
    case 'd':
    case 'i':
    case 'u':
      return integerDigits(truncated(value), 'd', false).padStart(precision ?? 0, '0');
    case 'o':
    case 'x':
    case 'X': {
      const digits = integerDigits(integerFor(value, type), type, false).padStart(precision ?? 0, '0');
      return alternate ? `0${type}${digits}` : digits;
    }
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G':
      return floatDigits(floatFor(value), type, precision, alternate);
  }
  return fail(`unsupported format character '${type}'`);
}

/** `%d` cuts off the fraction of a float. */
function truncated(value: Value): number | bigint {
  const fraction = floatIn(value);
  if (fraction === undefined) return integerIn(value) ?? fail('%d format: a real number is required');
  return Number.isFinite(fraction) ? integer(BigInt(Math.trunc(fraction))) : fail('cannot convert float to integer');
}
