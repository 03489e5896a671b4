import { describe, expect, test } from 'vitest';
import { parseStamp } from '../../../src/model/parse-stamp.js';
import type { Stamp } from '../../../src/model/stamp.js';

const stamp: Stamp = { format: 1, target: 'pki', fingerprint: 'f', output: 'o', parts: { spec: 'p' }, run: 'r' };

describe('parseStamp', () => {
  test('a written stamp is read back, from text and from a value', () => {
    expect(parseStamp(JSON.stringify(stamp))).toEqual(stamp);
    expect(parseStamp(stamp)).toEqual(stamp);
  });

  test.each([
    ['nothing', undefined],
    ['an empty text', ''],
    ['a text that was cut off', JSON.stringify(stamp).slice(0, -5)],
    ['a list', '[]'],
    ['null', 'null'],
    ['another format', { ...stamp, format: 2 }],
    ['a fingerprint that is no text', { ...stamp, fingerprint: 1 }],
    ['parts that are no digests', { ...stamp, parts: { spec: 1 } }],
    ['a missing output', { ...stamp, output: undefined }],
  ])('%s counts as no stamp', (_, source) => {
    expect(parseStamp(source)).toBeUndefined();
  });
});
