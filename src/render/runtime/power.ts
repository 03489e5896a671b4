import { floatIn, integer, integerIn, numberIn } from './integers.js';
import { fail, unsupported } from './problem.js';
import { float, type Value } from './values.js';

/** `base ** exponent` of two numbers. Where C's pow() need not be exact, only what can be computed exactly and then rounded is supported. */
export function power(base: Value, exponent: Value): Value {
  const [whole, times] = [integerIn(base), integerIn(exponent)];
  if (whole !== undefined && times !== undefined && times >= 0) {
    const bits = BigInt(whole).toString(2).length * Number(times);
    if (bits > 100_000) fail(`${base} ** ${exponent} is too large`);
    return integer(BigInt(whole) ** BigInt(times));
  }
  const [x = 0, y = 0] = [numberIn(base), numberIn(exponent)];
  if (x === 0 && y < 0) fail('0.0 cannot be raised to a negative power');
  if (y === 0.5 && x >= 0) return float(Math.sqrt(x));
  if (!Number.isInteger(y) || Math.abs(y) > 256) return unsupported(`** with the exponent ${floatIn(exponent) ?? y}`);
  if (!Number.isFinite(x)) return unsupported('** of inf or nan');
  const result = exactPower(x, y);
  return Number.isFinite(result) ? float(result) : fail('the result is too large for a float');
}

/** The power of a float, computed exactly and rounded once. */
function exactPower(base: number, exponent: number): number {
  if (exponent === 0) return 1;
  if (base === 0) return exponent % 2 === 0 ? 0 : base;
  const { mantissa, shift } = split(base);
  const count = BigInt(Math.abs(exponent));
  const top = mantissa ** count;
  if (exponent > 0) return scale(Number(top), shift * exponent);
  // 1 / top with more bits than a double has; the last one says that there were others.
  const extra = BigInt(top.toString(2).length + 80);
  const quotient = (1n << extra) / top;
  const rest = (1n << extra) % top;
  return scale(Number((quotient << 1n) | (rest === 0n ? 0n : 1n)), shift * exponent - Number(extra) - 1);
}

/** `mantissa * 2 ** shift`, exactly. */
export function split(value: number): { readonly mantissa: bigint; readonly shift: number } {
  let shift = 0;
  let mantissa = value;
  while (!Number.isInteger(mantissa)) {
    mantissa *= 2;
    shift -= 1;
  }
  return { mantissa: BigInt(mantissa), shift };
}

function scale(value: number, shift: number): number {
  let result = value;
  let left = shift;
  for (; left > 1000; left -= 1000) result *= 2 ** 1000;
  for (; left < -1000; left += 1000) result *= 2 ** -1000;
  return result * 2 ** left;
}
