import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { columnsOf, cut, rowsOf } from '../../../src/report/width.js';

describe('columnsOf', () => {
  it.each([
    ['', 0],
    ['abc', 3],
    ['é', 1],
    ['e\u0301', 1],
    ['漢字', 4],
    ['ｆｕｌｌ', 8],
    ['한글', 4],
    ['\u1112\u1161\u11ab', 2],
    ['😀', 2],
    ['❤️', 2],
    ['❤', 1],
    ['\u200bx\u200d', 1],
    ['soft\u00adhyphen', 11],
    ['\ud800', 1],
  ])('of %j is %i', (text, columns) => {
    expect(columnsOf(text)).toBe(columns);
  });

  it('of joined emoji is what a terminal takes that does not join them', () => {
    expect(columnsOf('👩‍👩‍👧‍👦')).toBe(8);
  });
});

describe('cut', () => {
  it.each([
    ['abcdef', 6, 'abcdef'],
    ['abcdef', 5, 'abcd…'],
    ['abc', 1, '…'],
    ['abc', 0, ''],
    ['abc', -3, ''],
    ['漢字漢字', 8, '漢字漢字'],
    ['漢字漢字', 7, '漢字漢…'],
    ['漢字漢字', 6, '漢字…'],
    ['e\u0301e\u0301e\u0301', 3, 'e\u0301e\u0301e\u0301'],
    ['e\u0301e\u0301e\u0301', 2, 'e\u0301…'],
    ['a👍🏽', 3, 'a…'],
  ])('%j to %i columns is %j', (text, columns, result) => {
    expect(cut(text, columns)).toBe(result);
  });

  it('never takes more columns than it may, and keeps what fits', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.nat(30), (text, columns) => {
        const result = cut(text, columns);
        expect(columnsOf(result)).toBeLessThanOrEqual(columns);
        if (columnsOf(text) <= columns) expect(result).toBe(text);
        else if (columns > 0) expect(result.endsWith('…')).toBe(true);
      }),
    );
  });
});

describe('rowsOf', () => {
  it.each([
    ['', 5, 1],
    ['abcde', 5, 1],
    ['abcdef', 5, 2],
    ['漢字漢', 5, 2],
    ['漢字漢', 3, 3],
  ])('%j in %i columns is %i', (text, columns, rows) => {
    expect(rowsOf(text, columns)).toBe(rows);
  });
});
