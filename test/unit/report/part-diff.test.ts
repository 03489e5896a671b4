import { describe, expect, it } from 'vitest';
import type { FingerprintPart } from '../../../src/model/target.js';
import { diffLines, partDiffLines } from '../../../src/report/diff-text.js';
import { diffPart } from '../../../src/report/part-diff.js';
import { colourStyle, plainStyle } from '../../../src/report/style.js';
import { type NoText, type PartText, partText } from '../../../src/state/part-text.js';

/** What is kept of a part. */
function kept(value: FingerprintPart['value'], shown?: FingerprintPart['shown']): PartText {
  const text = partText({ name: 'x', value, ...(shown !== undefined && { shown }) });
  if (typeof text === 'string') throw new Error(`nothing is kept: ${text}`);
  return text;
}

async function told(before: PartText | undefined, after: PartText | NoText | undefined): Promise<readonly string[]> {
  const change = before === undefined ? 'changed' : after === undefined ? 'removed' : 'changed';
  return diffLines(await diffPart(change, before, after), plainStyle);
}

describe('the diff of a part', () => {
  it('has the lines of text that changed', async () => {
    expect(await told(kept('a\nb\n'), kept('a\nc\n'))).toEqual(['@@ -1,2 +1,2 @@', ' a', '-b', '+c']);
    expect(await told(kept('one word'), kept('another'))).toEqual(['@@ -1 +1 @@', '-one word', '+another']);
    expect(await told(kept('end\n'), kept('end'))).toEqual([
      '@@ -1 +1 @@',
      '-end',
      '+end',
      '\\ No newline at end of file',
    ]);
  });

  it('shows JSON as YAML, whatever the order of its keys', async () => {
    const before = kept({ b: 'two\nlines\n', a: [1, true] });
    expect(await told(before, kept({ a: [1, false], b: 'two\nlines\nmore\n' }))).toEqual([
      '@@ -1,6 +1,7 @@',
      ' a:',
      '   - 1',
      '-  - true',
      '+  - false',
      ' b: |',
      '   two',
      '   lines',
      '+  more',
    ]);
    expect(await told(before, kept({ a: [1, true], b: 'two\nlines\n' }))).toEqual([
      '(its text is the same: something else of it differs, such as its mode)',
    ]);
  });

  it('of a file is that of its content, with its mode beside it', async () => {
    const checksum = (letter: string): string => letter.repeat(64);
    const before = kept({ mode: 0o644, sha256: checksum('a') }, 'x\n');
    expect(await told(before, kept({ mode: 0o755, sha256: checksum('a') }, 'x\n'))).toEqual(['(mode 0644 -> 0755)']);
    expect(await told(before, kept({ mode: 0o644, sha256: checksum('b') }, 'y\n'))).toEqual([
      '@@ -1 +1 @@',
      '-x',
      '+y',
    ]);
    expect(await told(before, kept({ kind: 'link', sha256: checksum('a') }, 'x\n'))).toEqual([
      '(mode 0644 -> -)',
      '(kind - -> link)',
    ]);
  });

  it('has all lines of what is new or removed', async () => {
    const added = await diffPart('added', undefined, kept('a\nb\n'));
    const change = { name: 'file x', change: 'added', after: 'fedcba9876543210' } as const;
    expect(partDiffLines('worker:h1', change, added, plainStyle)).toEqual([
      '--- /dev/null',
      '+++ worker:h1: file x  fedcba987654',
      '@@ -0,0 +1,2 @@',
      '+a',
      '+b',
    ]);
    expect(await told(kept('a\n'), undefined)).toEqual(['@@ -1 +0,0 @@', '-a']);
  });

  it('says why there is none', async () => {
    const binary = kept(new Uint8Array([0, 1, 2]));
    expect(await told(kept('x'), 'secret')).toEqual(['(secret: only that it changed is told)']);
    expect(diffLines(await diffPart('added', undefined, 'secret'), plainStyle)).toEqual([
      '(secret: only that it is new is told)',
    ]);
    expect(await told(kept('x'), 'unreadable')).toEqual(['(its text is too large to show, or changed once more)']);
    expect(await told(kept('x'), 'checksum')).toEqual(['(only its checksum is known)']);
    expect(await told(undefined, kept('x'))).toEqual(['(its text of last time is not kept)']);
    expect(await told(binary, kept('text'))).toEqual(['(binary, 3 -> 4 bytes)']);
    expect(await told(kept('text'), kept(new Uint8Array([0xff, 0xfe])))).toEqual(['(binary, 4 -> 2 bytes)']);
  });

  it('moves no cursor and hides no change of a control character', async () => {
    expect(await told(kept('a\u001b[2J\r\n\tb\n'), kept('a\n\tb\u0007\u009b\n'))).toEqual([
      '@@ -1,2 +1,2 @@',
      '-a^[[2J^M',
      '-\tb',
      '+a',
      '+\tb^G\\x9b',
    ]);
  });

  it('is coloured where that is asked for', async () => {
    const diff = await diffPart('changed', kept('a\n'), kept('b\n'));
    expect(diffLines(diff, colourStyle)).toEqual([
      '\u001b[36m@@ -1 +1 @@\u001b[39m',
      '\u001b[31m-a\u001b[39m',
      '\u001b[32m+b\u001b[39m',
    ]);
  });
});
