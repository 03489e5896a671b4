import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PaiError } from '../../../src/model/errors.js';
import { batchCount, parseBatch } from '../../../src/plan/batches.js';

describe('the size of a batch', () => {
  test('is a number, or a share of all members that is rounded down and at least one', () => {
    expect(batchCount(parseBatch('3'), 10)).toBe(3);
    expect(batchCount(parseBatch('20%'), 10)).toBe(2);
    expect(batchCount(parseBatch('20%'), 14)).toBe(2);
    expect(batchCount(parseBatch('1%'), 10)).toBe(1);
    expect(batchCount(parseBatch('100%'), 7)).toBe(7);
  });

  test.each(['0', '0%', '101%', '-1', '1.5', 'half', '', ' 2', '2 %', '1e3'])('%j is refused', (text) => {
    expect(() => parseBatch(text)).toThrow(PaiError);
    expect(() => parseBatch(text)).toThrow(/--batch must be a number from 1, or a share/);
  });

  test('of any share is between one and all', () => {
    const sizes = fc.tuple(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 5000 }));
    fc.assert(
      fc.property(sizes, ([percent, members]) => {
        const count = batchCount(parseBatch(`${percent}%`), members);
        expect(count).toBeGreaterThanOrEqual(1);
        expect(count).toBeLessThanOrEqual(members);
        expect(count - (members * percent) / 100).toBeLessThanOrEqual(1);
      }),
    );
  });
});
