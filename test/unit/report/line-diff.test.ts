import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diffText, type Hunk, unified } from '../../../src/report/line-diff.js';

function diff(before: string, after: string): string[] {
  return diffText(before, after).flatMap(unified);
}

/** Applies a diff in unified format as `patch` does: by line numbers, refusing what does not fit. */
function patch(before: string, lines: readonly string[]): string {
  const old = before === '' ? [] : before.split(/(?<=\n)/);
  const made: string[] = [];
  let position = 0;
  for (const [index, line] of lines.entries()) {
    const header = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@$/.exec(line);
    if (header !== null) {
      const [start, count = 1, newStart, newCount = 1] = header.slice(1).map((n) => (n === undefined ? undefined : +n));
      const from = count === 0 ? Number(start) : Number(start) - 1;
      made.push(...old.slice(position, from));
      position = from;
      expect(made).toHaveLength(newCount === 0 ? Number(newStart) : Number(newStart) - 1);
      continue;
    }
    if (line.startsWith('\\')) continue;
    const ended = lines[index + 1]?.startsWith('\\') !== true;
    const text = `${line.slice(1)}${ended ? '\n' : ''}`;
    if (line[0] !== '+') expect(old[position++]).toBe(text);
    if (line[0] !== '-') made.push(text);
  }
  return [...made, ...old.slice(position)].join('');
}

const edited = (hunks: readonly Hunk[]): number =>
  hunks.flatMap((hunk) => hunk.lines).filter((line) => line.sign !== ' ').length;

/** Texts of few different lines, so that they have much in common. */
const text = fc
  .tuple(fc.array(fc.constantFrom('a', 'b', 'c', '', '@@ -1 +1 @@', '\\ no'), { maxLength: 40 }), fc.boolean())
  .map(([lines, ended]) => lines.join('\n') + (ended && lines.length > 0 ? '\n' : ''));

describe('diffText', () => {
  it('has the changed lines, three lines around them, and where they are', () => {
    const before = 'one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\n';
    expect(diff(before, before.replace('five\n', 'FIVE\nand a half\n'))).toEqual([
      '@@ -2,7 +2,8 @@',
      ' two',
      ' three',
      ' four',
      '-five',
      '+FIVE',
      '+and a half',
      ' six',
      ' seven',
      ' eight',
    ]);
  });

  it('has a hunk for each place, and one for places whose surroundings meet', () => {
    const lines = Array.from({ length: 30 }, (_, index) => `${index + 1}\n`);
    const changed = (...numbers: number[]): string =>
      lines.map((line, index) => (numbers.includes(index + 1) ? `new ${line}` : line)).join('');
    const headers = (...numbers: number[]): string[] =>
      diff(lines.join(''), changed(...numbers)).filter((line) => line.startsWith('@@'));
    expect(headers(5, 20)).toEqual(['@@ -2,7 +2,7 @@', '@@ -17,7 +17,7 @@']);
    expect(headers(5, 11)).toEqual(['@@ -2,13 +2,13 @@']);
    expect(headers(5, 12)).toEqual(['@@ -2,14 +2,14 @@']);
    expect(headers(5, 13)).toEqual(['@@ -2,7 +2,7 @@', '@@ -10,7 +10,7 @@']);
  });

  it.each([
    ['', 'a\n', ['@@ -0,0 +1 @@', '+a']],
    ['a\n', '', ['@@ -1 +0,0 @@', '-a']],
    ['a\n', 'a', ['@@ -1 +1 @@', '-a', '+a', '\\ No newline at end of file']],
    ['a', 'a\nb', ['@@ -1 +1,2 @@', '-a', '\\ No newline at end of file', '+a', '+b', '\\ No newline at end of file']],
    ['a\r\n', 'a\n', ['@@ -1 +1 @@', '-a\r', '+a']],
    ['same\n', 'same\n', []],
  ])('of %j and %j', (before, after, lines) => {
    expect(diff(before, after)).toEqual(lines);
  });

  it('applied to the old text gives the new one, for any two texts', () => {
    fc.assert(
      fc.property(text, text, (before, after) => {
        expect(patch(before, diff(before, after))).toBe(after);
      }),
      { numRuns: 1000 },
    );
  });

  it('applied to the old text gives the new one, for texts of any characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (before, after) => {
        expect(patch(before, diff(before, after))).toBe(after);
      }),
    );
  });

  it('is as short as can be', () => {
    fc.assert(
      fc.property(text, text, (before, after) => {
        const [old, made] = [before, after].map((whole) => (whole === '' ? [] : whole.split(/(?<=\n)/)));
        const common = longestCommon(old ?? [], made ?? []);
        expect(edited(diffText(before, after))).toBe((old?.length ?? 0) + (made?.length ?? 0) - 2 * common);
      }),
      { numRuns: 500 },
    );
  });

  it('of large texts without a line in common is quick, and still right', () => {
    const lines = (word: string): string => Array.from({ length: 5000 }, (_, index) => `${word} ${index}\n`).join('');
    const [before, after] = [`top\n${lines('old')}end\n`, `top\n${lines('new')}end\n`];
    expect(patch(before, diff(before, after))).toBe(after);
  });
});

/** Length of the longest common subsequence, by the textbook table. */
function longestCommon(a: readonly string[], b: readonly string[]): number {
  let row: number[] = new Array(b.length + 1).fill(0);
  for (const line of a) {
    const next = [0];
    for (const [column, other] of b.entries()) {
      const same = (row[column] ?? 0) + 1;
      next.push(line === other ? same : Math.max(row[column + 1] ?? 0, next[column] ?? 0));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
