import { floatIn, integer, integerIn, numberIn } from './integers.js';
import { escapeMarkup } from './markup.js';
import { percentFormat } from './percent.js';
import { power } from './power.js';
import { fail, unsupported } from './problem.js';
import { float, isText, Markup, owned, Tuple, typeName, Undefined, type Value } from './values.js';

/** `left + right`. */
export function add(left: Value, right: Value): Value {
  if (typeof left === 'number' && typeof right === 'number') {
    const sum = left + right;
    if (Number.isInteger(left) && Number.isInteger(right)) {
      return Number.isSafeInteger(sum) ? sum : integer(BigInt(left) + BigInt(right));
    }
    return float(sum);
  }
  if (typeof left === 'string' && typeof right === 'string') return left + right;
  if (isText(left) && isText(right)) return new Markup(escapeMarkup(left) + escapeMarkup(right));
  if (Array.isArray(left) && Array.isArray(right)) return owned([...left, ...right]);
  if (left instanceof Tuple && right instanceof Tuple) return new Tuple([...left.items, ...right.items]);
  return numbers(
    '+',
    left,
    right,
    (a, b) => a + b,
    (a, b) => a + b,
  );
}

/** `left - right`. */
export function subtract(left: Value, right: Value): Value {
  return numbers(
    '-',
    left,
    right,
    (a, b) => a - b,
    (a, b) => a - b,
  );
}

/** `left * right`; also of a text, list or tuple and an int. */
export function multiply(left: Value, right: Value): Value {
  const times = integerIn(right);
  if (times !== undefined && isSequence(left)) return repeat(left, times);
  const timesLeft = integerIn(left);
  if (timesLeft !== undefined && isSequence(right)) return repeat(right, timesLeft);
  return numbers(
    '*',
    left,
    right,
    (a, b) => a * b,
    (a, b) => a * b,
  );
}

function isSequence(value: Value): value is string | Markup | Value[] | Tuple {
  return isText(value) || Array.isArray(value) || value instanceof Tuple;
}

function repeat(sequence: string | Markup | Value[] | Tuple, times: number | bigint): Value {
  const count = Math.max(0, Number(times));
  if (typeof sequence === 'string') return repeatText(sequence, count);
  if (sequence instanceof Markup) return new Markup(repeatText(sequence.text, count));
  const items = sequence instanceof Tuple ? sequence.items : sequence;
  checkLength(items.length * count);
  const repeated: Value[] = [];
  for (let turn = 0; turn < count && items.length > 0; turn++) repeated.push(...items);
  return sequence instanceof Tuple ? new Tuple(repeated) : owned(repeated);
}

function repeatText(text: string, count: number): string {
  checkLength(text.length * count);
  return text.repeat(text === '' ? 0 : count);
}

/** Fails before memory does. */
function checkLength(length: number): void {
  if (length > 100_000_000) fail(`a result of ${length} items is too large`);
}

/** `left / right`: always a float. */
export function divide(left: Value, right: Value): Value {
  const [a, b] = [integerIn(left), integerIn(right)];
  if (a !== undefined && b !== undefined) {
    if (Number(b) === 0) fail('division by zero');
    if (!isExact(a) || !isExact(b)) unsupported('the division of ints beyond 2**53');
    return float(Number(a) / Number(b));
  }
  const [x, y] = operands('/', left, right);
  if (y === 0) fail('division by zero');
  return float(x / y);
}

function isExact(value: number | bigint): boolean {
  return typeof value === 'number' || BigInt(Number(value)) === value;
}

/** `left // right`: rounded down. */
export function floorDivide(left: Value, right: Value): Value {
  const [a, b] = [integerIn(left), integerIn(right)];
  if (a !== undefined && b !== undefined) return integer((BigInt(a) - bigModulo(BigInt(a), BigInt(b))) / BigInt(b));
  const [x, y] = operands('//', left, right);
  return float(floatDivmod(x, y)[0]);
}

/** `left % right`: has the sign of `right`; of a text it formats. */
export function modulo(left: Value, right: Value): Value {
  if (typeof left === 'string') return percentFormat(left, right);
  if (left instanceof Markup) return unsupported('% on text that is marked as safe');
  const [a, b] = [integerIn(left), integerIn(right)];
  if (typeof a === 'number' && typeof b === 'number' && b !== 0) {
    const rest = a % b;
    return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest === 0 ? 0 : rest;
  }
  if (a !== undefined && b !== undefined) return integer(bigModulo(BigInt(a), BigInt(b)));
  const [x, y] = operands('%', left, right);
  return float(floatDivmod(x, y)[1]);
}

function bigModulo(left: bigint, right: bigint): bigint {
  if (right === 0n) fail('integer division or modulo by zero');
  const rest = left % right;
  return rest !== 0n && rest < 0n !== right < 0n ? rest + right : rest;
}

/** As CPython's float_divmod. */
function floatDivmod(left: number, right: number): readonly [number, number] {
  if (right === 0) fail('float modulo by zero');
  let rest = left % right;
  let quotient = (left - rest) / right;
  if (rest === 0) rest = right < 0 ? -0 : 0;
  else if (right < 0 !== rest < 0) {
    rest += right;
    quotient -= 1;
  }
  if (quotient === 0) return [left / right < 0 || Object.is(left / right, -0) ? -0 : 0, rest];
  const floor = Math.floor(quotient);
  return [quotient - floor > 0.5 ? floor + 1 : floor, rest];
}

/** `left ** right`. */
export function raise(left: Value, right: Value): Value {
  if (numberIn(left) === undefined || numberIn(right) === undefined) operands('** or pow()', left, right);
  return power(left, right);
}

/** `-value`. */
export function negate(value: Value): Value {
  const whole = integerIn(value);
  if (whole !== undefined) return typeof whole === 'bigint' ? integer(-whole) : whole === 0 ? 0 : -whole;
  const fraction = floatIn(value);
  return fraction === undefined ? unary('-', value) : float(-fraction);
}

/** `+value`. */
export function positive(value: Value): Value {
  return integerIn(value) ?? (floatIn(value) === undefined ? unary('+', value) : value);
}

function unary(operator: string, value: Value): never {
  if (value instanceof Undefined) value.fail();
  return fail(`bad operand type for unary ${operator}: '${typeName(value)}'`);
}

function numbers(
  operator: string,
  left: Value,
  right: Value,
  onFloats: (a: number, b: number) => number,
  onInts: (a: bigint, b: bigint) => bigint,
): Value {
  const [a, b] = [integerIn(left), integerIn(right)];
  if (a !== undefined && b !== undefined) {
    const result = typeof a === 'number' && typeof b === 'number' ? onFloats(a, b) : Number.NaN;
    if (Number.isSafeInteger(result)) return result === 0 ? 0 : result;
    return integer(onInts(BigInt(a), BigInt(b)));
  }
  const [x, y] = operands(operator, left, right);
  return float(onFloats(x, y));
}

/** Both as floats, or Python's TypeError. */
function operands(operator: string, left: Value, right: Value): readonly [number, number] {
  if (left instanceof Undefined) left.fail();
  if (right instanceof Undefined) right.fail();
  const [x, y] = [numberIn(left), numberIn(right)];
  if (x !== undefined && y !== undefined) return [x, y];
  return fail(`unsupported operand type(s) for ${operator}: '${typeName(left)}' and '${typeName(right)}'`);
}
