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

/** All reasons, one a line, changed parts with old and new digests. */
export function explainReasons(reasons: readonly Reason[]): readonly string[] {
  return reasons.flatMap((reason) =>
    reason.kind === 'changed' ? changeLines(reason.parts) : [describeReason(reason)],
  );
}
