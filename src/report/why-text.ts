import type { PlanEntry, Reason } from '../model/plan.js';
import { describeReason } from './reasons.js';
import { widthOf } from './text.js';

const DIGEST_LETTERS = 12;

/** The entries of `names` and of everything that their reasons lead to, each once, causes after what they cause. */
export function causesOf(names: readonly string[], entries: ReadonlyMap<string, PlanEntry>): PlanEntry[] {
  const found = new Set(names);
  // A set hands out what is added while it is walked.
  for (const name of found)
    for (const reason of entries.get(name)?.reasons ?? []) {
      const cause = causeOf(reason);
      if (cause !== undefined) found.add(cause);
    }
  return [...found].flatMap((name) => entries.get(name) ?? []);
}

/** Why a target is in its state: its reasons, changed parts with digests, and below a stale need why that is stale. */
export function formatWhy(name: string, entries: ReadonlyMap<string, PlanEntry>): string {
  const lines: string[] = [];
  explain(name, entries, '', new Set(), lines);
  return `${lines.join('\n')}\n`;
}

function explain(
  name: string,
  entries: ReadonlyMap<string, PlanEntry>,
  indent: string,
  told: Set<string>,
  lines: string[],
): void {
  const entry = entries.get(name);
  if (entry === undefined) return;
  const again = told.has(name) && entry.reasons.length > 0;
  lines.push(`${indent}${name} is ${entry.state}${again ? ' (see above)' : ''}`);
  if (again) return;
  told.add(name);
  if (entry.mayBeCutOff) lines.push(`${indent}  runs only if what it needs gives another output`);
  for (const reason of entry.reasons) {
    if (reason.kind === 'changed') {
      lines.push(...changes(reason).map((line) => `${indent}  ${line}`));
      continue;
    }
    lines.push(`${indent}  ${describeReason(reason)}`);
    if (reason.kind === 'unreachable' && reason.next !== undefined) lines.push(`${indent}    next: ${reason.next}`);
    const cause = causeOf(reason);
    if (cause !== undefined) explain(cause, entries, `${indent}    `, told, lines);
  }
}

function changes({ parts }: Extract<Reason, { kind: 'changed' }>): string[] {
  const width = widthOf(parts.map((part) => part.name));
  return parts.map(({ name, change, before, after }) => {
    const digests = [before, after].map((digest) => digest?.slice(0, DIGEST_LETTERS) ?? '-').join(' -> ');
    return `${change.padEnd(7)} ${name.padEnd(width)}  ${digests}`;
  });
}

/** The other target that a reason points at. */
function causeOf(reason: Reason): string | undefined {
  if (reason.kind === 'need-stale') return reason.target;
  return reason.kind === 'not-asked' ? reason.through : undefined;
}
