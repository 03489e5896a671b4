import { createHash, createHmac } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { digest, keyedDigest } from '../../../src/fingerprint/digest.js';
import { type Encodable, encode } from '../../../src/fingerprint/encode.js';

const hex = (value: Encodable): string => Buffer.from(encode(value)).toString('hex');

// Few letters and small sizes, so that values that could be mistaken for each other really meet.
const text = fc.oneof(
  fc.string({ unit: fc.constantFrom('', 'a', 's', '\u0000', '\u0001', 'ä', '\ud800', '\ufffd'), maxLength: 3 }),
  fc.string({ unit: 'binary', maxLength: 4 }),
);
const number = fc
  .oneof(fc.integer({ min: -2, max: 2 }), fc.double({ noNaN: true, noDefaultInfinity: true }))
  .filter((value) => !Object.is(value, -0));
const { value: values } = fc.letrec<{ value: Encodable }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constantFrom<Encodable>(null, true, false, '', 0),
    text,
    number,
    fc.uint8Array({ maxLength: 3 }),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(text, tie('value'), { maxKeys: 3 }),
  ),
}));

describe('canonical encoding', () => {
  test('gives equal bytes for equal values and different bytes for different ones', () => {
    fc.assert(
      fc.property(values, values, (one, other) => {
        const same = isDeepStrictEqual(normal(one), normal(other));
        expect(hex(one) === hex(other)).toBe(same);
      }),
      { numRuns: 3000 },
    );
  });

  test('is never the beginning of the encoding of another value', () => {
    fc.assert(
      fc.property(values, values, (one, other) => {
        const [a, b] = [hex(one), hex(other)];
        expect(a !== b && b.startsWith(a)).toBe(false);
      }),
    );
  });

  test('does not depend on the order of keys', () => {
    fc.assert(
      fc.property(fc.dictionary(text, values, { maxKeys: 5 }), (object) => {
        const reordered = Object.fromEntries(Object.entries(object).reverse());
        expect(hex(reordered)).toBe(hex(object));
      }),
    );
  });

  test('keeps numbers from text, bytes from text, and empty things apart', () => {
    const all: Encodable[] = [0, '0', '', [], {}, null, false, new Uint8Array(), [''], [[]], { '': '' }];
    expect(new Set(all.map(hex)).size).toBe(all.length);
  });

  test('keeps half characters apart from each other and from what replaces them', () => {
    const all: Encodable[] = ['\ud800', '\ud801', '\udc00', '\ufffd', 'a\ud800', 'a\ufffd', '\ud800\udc00'];
    expect(new Set(all.map(hex)).size).toBe(all.length);
  });

  test('keeps the lengths of neighbours apart', () => {
    expect(hex(['ab', 'c'])).not.toBe(hex(['a', 'bc']));
    expect(hex({ ab: 'c' })).not.toBe(hex({ a: 'bc' }));
  });

  test('stays what it is, since stamps in the world carry its digests', () => {
    expect(hex({ b: [1, 'x'], a: null })).toBe(
      '6f000000027300000001616e730000000162610000000264' + '3ff0000000000000' + '730000000178',
    );
  });

  test('is the same in chunks, however large its pieces are', () => {
    const large: Encodable = ['x'.repeat(5000), new Uint8Array(4096), 'ä'.repeat(4095), [1, { key: 'y'.repeat(4090) }]];
    const bytes = Buffer.from(encode(large));
    const lengths = [5000, 4096, 2 * 4095].map((length) => 1 + 4 + length);
    expect(bytes.subarray(5, 10).toString('hex')).toBe('7300001388');
    expect(bytes.at(5 + (lengths[0] ?? 0))).toBe(0x62);
    expect(bytes.at(5 + (lengths[0] ?? 0) + (lengths[1] ?? 0))).toBe(0x73);
    expect(digest(large)).toBe(createHash('sha256').update(bytes).digest('hex'));
    expect(keyedDigest(new Uint8Array(8), large)).toBe(
      createHmac('sha256', new Uint8Array(8)).update(bytes).digest('hex'),
    );
  });

  test.each([
    ['-0', -0],
    ['NaN', Number.NaN],
    ['Infinity', Number.POSITIVE_INFINITY],
  ])('refuses the number %s', (name, value) => {
    expect(() => encode([value])).toThrow(`cannot fingerprint the number ${name}`);
  });

  test.each([
    ['undefined in an object', { a: undefined }, 'undefined'],
    ['a date', new Date(0), 'a Date'],
    ['a map', { a: new Map() }, 'a Map'],
    ['a function', () => 1, 'function'],
  ])('refuses %s', (_name, value, told) => {
    // Only code without types can hand these over; a configuration that was read from YAML may hold dates.
    expect(() => encode(value as unknown as Encodable)).toThrow(`cannot fingerprint ${told}`);
  });
});

/** Bytes as what makes them comparable with bytes only, and objects without order. */
function normal(value: Encodable): unknown {
  if (value instanceof Uint8Array) return { bytes: true, of: [...value] };
  if (Array.isArray(value)) return value.map(normal);
  if (typeof value === 'object' && value !== null) {
    return new Map(Object.entries(value).map(([key, item]) => [key, normal(item)]));
  }
  return value;
}
