/** Lines around a change that are shown with it. */
const CONTEXT = 3;
/** Inserted and removed lines beyond which no shortest way is looked for: memory and time grow with their square. */
const MOST_EDITS = 1000;

/** A line of a diff. */
export interface DiffLine {
  readonly sign: ' ' | '-' | '+';
  /** Without its line end. */
  readonly text: string;
  /** False only for the last line of a text that does not end with a line end. */
  readonly ended: boolean;
}

/** Changes that are near each other, with the lines around them. Line numbers start at 1. */
export interface Hunk {
  readonly before: { readonly start: number; readonly count: number };
  readonly after: { readonly start: number; readonly count: number };
  readonly lines: readonly DiffLine[];
}

/**
 * How two texts differ, line by line: the shortest way from one to the other (Myers 1986) up to 1,000 edited lines; beyond
 * that, all lines between their common start and end. Empty for equal texts.
 */
export function diffText(before: string, after: string): readonly Hunk[] {
  return before === after ? [] : hunksOf(diffLines(linesOf(before), linesOf(after)));
}

/** A hunk in unified format, without line ends: `@@ -1,4 +1,5 @@`, then its lines. */
export function unified({ before, after, lines }: Hunk): readonly string[] {
  const range = (sign: string, { start, count }: Hunk['before']): string =>
    // As diff and patch have it: a side without lines is placed after the line before it, and a count of 1 is left out.
    `${sign}${count === 0 ? start - 1 : start}${count === 1 ? '' : `,${count}`}`;
  const told = lines.flatMap((line) => {
    const text = `${line.sign}${line.text}`;
    return line.ended ? [text] : [text, '\\ No newline at end of file'];
  });
  return [`@@ ${range('-', before)} ${range('+', after)} @@`, ...told];
}

type Edit = readonly [sign: DiffLine['sign'], line: string];

/** Lines with their line ends, so that a missing one at the end of the text is a difference. */
function linesOf(text: string): string[] {
  return text === '' ? [] : text.split(/(?<=\n)/);
}

function diffLines(before: readonly string[], after: readonly string[]): Edit[] {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before[start] === after[start]) start++;
  let end = 0;
  while (end < shorter - start && before.at(-1 - end) === after.at(-1 - end)) end++;
  const same = (lines: readonly string[]): Edit[] => lines.map((line) => [' ', line]);
  return [
    ...same(before.slice(0, start)),
    ...shortestWay(before.slice(start, before.length - end), after.slice(start, after.length - end)),
    ...same(before.slice(before.length - end)),
  ];
}

/**
 * Myers' greedy search. `furthest` holds for each diagonal k = x - y how far down `before` it gets with so many edits;
 * what it was before each round is kept, to walk the way back.
 */
function shortestWay(before: readonly string[], after: readonly string[]): Edit[] {
  const most = Math.min(before.length + after.length, MOST_EDITS);
  const middle = most + 1;
  const furthest = new Int32Array(2 * middle + 1);
  const rounds: Int32Array[] = [];
  for (let edits = 0; edits <= most; edits++) {
    rounds.push(furthest.slice(middle - edits, middle + edits + 1));
    for (let k = -edits; k <= edits; k += 2) {
      let x = comesDown(furthest, middle, k, edits) ? at(furthest, middle + k + 1) : at(furthest, middle + k - 1) + 1;
      let y = x - k;
      while (x < before.length && y < after.length && before[x] === after[y]) {
        x++;
        y++;
      }
      furthest[middle + k] = x;
      if (x >= before.length && y >= after.length) return walkBack(before, after, rounds);
    }
  }
  return [...before.map((line): Edit => ['-', line]), ...after.map((line): Edit => ['+', line])];
}

/** Whether the best way to diagonal k inserts a line (from k + 1) rather than removes one (from k - 1). */
function comesDown(furthest: Int32Array, middle: number, k: number, edits: number): boolean {
  if (k === -edits) return true;
  return k !== edits && at(furthest, middle + k - 1) < at(furthest, middle + k + 1);
}

function walkBack(before: readonly string[], after: readonly string[], rounds: readonly Int32Array[]): Edit[] {
  const edits: Edit[] = [];
  let x = before.length;
  let y = after.length;
  for (let round = rounds.length - 1; round >= 0; round--) {
    // Diagonals -round to round, as they were before that round; the outermost were not reached by then.
    const furthest = rounds[round] ?? new Int32Array(1);
    const k = x - y;
    const down = comesDown(furthest, round, k, round);
    const earlierK = down ? k + 1 : k - 1;
    const earlierX = round === 0 ? 0 : at(furthest, round + earlierK);
    const earlierY = round === 0 ? 0 : earlierX - earlierK;
    while (x > earlierX && y > earlierY) {
      x--;
      y--;
      edits.push([' ', before[x] ?? '']);
    }
    if (round === 0) break;
    if (down) edits.push(['+', after[--y] ?? '']);
    else edits.push(['-', before[--x] ?? '']);
  }
  return edits.reverse();
}

function at(numbers: Int32Array, index: number): number {
  return numbers[index] ?? 0;
}

function hunksOf(edits: readonly Edit[]): Hunk[] {
  const hunks: Hunk[] = [];
  let beforeLine = 1;
  let afterLine = 1;
  let index = 0;
  for (const [from, to] of spansOf(edits)) {
    for (; index < from; index++) {
      beforeLine++;
      afterLine++;
    }
    const lines = edits.slice(from, to).map(([sign, line]): DiffLine => {
      const ended = line.endsWith('\n');
      return { sign, text: ended ? line.slice(0, -1) : line, ended };
    });
    const beforeCount = lines.filter((line) => line.sign !== '+').length;
    const afterCount = lines.filter((line) => line.sign !== '-').length;
    hunks.push({
      before: { start: beforeLine, count: beforeCount },
      after: { start: afterLine, count: afterCount },
      lines,
    });
    beforeLine += beforeCount;
    afterLine += afterCount;
    index = to;
  }
  return hunks;
}

/** Where hunks begin and end in the edits; hunks whose contexts would meet are one. */
function spansOf(edits: readonly Edit[]): readonly (readonly [from: number, to: number])[] {
  const spans: [number, number][] = [];
  for (const [index, [sign]] of edits.entries()) {
    if (sign === ' ') continue;
    const from = Math.max(0, index - CONTEXT);
    const to = Math.min(edits.length, index + 1 + CONTEXT);
    const last = spans.at(-1);
    if (last !== undefined && from <= last[1]) last[1] = to;
    else spans.push([from, to]);
  }
  return spans;
}
