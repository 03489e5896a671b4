import { describe, expect, test } from 'vitest';
import { formatSize, parseSize } from '../../../../src/state/output-cache/size.js';

describe('a size', () => {
  test.each([
    ['0', 0],
    ['1234', 1234],
    ['1k', 1024],
    ['500MB', 500_000_000],
    ['2GiB', 2_147_483_648],
    ['1.5 G', 1_610_612_736],
    [' 3b ', 3],
    ['1TB', 1_000_000_000_000],
  ])('is read: %s', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  test.each([
    '',
    'x',
    '-1',
    '1.',
    '.5',
    '1e3',
    '10 apples',
    '1kbit',
    '99999999T',
    'NaN',
    '1 2',
    'constructor',
    '1constructor',
  ])('is not read: %s', (text) => {
    expect(parseSize(text)).toBeUndefined();
  });

  test.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1.0 KiB'],
    [1536, '1.5 KiB'],
    [1024 ** 2 - 1, '1.0 MiB'],
    [2 * 1024 ** 3, '2.0 GiB'],
    [5000 * 1024 ** 4, '5000.0 TiB'],
  ])('is told: %d', (bytes, text) => {
    expect(formatSize(bytes)).toBe(text);
  });
});
