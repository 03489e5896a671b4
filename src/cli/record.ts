import type { EventSink } from '../model/events.js';
import type { RunContext } from '../run/context.js';
import { createJournal } from '../state/journal.js';
import { createPartTexts } from '../state/part-texts.js';
import type { Invocation } from './command.js';

/** What a run leaves behind for people: its journal, and the texts of what it applied. */
export interface RunRecord {
  readonly sink: EventSink;
  /** What the run itself is given of it. */
  readonly context: Pick<RunContext, 'journal' | 'applied'>;
  close(): void;
}

/**
 * The record of a run in the cache. It is begun at the first thing worth one. When it can't be written, that is told once on
 * standard error, and the run goes on.
 */
export function createRecord(invocation: Invocation, cacheDirectory: string, runId: string): RunRecord {
  const { io, commandLine, began } = invocation;
  const warn = (problem: string): void => io.stderr(`warning: ${problem}\n`);
  const journal = createJournal(cacheDirectory, { runId, commandLine, began, warn });
  const texts = createPartTexts(cacheDirectory);
  return {
    sink: journal.sink,
    context: {
      journal: {
        logPath: journal.logPath,
        // Set only once the paifile is loaded.
        note: (target, text) => journal.note(target, invocation.mapStack?.(text) ?? text),
      },
      applied: texts.keep,
    },
    close() {
      journal.close();
      texts.close();
    },
  };
}
