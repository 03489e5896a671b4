import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { eventsFile, parseLine, runsDirectory } from './journal-format.js';
import { runIds } from './past-runs.js';
import { isRunId } from './run-id.js';

/** What the journal of a run tells of it, however it ended. */
export interface RecordedRun {
  readonly run: string;
  /** Targets that were to run and did not come to a good end: failed, skipped, or not reached. In order of the plan. */
  readonly open: readonly string[];
  /** Targets that were at work when it broke off. */
  readonly unfinished: ReadonlySet<string>;
}

/** The newest `pai run` in `<cacheDirectory>/runs`; undefined when there is none that can be read. */
export async function lastRun(cacheDirectory: string): Promise<RecordedRun | undefined> {
  for (const run of runIds(cacheDirectory)) {
    const recorded = await readRun(cacheDirectory, run);
    if (recorded !== undefined) return recorded;
  }
  return undefined;
}

/** A run by its id; undefined when it was no `pai run`, or nothing of it can be read. Damaged lines are passed over. */
export async function readRun(cacheDirectory: string, run: string): Promise<RecordedRun | undefined> {
  if (!isRunId(run)) return undefined;
  const file = eventsFile(path.join(runsDirectory(cacheDirectory), run));
  const text = await readFile(file, 'utf8').catch(() => '');
  const open = new Set<string>();
  const unfinished = new Set<string>();
  let isRun = false;
  for (const line of text.split('\n')) {
    const event = parseLine(line);
    if (event === undefined || event === 'other') continue;
    if (event.type === 'run-start') isRun = event.command === 'run';
    if (event.type === 'plan') {
      for (const entry of event.entries) if (entry.state !== 'fresh') open.add(entry.name);
    }
    if (event.type === 'target-start') unfinished.add(event.target);
    if (event.type === 'target-end') {
      unfinished.delete(event.target);
      if (event.outcome === 'ran' || event.outcome === 'fresh') open.delete(event.target);
    }
  }
  return isRun ? { run, open: [...open], unfinished } : undefined;
}
