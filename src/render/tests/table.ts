import { modulo } from '../runtime/arithmetic.js';
import { contains, equal, greater, greaterOrEqual, less, lessOrEqual, same } from '../runtime/compare.js';
import { asDict, View } from '../runtime/dicts.js';
import { floatIn, integerIn } from '../runtime/integers.js';
import { iterableOf, sizeIfAny } from '../runtime/iterate.js';
import { Loop } from '../runtime/loop.js';
import type { TestRow } from '../runtime/rows.js';
import { textIn } from '../runtime/string-methods.js';
import { stringTests } from '../runtime/string-tests.js';
import { str } from '../runtime/text.js';
import { Callable, Iterated, isText, Markup, Undefined, type Value } from '../runtime/values.js';

function asking(run: (value: Value) => boolean): TestRow {
  return { parameters: [], run: (_, value) => run(value) };
}

function comparing(run: (value: Value, other: Value) => boolean): TestRow {
  return { parameters: ['other'], run: (_, value, other: Value) => run(value, other) };
}

function isNumber(value: Value): boolean {
  return integerIn(value) !== undefined || floatIn(value) !== undefined;
}

/** As in Jinja2: whether it has a length and items under numbers or keys. */
function isSequence(value: Value): boolean {
  if (value instanceof Undefined) return !value.strict;
  return !(value instanceof View || value instanceof Loop) && sizeIfAny(value) !== undefined;
}

const equals = comparing(equal);
const differs = comparing((value, other) => !equal(value, other));
const isGreater = comparing(greater);
const isLess = comparing(less);
const atLeast = comparing(greaterOrEqual);
const atMost = comparing(lessOrEqual);

/** All tests by name: those of Jinja2 3.1. */
export const tests: Readonly<Record<string, TestRow>> = {
  '!=': differs,
  '<': isLess,
  '<=': atMost,
  '==': equals,
  '>': isGreater,
  '>=': atLeast,
  boolean: asking((value) => typeof value === 'boolean'),
  callable: asking((value) => value instanceof Callable || value instanceof Undefined),
  defined: asking((value) => !(value instanceof Undefined)),
  divisibleby: { parameters: ['num'], run: (_, value, by: Value) => equal(modulo(value, by), 0) },
  eq: equals,
  equalto: equals,
  escaped: asking((value) => value instanceof Markup),
  even: asking((value) => equal(modulo(value, 2), 0)),
  false: asking((value) => value === false),
  filter: { parameters: [], run: (env, value) => env.knows('filter', textIn(value)) },
  float: asking((value) => floatIn(value) !== undefined),
  ge: atLeast,
  greaterthan: isGreater,
  gt: isGreater,
  in: { parameters: ['seq'], run: (_, value, container: Value) => contains(container, value) },
  integer: asking((value) => typeof value !== 'boolean' && integerIn(value) !== undefined),
  iterable: asking((value) => value instanceof Iterated || iterableOf(value) !== undefined),
  le: atMost,
  lessthan: isLess,
  lower: asking((value) => stringTests.islower?.(str(value)) ?? false),
  lt: isLess,
  mapping: asking((value) => asDict(value) !== undefined),
  ne: differs,
  none: asking((value) => value === null),
  number: asking(isNumber),
  odd: asking((value) => equal(modulo(value, 2), 1)),
  sameas: comparing(same),
  sequence: asking(isSequence),
  string: asking(isText),
  test: { parameters: [], run: (env, value) => env.knows('test', textIn(value)) },
  true: asking((value) => value === true),
  undefined: asking((value) => value instanceof Undefined),
  upper: asking((value) => stringTests.isupper?.(str(value)) ?? false),
};
