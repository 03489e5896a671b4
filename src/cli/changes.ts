import type { PlanEntry } from '../model/plan.js';
import type { Plan } from '../plan/plan.js';
import { unified } from '../report/line-diff.js';
import { diffPart, type PartDiff } from '../report/part-diff.js';
import type { Diffs } from '../report/why-text.js';
import { partText } from '../state/part-text.js';
import { findTexts } from '../state/part-texts.js';

/** Diffs of all changed parts of these entries, as far as their texts are known. Reads the local cache and input files only. */
export async function diffsOf(entries: readonly PlanEntry[], plan: Plan, cacheDirectory: string): Promise<Diffs> {
  const changed = entries.flatMap(({ name, reasons }) =>
    reasons.flatMap((reason) => (reason.kind === 'changed' ? reason.parts.map((part) => ({ name, part })) : [])),
  );
  const diffs = new Map<string, Map<string, PartDiff>>();
  if (changed.length === 0) return diffs;
  const applied = findTexts(
    cacheDirectory,
    changed.flatMap(({ part }) => part.before ?? []),
  );
  for (const { name, part } of changed) {
    const wanted = plan.wanted.get(name)?.desired?.parts.find((one) => one.name === part.name);
    const before = part.before === undefined ? undefined : applied.get(part.before);
    const after = wanted === undefined ? undefined : partText(wanted);
    // Outputs of needs are no parts of the target's own: their digests say all.
    if (wanted === undefined && part.change !== 'removed') continue;
    const ofTarget = diffs.get(name) ?? new Map<string, PartDiff>();
    diffs.set(name, ofTarget.set(part.name, await diffPart(part.change, before, after)));
  }
  return diffs;
}

/** Entries for machines: changed parts have their diff in unified format as `diff`, or `noDiff`, which says why there is none. */
export function withDiffs(entries: readonly PlanEntry[], diffs: Diffs): readonly object[] {
  return entries.map((entry) => ({
    ...entry,
    reasons: entry.reasons.map((reason) => {
      if (reason.kind !== 'changed') return reason;
      const parts = reason.parts.map((part) => ({ ...part, ...machineDiff(diffs.get(entry.name)?.get(part.name)) }));
      return { ...reason, parts };
    }),
  }));
}

function machineDiff(diff: PartDiff | undefined): object {
  if (diff === undefined) return {};
  if (diff.kind === 'none') return { noDiff: diff.why };
  const beside = diff.beside.length === 0 ? {} : { beside: diff.beside };
  return {
    ...beside,
    diff: diff.hunks
      .flatMap(unified)
      .map((line) => `${line}\n`)
      .join(''),
  };
}
