import type { EventSink } from '../model/events.js';
import type { PlanEntry } from '../model/plan.js';

/** A run in which everything is known to be fresh. */
export interface UnchangedRun {
  readonly run: string;
  /** Names of the targets that were asked for, in order. */
  readonly selected: readonly string[];
  readonly entries: readonly PlanEntry[];
  /** When the command was called, in milliseconds since the epoch. */
  readonly began: number;
  readonly interrupted: boolean;
}

/** Entries of a plan in which everything is fresh. */
export function freshEntries(order: readonly string[]): PlanEntry[] {
  return order.map((name) => ({ name, state: 'fresh', reasons: [], mayBeCutOff: false }));
}

/** Tells what `executePlan` tells of a plan in which everything is fresh. */
export function tellUnchanged({ run, selected, entries, began, interrupted }: UnchangedRun, emit: EventSink): void {
  const at = Date.now();
  const seconds = (at - began) / 1000;
  const counts = { ran: 0, fresh: entries.length, failed: 0, skipped: 0 };
  emit({ type: 'run-start', at, run, command: 'run', targets: selected, began });
  emit({ type: 'plan', at, entries, before: {} });
  emit({ type: 'run-end', at, run, ...counts, seconds, interrupted, planSeconds: seconds });
}
