import { eastAsianWidth } from 'get-east-asian-width';

const ASCII = /^[ -~]*$/;
/** Drawn over what comes before it: combining marks, joiners and other format characters; the soft hyphen is visible. */
const NO_WIDTH = /^(?!\u00ad)[\p{Mn}\p{Me}\p{Cf}\u1160-\u11ff]$/u;
/** Makes the character before it an emoji of two columns. */
const EMOJI_VARIATION = '\ufe0f';

/** Made at its first use: that costs more than all else that a short run shows. */
const segmenter: { made?: Intl.Segmenter } = {};

/** What people see as single characters, one after the other. */
function* clustersOf(text: string): Generator<string> {
  segmenter.made ??= new Intl.Segmenter(undefined, { granularity: 'grapheme' });
  for (const { segment } of segmenter.made.segment(text)) yield segment;
}

/**
 * How many columns of a terminal a text takes at most. Terminals differ on emoji that are joined of several: what is counted is
 * what one draws that does not join them, because a line that is thought too narrow breaks the screen, and one that is
 * thought too wide does not. Control characters must be gone already.
 */
export function columnsOf(text: string): number {
  if (ASCII.test(text)) return text.length;
  let columns = 0;
  for (const cluster of clustersOf(text)) columns += columnsOfCharacter(cluster);
  return columns;
}

/** The text if it takes at most `columns`; else its beginning with `…`. Never cuts inside of what people see as one character. */
export function cut(text: string, columns: number): string {
  if (columns <= 0) return '';
  if (ASCII.test(text)) return text.length <= columns ? text : `${text.slice(0, columns - 1)}…`;
  // The beginning of a very long line is enough to tell; the rest is never walked.
  let used = 0;
  let fits = '';
  for (const cluster of clustersOf(text)) {
    const next = used + columnsOfCharacter(cluster);
    if (next > columns) return `${fits}…`;
    if (next < columns) fits += cluster;
    // This one fits only if it is the last one.
    else return fits.length + cluster.length === text.length ? text : `${fits}…`;
    used = next;
  }
  return text;
}

/** How many rows a terminal of so many columns breaks a line into, at least: one that joins emoji. */
export function rowsOf(text: string, columns: number): number {
  if (ASCII.test(text)) return Math.max(1, Math.ceil(text.length / columns));
  let rows = 1;
  let used = 0;
  for (const cluster of clustersOf(text)) {
    const width = Math.min(2, columnsOfCharacter(cluster));
    if (used + width > columns) {
      rows++;
      used = 0;
    }
    used += width;
  }
  return rows;
}

/** The columns of what people see as one character. */
function columnsOfCharacter(cluster: string): number {
  let columns = 0;
  for (const character of cluster) {
    if (character === EMOJI_VARIATION) columns = Math.max(2, columns);
    else if (!NO_WIDTH.test(character)) columns += eastAsianWidth(character.codePointAt(0) ?? 0);
  }
  return columns;
}
