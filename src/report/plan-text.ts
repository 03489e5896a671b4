import { errorReport } from '../model/error-report.js';
import type { PaiError } from '../model/errors.js';
import type { PlanEntry, State } from '../model/plan.js';
import { driftLines } from './drift-text.js';
import { formatError } from './errors.js';
import { explainReasons } from './explain-reasons.js';
import { describeReasons } from './reasons.js';
import { widthOf } from './text.js';

/** How many entries are in each state. */
export function countStates(entries: readonly PlanEntry[]): Readonly<Record<State, number>> {
  const counts = { fresh: 0, stale: 0, unknown: 0 };
  for (const entry of entries) counts[entry.state]++;
  return counts;
}

/**
 * A plan in the order of the run: a line for each target that is not fresh (or for all), then what is to be done about trouble,
 * then the counts. `maybe` is what runs only if something before it gives another output.
 */
export function formatPlan(
  entries: readonly PlanEntry[],
  errors: ReadonlyMap<string, PaiError>,
  options: { readonly all: boolean; readonly explain?: boolean },
): string {
  const shown = entries.filter((entry) => options.all || entry.state !== 'fresh');
  const width = widthOf(shown.map((entry) => entry.name));
  const lines = shown.flatMap((entry) => [
    `${stateOf(entry).padEnd(7)} ${entry.name.padEnd(width)}  ${whatFor(entry)}`.trimEnd(),
    ...driftLines(entry.reasons, `pai why ${entry.name}`).map(indented),
    ...(options.explain === true ? changesOf(entry) : []),
  ]);
  const blocks = [...errors].map(([name, error]) => `\n${name}\n${formatError(errorReport(error))}`.trimEnd());
  const steps = nextSteps(entries.filter((entry) => !errors.has(entry.name)));
  if (steps.length > 0) blocks.push(`\n${steps.map((step) => `next: ${step}`).join('\n')}`);
  if (lines.length + blocks.length > 0) lines.push(...blocks, '');
  lines.push(planCounts(entries));
  return `${lines.join('\n')}\n`;
}

/** `3 to run, 1 of them may be cut off, 2 fresh, 1 unknown` */
export function planCounts(entries: readonly PlanEntry[]): string {
  const { fresh, stale, unknown } = countStates(entries);
  const maybe = entries.filter((entry) => entry.mayBeCutOff).length;
  const parts = [`${stale} to run`];
  if (maybe > 0) parts.push(`${maybe} of them may be cut off`);
  parts.push(`${fresh} fresh`);
  if (unknown > 0) parts.push(`${unknown} unknown`);
  return parts.join(', ');
}

/** Data of a target that is cleaned. */
interface CleanedData {
  readonly target: string;
  readonly paths: readonly string[];
  /** It is deleted; else it is kept. */
  readonly goes: boolean;
}

/** What a clean would take down. */
export function formatCleanPlan(plan: {
  readonly present: readonly string[];
  readonly unknown: readonly string[];
  readonly absent: number;
  readonly data: readonly CleanedData[];
}): string {
  const { present, unknown, absent, data } = plan;
  const lines = [
    ...present.map((name) => `clean   ${name}`),
    ...unknown.map((name) => `unknown ${name}`),
    ...data.map(({ target, paths, goes }) => `${goes ? 'delete ' : 'keep   '} ${target}: ${paths.join(', ')}`),
  ];
  lines.push(
    `${present.length} to clean, ${absent} not there${unknown.length === 0 ? '' : `, ${unknown.length} unknown`}`,
  );
  return `${lines.join('\n')}\n`;
}

function stateOf(entry: PlanEntry): string {
  return entry.mayBeCutOff ? 'maybe' : entry.state;
}

function whatFor(entry: PlanEntry): string {
  const reasons = describeReasons(entry.reasons);
  return entry.mayBeCutOff ? `${reasons}; may be cut off` : reasons;
}

/** Changed parts with their digests; the other reasons are in the line itself. */
function changesOf({ reasons }: PlanEntry): readonly string[] {
  return explainReasons(reasons.filter((reason) => reason.kind === 'changed')).map(indented);
}

function indented(line: string): string {
  return `          ${line}`;
}

/** What to do about targets that can't be looked at; the targets of one host mostly share it. */
function nextSteps(entries: readonly PlanEntry[]): string[] {
  const steps = entries.flatMap((entry) =>
    entry.reasons.flatMap((reason) =>
      reason.kind === 'unreachable' && reason.next !== undefined ? [reason.next] : [],
    ),
  );
  return [...new Set(steps)];
}
