import { SPACE as ANY_SPACE, lengthOf } from '../runtime/characters.js';
import { fail } from '../runtime/problem.js';

/** How lines may be broken. */
export interface WrapOptions {
  /** Words longer than a line are cut. */
  readonly breakWords: boolean;
  /** After a hyphen inside of a word. */
  readonly hyphens: boolean;
}

const SPACE = '[\\t\\n\\x0b\\x0c\\r ]';
const LETTER = '[\\p{L}_]';
const WORD = `[\\p{L}\\p{N}_!"'&.,?]`;

/** Words, white space and parts of words that end in a hyphen: the pieces that Python's textwrap makes. */
const PIECES = new RegExp(
  `(${SPACE}+|(?<=${WORD})-{2,}(?=[\\p{L}\\p{N}_])|[^\\t\\n\\x0b\\x0c\\r ]+?(?:-(?:(?<=${LETTER}{2}-)|(?<=${LETTER}-${LETTER}-))(?=${LETTER}-?${LETTER})|(?=${SPACE}|$)|(?<=${WORD})(?=-{2,}[\\p{L}\\p{N}_])))`,
  'u',
);
const SPACES = new RegExp(`(${SPACE}+)`);
const BLANK = new RegExp(`^[${ANY_SPACE}]*$`);

/** One paragraph in lines of at most `width` characters, as Python's textwrap does it. */
export function wrapLines(text: string, width: number, { breakWords, hyphens }: WrapOptions): string[] {
  if (width <= 0) fail(`invalid width ${width} (must be > 0)`);
  const pieces = text
    .split(hyphens ? PIECES : SPACES)
    .filter((piece) => piece !== '')
    .reverse();
  const lines: string[] = [];
  while (pieces.length > 0) {
    const line: string[] = [];
    let length = 0;
    if (lines.length > 0 && BLANK.test(pieces.at(-1) ?? '')) pieces.pop();
    for (let next = pieces.at(-1); next !== undefined; next = pieces.at(-1)) {
      const size = lengthOf(next);
      if (length + size > width) break;
      line.push(next);
      pieces.pop();
      length += size;
    }
    const next = pieces.at(-1);
    if (next !== undefined && lengthOf(next) > width)
      length += longWord(pieces, line, length, width, breakWords, hyphens);
    if (line.length > 0 && BLANK.test(line.at(-1) ?? '')) line.pop();
    if (line.length > 0) lines.push(line.join(''));
  }
  return lines;
}

/** Puts what fits of a word that is longer than a line on the line, or the word on a line of its own. */
function longWord(
  pieces: string[],
  line: string[],
  length: number,
  width: number,
  breakWords: boolean,
  hyphens: boolean,
): number {
  const word = Array.from(pieces.at(-1) ?? '');
  if (breakWords) {
    let end = width - length;
    if (hyphens && word.length > end) {
      const hyphen = word.slice(0, end).lastIndexOf('-');
      if (hyphen > 0 && word.slice(0, hyphen).some((character) => character !== '-')) end = hyphen + 1;
    }
    line.push(word.slice(0, end).join(''));
    pieces[pieces.length - 1] = word.slice(end).join('');
    return end;
  }
  if (line.length === 0) line.push(pieces.pop() ?? '');
  return 0;
}
