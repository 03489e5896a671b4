import { closeSync, mkdirSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';
import type { EventSink, RunEvent } from '../model/events.js';
import { isRunId } from './run-id.js';

const KEPT_RUNS = 50;

/** Record of one run in the local cache: what happened, and what each target said. For people; never decides anything. */
export interface Journal {
  /** `<cache>/runs/<id>`. */
  readonly directory: string;
  /** Log lines go to the target's log, everything else to `events.ndjson`. */
  readonly sink: EventSink;
  /** Where the target's log is, whether or not it exists yet. */
  logPath(target: string): string;
  /** Adds to the target's log what does not belong on the screen: stack traces. */
  note(target: string, text: string): void;
  close(): void;
}

/**
 * Opens the journal of a run in `<cacheDirectory>/runs/<runId>`, mode 0700, files 0600. Removes all but the newest 50 runs.
 * Writes go straight to the files, so that a crash loses nothing.
 */
export function createJournal(cacheDirectory: string, runId: string): Journal {
  const runs = path.join(cacheDirectory, 'runs');
  const directory = path.join(runs, runId);
  const logs = path.join(directory, 'logs');
  mkdirSync(logs, { recursive: true, mode: 0o700 });
  removeOldRuns(runs, runId);

  const events = openSync(path.join(directory, 'events.ndjson'), 'a', 0o600);
  const open = new Map<string, number>();
  // An action that did not end when it was told to may still talk; the numbers of closed files belong to others by then.
  let closed = false;
  const logPath = (target: string): string => path.join(logs, `${fileName(target)}.log`);

  function note(target: string, text: string): void {
    if (closed) return;
    let log = open.get(target);
    if (log === undefined) {
      log = openSync(logPath(target), 'a', 0o600);
      open.set(target, log);
    }
    writeSync(log, `${text}\n`);
  }

  function sink(event: RunEvent): void {
    if (closed) return;
    if (event.type === 'target-log') {
      note(event.target, event.line);
      return;
    }
    writeSync(events, `${JSON.stringify(event)}\n`);
    if (event.type === 'target-end') closeLog(event.target);
  }

  function closeLog(target: string): void {
    const log = open.get(target);
    if (log !== undefined) closeSync(log);
    open.delete(target);
  }

  function close(): void {
    if (closed) return;
    closed = true;
    for (const target of [...open.keys()]) closeLog(target);
    closeSync(events);
  }

  return { directory, sink, logPath, note, close };
}

/** Target names are harmless file names; anything else is written as %XX so that it can't leave the folder. */
function fileName(target: string): string {
  return target.replaceAll(/[^\w.:@+-]/gu, (character) => encodeURIComponent(character));
}

function removeOldRuns(runs: string, current: string): void {
  const others = readdirSync(runs).filter((name) => isRunId(name) && name !== current);
  others.sort().reverse();
  for (const name of others.slice(KEPT_RUNS - 1)) rmSync(path.join(runs, name), { recursive: true, force: true });
}
