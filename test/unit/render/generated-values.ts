import fc from 'fast-check';
import { PyFloat, Tuple } from '../../../src/render/runtime/values.js';

const CHARACTERS = [
  'a',
  'b',
  'B',
  'Z',
  'é',
  'ß',
  '😀',
  ' ',
  ' ',
  '\n',
  "'",
  '"',
  '<',
  '&',
  '%',
  '{',
  '1',
  '7',
  '-',
  '_',
  '.',
  '\t',
  ',',
  '\\',
  '\u00a0',
  '/',
];
/** Short texts with characters that templates, formats and tests of texts tell apart. */
export const text = fc.array(fc.constantFrom(...CHARACTERS), { maxLength: 8 }).map((all) => all.join(''));
/** None that is large and positive: a text or a list times it fills the memory. */
export const int = fc.oneof(
  fc.integer({ min: -20, max: 20 }),
  fc.integer({ min: -5000, max: 2000 }),
  fc.constantFrom(-(2 ** 31), -(2 ** 40), 1000),
);
const float = fc
  .oneof(
    fc.integer({ min: -400, max: 400 }).map((n) => n / 8),
    fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e22, max: 1e22 }),
    fc.constantFrom(0.1, 2.675, 1e-7, 1e16, 20, 0.5, -2.5),
  )
  .map((n) => (Number.isInteger(n) ? new PyFloat(n) : n));
const scalar = fc.oneof(int, float, text, fc.boolean(), fc.constant(null));
const key = fc.constantFrom('a', 'B', 'key', 'x-y', 'items', 'é', 'name');
const dict = (value: fc.Arbitrary<unknown>) =>
  fc
    .uniqueArray(fc.tuple(key, value), { maxLength: 4, selector: ([name]) => name })
    .map((pairs) => Object.fromEntries(pairs));

/** What a generated template is given. `zz` is never there. */
export const values = fc.record({
  n: int,
  k: fc.integer({ min: -3, max: 6 }),
  f: float,
  s: text,
  w: text,
  t: fc.boolean(),
  z: fc.constant(null),
  l: fc.array(int, { maxLength: 5 }),
  m: fc.array(scalar, { maxLength: 4 }),
  words: fc.array(text, { maxLength: 4 }),
  tu: fc.array(scalar, { maxLength: 3 }).map((items) => new Tuple(items)),
  d: dict(scalar),
  ds: fc.array(fc.record({ name: text, n: int, g: fc.constantFrom('x', 'X', 'y') }, { requiredKeys: ['name', 'n'] }), {
    maxLength: 4,
  }),
  nest: dict(fc.oneof(fc.array(scalar, { maxLength: 2 }), dict(scalar))),
});
