import { describe, expect, it } from 'vitest';
import { bytesText, parseQuantity } from '../../../src/kube/quantity.js';

describe('a quantity', () => {
  it.each([
    ['1', 1],
    ['500m', 0.5],
    ['0.5', 0.5],
    ['.5', 0.5],
    ['1Ki', 1024],
    ['1.5Gi', 1.5 * 2 ** 30],
    ['2k', 2000],
    ['1e3', 1000],
    ['1E', 1e18],
    ['-1', -1],
  ])('%s is %d', (text, number) => {
    expect(parseQuantity(text)).toBe(number);
  });

  it.each(['', 'x', '1 Gi', '1gi', '1e', '0x10', '1Kib'])("'%s' is none", (text) => {
    expect(parseQuantity(text)).toBeUndefined();
  });

  it('of bytes is written for people', () => {
    expect([0, 512, 1536, 7.55 * 2 ** 30].map(bytesText)).toEqual(['0', '512', '1.5Ki', '7.5Gi']);
  });
});
