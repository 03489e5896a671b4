import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { ErrorReport, Outcome } from '../model/events.js';
import type { Reason } from '../model/plan.js';
import {
  eventsFile,
  type JournalHeader,
  type JournalLine,
  logFile,
  parseLine,
  runsDirectory,
} from './journal-format.js';
import { livenessOf } from './process-identity.js';
import { isRunId } from './run-id.js';

/**
 * How a run ended. `running`: it has not. `died`: it has no end and its process is gone. `unknown`: it has no end, and was
 * started where its process can't be seen from here.
 */
export type Ending = 'ok' | 'failed' | 'interrupted' | 'running' | 'died' | 'unknown';

/** What became of a target in a run; `started` when its end is not recorded, `waiting` when it was planned and never reached. */
export type PastOutcome = Outcome | 'started' | 'waiting';

/** A target of a past run. */
export interface PastTarget {
  readonly name: string;
  readonly outcome: PastOutcome;
  /** Why it ran, or was to run. */
  readonly reasons: readonly Reason[];
  /** When it began, in milliseconds since the epoch; absent when it never did. */
  readonly began?: number;
  /** How long it took; absent while it has not ended. */
  readonly seconds?: number;
  /** For `skipped`: the target that failed below it. */
  readonly because?: string;
  readonly error?: ErrorReport;
  /** Path of its log; absent when it said nothing. */
  readonly log?: string;
}

/** How many targets came to which end. */
export type PastCounts = Readonly<Record<Outcome, number>>;

/** A run as its journal tells it. */
export interface PastRun {
  readonly id: string;
  readonly directory: string;
  /** As it could be typed again. */
  readonly commandLine: string;
  /** Milliseconds since the epoch; absent where the record is too damaged to tell. */
  readonly began?: number;
  readonly ended?: number;
  readonly ending: Ending;
  readonly counts: PastCounts;
  /** Targets that were not fresh, in the order in which they began; those that never did come last. */
  readonly targets: readonly PastTarget[];
  /** Lines of the record that can't be read; more than 0 means that there may have been more than is told. */
  readonly damaged: number;
}

/** Ids of all recorded runs, newest first. */
export function runIds(cacheDirectory: string): readonly string[] {
  try {
    return readdirSync(runsDirectory(cacheDirectory)).filter(isRunId).sort().reverse();
  } catch {
    return [];
  }
}

/** Reads the record of a run; what is damaged is passed over and counted. Does not throw. */
export function readRun(cacheDirectory: string, id: string): PastRun {
  const directory = path.join(runsDirectory(cacheDirectory), id);
  const reading = new Reading(directory);
  for (const line of linesOf(eventsFile(directory))) reading.take(line);
  return reading.finish(id);
}

/** Lines of a file; one that can't be read counts as one damaged line. */
function linesOf(file: string): readonly string[] {
  try {
    return readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '');
  } catch {
    return [''];
  }
}

/** A target while its run is read. */
type Draft = { -readonly [Key in keyof PastTarget]: PastTarget[Key] };

class Reading {
  readonly #directory: string;
  readonly #targets = new Map<string, Draft>();
  #header: JournalHeader | undefined;
  #start: Extract<JournalLine, { type: 'run-start' }> | undefined;
  #end: Extract<JournalLine, { type: 'run-end' }> | undefined;
  #fresh = 0;
  #damaged = 0;

  constructor(directory: string) {
    this.#directory = directory;
  }

  take(text: string): void {
    const line = parseLine(text);
    if (line === undefined) {
      this.#damaged++;
      return;
    }
    if (line === 'other') return;
    switch (line.type) {
      case 'journal':
        this.#header = line;
        return;
      case 'run-start':
        this.#start = line;
        return;
      case 'plan':
        this.#fresh = line.fresh;
        for (const { name, reasons } of line.entries) this.#draft(name).reasons = reasons;
        return;
      case 'target-start': {
        const draft = this.#draft(line.target);
        Object.assign(draft, { outcome: 'started', reasons: line.reasons, began: line.at });
        return;
      }
      case 'target-end': {
        const draft = this.#draft(line.target);
        draft.outcome = line.outcome;
        if (draft.began !== undefined) draft.seconds = line.seconds;
        if (line.because !== undefined) draft.because = line.because;
        if (line.error !== undefined) draft.error = line.error;
        return;
      }
      case 'run-end':
        this.#end = line;
    }
  }

  finish(id: string): PastRun {
    const began = this.#header?.began ?? this.#start?.at;
    const drafts = [...this.#targets.values()];
    // Sorting is stable: those that never began stay in the order of the plan.
    drafts.sort((a, b) => (a.began ?? Number.MAX_VALUE) - (b.began ?? Number.MAX_VALUE));
    for (const draft of drafts) {
      const log = logFile(this.#directory, draft.name);
      if (existsSync(log)) draft.log = log;
    }
    return {
      id,
      directory: this.#directory,
      commandLine: this.#header?.commandLine ?? this.#called(),
      ...(began !== undefined && { began }),
      ...(this.#end !== undefined && { ended: this.#end.at }),
      ending: this.#ending(),
      counts: this.#counts(drafts),
      targets: drafts,
      damaged: this.#damaged,
    };
  }

  #draft(name: string): Draft {
    const draft = this.#targets.get(name) ?? { name, outcome: 'waiting', reasons: [] };
    this.#targets.set(name, draft);
    return draft;
  }

  /** As near as the events tell it, where the header is lost. */
  #called(): string {
    return this.#start === undefined ? 'pai' : ['pai', this.#start.command, ...this.#start.targets].join(' ');
  }

  #ending(): Ending {
    if (this.#end !== undefined) {
      if (this.#end.interrupted) return 'interrupted';
      return this.#end.failed + this.#end.skipped > 0 ? 'failed' : 'ok';
    }
    if (this.#header === undefined) return 'died';
    const liveness = livenessOf(this.#header.process);
    if (liveness === 'elsewhere') return 'unknown';
    return liveness === 'alive' ? 'running' : 'died';
  }

  #counts(drafts: readonly Draft[]): PastCounts {
    if (this.#end !== undefined) {
      const { ran, fresh, failed, skipped } = this.#end;
      return { ran, fresh, failed, skipped };
    }
    const counts = { ran: 0, fresh: this.#fresh, failed: 0, skipped: 0 };
    for (const { outcome } of drafts) if (outcome !== 'started' && outcome !== 'waiting') counts[outcome]++;
    return counts;
  }
}
