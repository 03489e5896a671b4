import type { PlanEntry } from '../model/plan.js';
import { partDiffLines } from './diff-text.js';
import { planCounts } from './plan-text.js';
import { describeReasons } from './reasons.js';
import { plainStyle, type Style } from './style.js';
import type { Diffs } from './why-text.js';

/**
 * What would change: for each target that is not fresh the diffs of its changed parts, and one line for what has no diff (it
 * was never applied, or waits for others). Then the counts.
 */
export function formatChanges(entries: readonly PlanEntry[], diffs: Diffs, style: Style = plainStyle): string {
  const open = entries.filter((entry) => entry.state !== 'fresh');
  const blocks = open.map((entry) => `${changesOf(entry, diffs, style).join('\n')}\n`);
  return [...blocks, `${planCounts(entries)}\n`].join('\n');
}

function changesOf({ name, state, reasons, mayBeCutOff }: PlanEntry, diffs: Diffs, style: Style): string[] {
  const others = reasons.filter((reason) => reason.kind !== 'changed');
  const lines: string[] = [];
  if (others.length > 0) {
    const how = state === 'unknown' ? 'unknown: ' : mayBeCutOff ? 'may change: ' : '';
    lines.push(style.quiet(`${name}: ${how}${describeReasons(others)}`));
  }
  for (const reason of reasons) {
    if (reason.kind !== 'changed') continue;
    for (const part of reason.parts) {
      const diff = diffs.get(name)?.get(part.name);
      if (diff !== undefined) lines.push(...partDiffLines(name, part, diff, style));
    }
  }
  return lines;
}
