import { eastAsianWidth } from 'get-east-asian-width';

const ASCII = /^[ -~]*$/;
/** Drawn over what comes before it: combining marks, joiners and other format characters; the soft hyphen is visible. */
const NO_WIDTH = /^(?!\u00ad)[\p{Mn}\p{Me}\p{Cf}\u1160-\u11ff]$/u;
/** Makes the character before it an emoji of two columns. */
const EMOJI_VARIATION = '\ufe0f';
const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/**
 * How many columns of a terminal a text takes at most. Terminals differ on emoji that are joined of several: what is counted is
 * what one draws that does not join them, because a line that is thought too narrow breaks the screen, and one that is
 * thought too wide does not. Control characters must be gone already.
 */
export function columnsOf(text: string): number {
  if (ASCII.test(text)) return text.length;
  let columns = 0;
  for (const { segment } of segmenter.segment(text)) columns += columnsOfCharacter(segment);
  return columns;
}

/** The text if it takes at most `columns`; else its beginning with `…`. Never cuts inside of what people see as one character. */
export function cut(text: string, columns: number): string {
  if (columns <= 0) return '';
  // The beginning of a very long line is enough to tell; the rest is never walked.
  if (text.length <= columns && ASCII.test(text)) return text;
  let used = 0;
  let fits = '';
  for (const { segment } of segmenter.segment(text)) {
    const next = used + columnsOfCharacter(segment);
    if (next > columns) return `${fits}…`;
    if (next < columns) fits += segment;
    // This one fits only if it is the last one.
    else return fits.length + segment.length === text.length ? text : `${fits}…`;
    used = next;
  }
  return text;
}

/** How many rows a terminal of so many columns breaks a line into, at least: one that joins emoji. */
export function rowsOf(text: string, columns: number): number {
  if (ASCII.test(text)) return Math.max(1, Math.ceil(text.length / columns));
  let rows = 1;
  let used = 0;
  for (const { segment } of segmenter.segment(text)) {
    const width = Math.min(2, columnsOfCharacter(segment));
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
