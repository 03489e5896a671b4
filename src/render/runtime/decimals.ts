import { split } from './power.js';

/** A quotient of two positive ints, rounded; halves to the even neighbour. */
function rounded(top: bigint, bottom: bigint): bigint {
  const quotient = top / bottom;
  const twice = (top % bottom) * 2n;
  return twice > bottom || (twice === bottom && quotient % 2n === 1n) ? quotient + 1n : quotient;
}

/** `|value| * 10 ** digits`, rounded from the exact value. */
function scaled(value: number, digits: number): bigint {
  const { mantissa, shift } = split(Math.abs(value));
  const top = mantissa * (digits > 0 ? 10n ** BigInt(digits) : 1n) * (shift > 0 ? 1n << BigInt(shift) : 1n);
  const bottom = (digits < 0 ? 10n ** BigInt(-digits) : 1n) * (shift < 0 ? 1n << BigInt(-shift) : 1n);
  return rounded(top, bottom);
}

function signOf(value: number): string {
  return value < 0 || Object.is(value, -0) ? '-' : '';
}

/** A finite float with this many digits after the point, as C's `%.<digits>f`. */
export function fixed(value: number, digits: number): string {
  const text = String(scaled(value, digits)).padStart(digits + 1, '0');
  const whole = text.slice(0, text.length - digits);
  return `${signOf(value)}${whole}${digits > 0 ? `.${text.slice(-digits)}` : ''}`;
}

/** Digits and exponent of a finite float, rounded to `count` digits. */
function digitsOf(value: number, count: number): { readonly digits: string; readonly exponent: number } {
  if (value === 0) return { digits: '0'.repeat(count), exponent: 0 };
  let exponent = Number(Math.abs(value).toExponential().split('e')[1]);
  let digits = String(scaled(value, count - 1 - exponent));
  if (digits.length > count) {
    exponent += 1;
    digits = String(scaled(value, count - 1 - exponent));
  }
  return { digits, exponent };
}

function exponentText(exponent: number): string {
  return `e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
}

/** As C's `%.<digits>e`. */
export function exponential(value: number, digits: number): string {
  const { digits: all, exponent } = digitsOf(value, digits + 1);
  const fraction = digits > 0 ? `.${all.slice(1)}` : '';
  return `${signOf(value)}${all.charAt(0)}${fraction}${exponentText(exponent)}`;
}

/** As C's `%.<digits>g`. `keepZeros`: the `#` of a format. `from`: exponents from here on are written with `e`. */
export function general(value: number, digits: number, keepZeros = false, from = Math.max(digits, 1)): string {
  const count = Math.max(digits, 1);
  const { digits: all, exponent } = digitsOf(value, count);
  const trim = (text: string) => (keepZeros || !text.includes('.') ? text : text.replace(/\.?0+$/, ''));
  if (exponent < -4 || exponent >= from) {
    const mantissa = count > 1 ? `${all.charAt(0)}.${all.slice(1)}` : all;
    return `${signOf(value)}${trim(mantissa)}${exponentText(exponent)}`;
  }
  return trim(fixed(value, Math.max(0, count - 1 - exponent)));
}

/** Python's `round()` of a float, as a number. */
export function roundFloat(value: number, digits: number): number {
  if (!Number.isFinite(value) || digits > 300) return value;
  if (digits >= 0) return Number(fixed(value, digits));
  return Number(`${signOf(value)}${scaled(value, digits)}e${-digits}`);
}

/** Python's `round()` of an int to tens, hundreds ...; `digits` is negative. */
export function roundInteger(value: bigint, digits: number): bigint {
  const unit = 10n ** BigInt(-digits);
  const whole = rounded(value < 0n ? -value : value, unit) * unit;
  return value < 0n ? -whole : whole;
}
