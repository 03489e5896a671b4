import { describe, expect, it } from 'vitest';
import { duration } from '../../../src/report/text.js';

describe('duration', () => {
  it.each([
    [0, '0.0s'],
    [41.24, '41.2s'],
    [59.94, '59.9s'],
    [59.96, '1m00s'],
    [185, '3m05s'],
    [3599.6, '1h00m'],
    [3725, '1h02m'],
  ])('of %d seconds reads %s', (seconds, text) => {
    expect(duration(seconds)).toBe(text);
  });
});
