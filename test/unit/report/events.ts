import type { RunEvent } from '../../../src/model/events.js';
import type { PlanEntry, Reason, State } from '../../../src/model/plan.js';

/** When commands of these tests are called, in milliseconds since the epoch. */
export const BEGAN = 1_700_000_000_000;

type Told<Type extends RunEvent['type']> = Extract<RunEvent, { type: Type }>;

/** An entry of a plan. */
export function entry(name: string, state: State = 'stale', reasons: readonly Reason[] = []): PlanEntry {
  return { name, state, reasons, mayBeCutOff: false };
}

/** Events with what a test cares about; times are seconds since the command's call. */
export const at = (seconds: number) => {
  const moment = BEGAN + Math.round(seconds * 1000);
  return {
    runStart: (command: 'run' | 'clean' = 'run'): RunEvent => {
      return { type: 'run-start', at: moment, run: 'r1', command, targets: ['services'], began: BEGAN };
    },
    /** Stale targets with what comes before each. */
    plan: (before: Record<string, readonly string[]>, fresh: readonly string[] = []): RunEvent => {
      const entries = [...fresh.map((name) => entry(name, 'fresh')), ...Object.keys(before).map((name) => entry(name))];
      return { type: 'plan', at: moment, entries, before };
    },
    start: (target: string, more: Partial<Told<'target-start'>> = {}): RunEvent => {
      return { type: 'target-start', at: moment, target, reasons: [{ kind: 'never-applied' }], ...more };
    },
    log: (target: string, line: string): RunEvent => ({ type: 'target-log', at: moment, target, line }),
    end: (target: string, more: Partial<Told<'target-end'>> = {}): RunEvent => {
      return { type: 'target-end', at: moment, target, outcome: 'ran', seconds: 1, ...more };
    },
    runEnd: (counts: Partial<Told<'run-end'>> = {}): RunEvent => {
      const none = { ran: 0, fresh: 0, failed: 0, skipped: 0, interrupted: false };
      return { type: 'run-end', at: moment, run: 'r1', seconds, planSeconds: 0.5, ...none, ...counts };
    },
  };
};
