import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fingerprintOf } from '../../../src/fingerprint/fingerprint.js';
import type { FingerprintPart } from '../../../src/model/target.js';
import { LARGEST_TEXT } from '../../../src/state/part-text.js';
import { createPartTexts, findTexts, type TextLimits, textsFile } from '../../../src/state/part-texts.js';

let cache: string;
beforeEach(() => {
  cache = mkdtempSync(path.join(tmpdir(), 'pai-texts-'));
});
afterEach(() => {
  rmSync(cache, { recursive: true });
});

const key = new Uint8Array(32).fill(7);

/** Digests as a run has them. */
function digestsOf(parts: readonly FingerprintPart[]): Readonly<Record<string, string>> {
  return fingerprintOf('a', parts, new Map(), key).parts;
}

/** Keeps the texts of parts as one run does. */
function keep(parts: readonly FingerprintPart[], limits?: TextLimits): void {
  const texts = createPartTexts(cache, limits);
  texts.keep(parts, digestsOf(parts));
  texts.close();
}

/** What is found for each part, by its name. */
function found(parts: readonly FingerprintPart[]): Record<string, string | undefined> {
  const digests = digestsOf(parts);
  const texts = findTexts(cache, Object.values(digests));
  const textOf = (name: string): string | undefined => {
    const text = texts.get(digests[name] ?? '');
    return text && Buffer.from(text.content).toString();
  };
  return Object.fromEntries(parts.map(({ name }) => [name, textOf(name)]));
}

const part = (name: string, value: FingerprintPart['value'], more: Partial<FingerprintPart> = {}): FingerprintPart => {
  return { name, value, ...more };
};
const small = { fileSize: 4000, addedSize: 100_000, addedTexts: 1000 };

describe('texts of parts', () => {
  test('are found by the digest of the part: text, bytes, JSON, and the content that a checksum stands for', () => {
    const parts = [
      part('script', 'set -eu\n'),
      part('bytes', new Uint8Array([104, 105])),
      part('labels', { b: 1, a: 'x' }),
      part('file a', { mode: 0o644, sha256: '00' }, { shown: 'content of a\n' }),
      part('file b', { mode: 0o600, sha256: '01' }, { shown: () => 'read from b\n' }),
    ];
    keep(parts);
    expect(found(parts)).toEqual({
      script: 'set -eu\n',
      bytes: 'hi',
      labels: '{"b":1,"a":"x"}',
      'file a': 'content of a\n',
      'file b': 'read from b\n',
    });
    const digest = digestsOf(parts)['file b'] ?? '';
    expect(findTexts(cache, [digest]).get(digest)?.value).toEqual({ mode: 0o600, sha256: '01' });
  });

  test('never hold a secret, nor what must not be shown, nor a bare checksum', () => {
    const parts = [
      part('password', 'hunter2-secret', { secret: true }),
      part('file key', { sha256: 'x' }, { secret: true, shown: 'hunter2-secret' }),
      part('env TOKEN', 'hunter2-private', { shown: false }),
      part('needs pki', 'a'.repeat(64)),
    ];
    keep(parts);
    expect(found(parts)).toEqual({
      password: undefined,
      'file key': undefined,
      'env TOKEN': undefined,
      'needs pki': undefined,
    });
    expect(existsSync(textsFile(cache))).toBe(false);
    keep([...parts, part('x', 'harmless')]);
    expect(readFileSync(textsFile(cache), 'utf8')).not.toContain('hunter2');
  });

  test('can be read by nobody else', () => {
    keep([part('x', 'y')]);
    expect(statSync(textsFile(cache)).mode & 0o777).toBe(0o600);
  });

  test('are not kept when they are large, can not be read, or are not what was fingerprinted any more', () => {
    const parts = [
      part('large', 'x'.repeat(LARGEST_TEXT + 1)),
      part('largest', 'x'.repeat(LARGEST_TEXT)),
      part('gone', 1, { shown: () => undefined }),
      part('throws', 2, {
        shown: () => {
          throw new Error('EACCES');
        },
      }),
    ];
    keep(parts);
    expect(
      Object.entries(found(parts))
        .filter(([, text]) => text !== undefined)
        .map(([name]) => name),
    ).toEqual(['largest']);
  });

  test('are written once, and nothing is written when nothing is new', () => {
    keep([part('x', 'one')]);
    const before = readFileSync(textsFile(cache));
    let reads = 0;
    const again = part('y', 2, { shown: () => `two ${++reads}` });
    keep([part('x', 'one'), again]);
    keep([part('x', 'one'), again]);
    expect(reads).toBe(1);
    const after = readFileSync(textsFile(cache));
    expect(after.subarray(0, before.length).equals(before)).toBe(true);
    expect(found([part('x', 'one'), again])).toEqual({ x: 'one', y: 'two 1' });
  });

  test('the oldest go first when the file grows too large', () => {
    const parts = Array.from({ length: 30 }, (_, index) => part(`p${index}`, `${index} `.repeat(100)));
    for (const one of parts) keep([one], small);
    expect(statSync(textsFile(cache)).size).toBeLessThanOrEqual(small.fileSize);
    const left = parts.map((one) => found([one])[one.name] !== undefined);
    expect(left.at(-1)).toBe(true);
    expect(left[0]).toBe(false);
    expect(left.indexOf(true)).toBe(left.lastIndexOf(false) + 1);
  });

  test('a run adds only so many, so that the first of a large project is not slowed down', () => {
    const parts = Array.from({ length: 20 }, (_, index) => part(`p${index}`, { index }));
    keep(parts, { ...small, addedTexts: 5 });
    expect(Object.values(found(parts)).filter((text) => text !== undefined)).toHaveLength(5);
  });

  test('cost nothing but themselves when they can not be written', () => {
    const texts = createPartTexts(path.join(textsFile(cache), 'no-folder'));
    writeFileSync(textsFile(cache), 'a file where a folder must be');
    texts.keep([part('x', 'y')], digestsOf([part('x', 'y')]));
    texts.close();
    expect(findTexts(path.join(textsFile(cache), 'no-folder'), ['0'])).toEqual(new Map());
  });

  test('whatever damage is done to the file, what is found is right, and what is kept next is found', () => {
    const parts = Array.from({ length: 6 }, (_, index) => part(`p${index}`, `text ${index}\n`.repeat(index * 5)));
    keep(parts);
    const whole = readFileSync(textsFile(cache));
    const damage = fc.record({ at: fc.nat(whole.length), cut: fc.nat(300), put: fc.uint8Array({ maxLength: 20 }) });
    fc.assert(
      fc.property(damage, ({ at, cut, put }) => {
        writeFileSync(textsFile(cache), Buffer.concat([whole.subarray(0, at), put, whole.subarray(at + cut)]));
        for (const one of parts) expect([undefined, one.value]).toContain(found([one])[one.name]);
        const next = part('next', 'kept after the damage');
        keep([...parts, next]);
        expect(found([next])).toEqual({ next: next.value });
        for (const one of parts) expect([undefined, one.value]).toContain(found([one])[one.name]);
      }),
    );
  });
});
