import type { RunEvent } from '../../../src/model/events.js';
import type { PlanEntry } from '../../../src/model/plan.js';
import { createJournal, type Journal } from '../../../src/state/journal.js';
import { newRunId } from '../../../src/state/run-id.js';

/** A journal as `pai run workers` has it. */
export function journalIn(cache: string, id = newRunId(new Date()), warnings: string[] = []): Journal {
  const warn = (problem: string): void => {
    warnings.push(problem);
  };
  return createJournal(cache, { runId: id, commandLine: 'pai run workers', began: 1000, warn });
}

/** An entry of a plan. */
export function entry(name: string, state: PlanEntry['state']): PlanEntry {
  return { name, state, reasons: state === 'fresh' ? [] : [{ kind: 'never-applied' }], mayBeCutOff: false };
}

/** What a run of three targets tells: one is fresh, `ok` runs, `bad` fails, and `late` is skipped. */
export function eventsOfRun(run: string): readonly RunEvent[] {
  const error = { code: 'HOST_SCRIPT', message: 'exit 3', next: 'Look.' };
  return [
    { type: 'run-start', at: 2000, run, command: 'run', targets: ['bad', 'late'] },
    {
      type: 'plan',
      at: 2001,
      entries: [entry('still', 'fresh'), entry('ok', 'stale'), entry('bad', 'stale'), entry('late', 'stale')],
    },
    { type: 'target-start', at: 2002, target: 'ok', reasons: [{ kind: 'never-applied' }] },
    { type: 'target-log', at: 2003, target: 'ok', line: 'working' },
    { type: 'target-end', at: 3502, target: 'ok', outcome: 'ran', seconds: 1.5 },
    { type: 'target-start', at: 3503, target: 'bad', reasons: [{ kind: 'forced' }] },
    { type: 'target-end', at: 3603, target: 'bad', outcome: 'failed', seconds: 0.1, error },
    { type: 'target-end', at: 3604, target: 'late', outcome: 'skipped', seconds: 0, because: 'bad' },
    { type: 'run-end', at: 4000, run, ran: 1, fresh: 1, failed: 1, skipped: 1, seconds: 2, interrupted: false },
  ];
}
