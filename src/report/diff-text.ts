import type { PartChange } from '../model/plan.js';
import { unified } from './line-diff.js';
import type { PartDiff } from './part-diff.js';
import type { Style } from './style.js';

/** The first letters of a digest, enough to compare by eye; `-` where there is none. */
export function shortDigest(digest: string | undefined): string {
  return digest?.slice(0, 12) ?? '-';
}

/**
 * Lines of a diff in unified format, without a header: `@@ -1 +1 @@` and so on; in parentheses what is no line of the text.
 * @param longest letters after which a line is cut
 */
export function diffLines(diff: PartDiff, style: Style, longest = Number.POSITIVE_INFINITY): readonly string[] {
  if (diff.kind === 'none') return [style.quiet(`(${diff.why})`)];
  const lines = diff.hunks.flatMap(unified).map((line) => paint(cut(visible(line), longest), style));
  const beside = diff.beside.map((line) => style.quiet(`(${visible(line)})`));
  // Digests differ, so something does: what is shown of it is only a part.
  return beside.length + lines.length === 0
    ? [style.quiet('(its text is the same: something else of it differs, such as its mode)')]
    : [...beside, ...lines];
}

/** A part's diff with its header, as `patch` and editors read it. */
export function partDiffLines(target: string, change: PartChange, diff: PartDiff, style: Style): readonly string[] {
  const side = (sign: string, digest: string | undefined): string =>
    digest === undefined ? `${sign} /dev/null` : `${sign} ${target}: ${visible(change.name)}  ${shortDigest(digest)}`;
  return [style.bad(side('---', change.before)), style.good(side('+++', change.after)), ...diffLines(diff, style)];
}

/** Control characters as `^X`, so that a line moves no cursor, and a change of one can be seen. Tabs stay. */
function visible(text: string): string {
  return text.replaceAll(/(?!\t)\p{Cc}/gu, (character) => {
    const code = character.charCodeAt(0);
    if (code === 0x7f) return '^?';
    return code < 0x20 ? `^${String.fromCharCode(code + 0x40)}` : `\\x${code.toString(16)}`;
  });
}

function cut(line: string, longest: number): string {
  return line.length > longest ? `${line.slice(0, longest)}...` : line;
}

function paint(line: string, style: Style): string {
  if (line.startsWith('+')) return style.good(line);
  if (line.startsWith('-')) return style.bad(line);
  if (line.startsWith('@@')) return style.busy(line);
  return line.startsWith('\\') ? style.quiet(line) : line;
}
