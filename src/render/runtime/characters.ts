/** The characters that Python takes for white space, as the inside of a character class. JavaScript's `\s` has others. */
export const SPACE = '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';

const SURROGATE = /[\ud800-\udfff]/;

/** Whether a text has characters that take two places in a JavaScript string and one in Python's. */
export function isWide(text: string): boolean {
  return SURROGATE.test(text);
}

/** Characters as Python counts them: code points. */
export function characters(text: string): string[] {
  return isWide(text) ? Array.from(text) : text.split('');
}

/** The number of code points. */
export function lengthOf(text: string): number {
  return isWide(text) ? Array.from(text).length : text.length;
}

// Of the control characters of ASCII, three that separate records count.
const LINE_ENDS = new RegExp(`\\r\\n|[${'\\n\\r\\v\\f\\x1c\\x1d\\x1e\\x85\\u2028\\u2029'}]`, 'g');

/** Python's `str.splitlines()`: a text's last line end makes no empty line. */
export function splitLines(text: string, keepEnds = false): string[] {
  const lines: string[] = [];
  let start = 0;
  for (const match of text.matchAll(LINE_ENDS)) {
    const end = match.index + match[0].length;
    lines.push(text.slice(start, keepEnds ? end : match.index));
    start = end;
  }
  if (start < text.length) lines.push(text.slice(start));
  return lines;
}
