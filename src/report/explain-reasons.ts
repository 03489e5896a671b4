import type { PartChange, Reason } from '../model/plan.js';
import { shortDigest } from './diff-text.js';
import { describeReason } from './reasons.js';
import { widthOf } from './text.js';

/** A line for each changed part, with its old and new digest. */
export function changeLines(parts: readonly PartChange[]): readonly string[] {
  const width = widthOf(parts.map((part) => part.name));
  return parts.map(
    ({ name, change, before, after }) =>
      `${change.padEnd(7)} ${name.padEnd(width)}  ${shortDigest(before)} -> ${shortDigest(after)}`,
  );
}

/** Parts that are told one by one; of a folder with thousands of files all may have changed. */
export const MOST_PARTS = 20;

/** All reasons, one a line, changed parts with old and new digests. */
export function explainReasons(reasons: readonly Reason[]): readonly string[] {
  return reasons.flatMap((reason) => {
    if (reason.kind !== 'changed') return [describeReason(reason)];
    const more = reason.parts.length - MOST_PARTS;
    return [...changeLines(reason.parts.slice(0, MOST_PARTS)), ...(more > 0 ? [`and ${more} more`] : [])];
  });
}
