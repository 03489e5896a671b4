import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import type { EventSink, RunEvent } from '../model/events.js';
import {
  eventsFile,
  type JournalHeader,
  type JournalLine,
  logFile,
  parseLine,
  runsDirectory,
} from './journal-format.js';
import { livenessOf, thisProcess } from './process-identity.js';
import { isRunId } from './run-id.js';

const KEPT_RUNS = 50;
/** How long the run of another machine that shares the cache counts as running after it last said something, in milliseconds. */
const ELSEWHERE_RUNS = 24 * 60 * 60 * 1000;
const REMOVED = '.removed-';

/** Record of one run in the local cache: what happened, and what each target said. For people; never decides anything. */
export interface Journal {
  /** `<cache>/runs/<id>`. */
  readonly directory: string;
  /** Log lines go to the target's log, everything else to `events.ndjson`. */
  readonly sink: EventSink;
  /** Where the target's log is; undefined when it has said nothing. */
  logPath(target: string): string | undefined;
  /** Adds to the target's log what does not belong on the screen: stack traces. */
  note(target: string, text: string): void;
  close(): void;
}

/** What a journal tells of the command besides its events. */
export interface JournalOptions {
  readonly runId: string;
  /** As it could be typed again. */
  readonly commandLine: string;
  /** When the command began, in milliseconds since the epoch. */
  readonly began: number;
  /** Told at most once: why the run is not recorded any more. It goes on. */
  readonly warn: (problem: string) => void;
}

/**
 * The journal of a run in `<cacheDirectory>/runs/<runId>`, mode 0700, files 0600. It is made at the first event that is worth
 * it: a run that finds nothing to do leaves no record and costs nothing. All but the newest 50 runs are removed then, except
 * those that still run. Writes go straight to the files, so a crash costs at most a torn last line. Nothing here throws.
 */
export function createJournal(cacheDirectory: string, options: JournalOptions): Journal {
  return new RunJournal(cacheDirectory, options);
}

class RunJournal implements Journal {
  readonly directory: string;
  readonly #runs: string;
  readonly #options: JournalOptions;
  readonly #logs = new Map<string, number>();
  readonly #said = new Set<string>();
  #waiting: JournalLine[] = [];
  #events: number | undefined;
  #state: 'waiting' | 'open' | 'broken' | 'closed' = 'waiting';

  constructor(cacheDirectory: string, options: JournalOptions) {
    this.#runs = runsDirectory(cacheDirectory);
    this.directory = path.join(this.#runs, options.runId);
    this.#options = options;
  }

  readonly sink = (event: RunEvent): void => {
    // An action that did not end when it was told to may still talk; the numbers of closed files belong to others by then.
    if (this.#state === 'closed') return;
    if (event.type === 'target-log') {
      this.note(event.target, event.line);
      return;
    }
    this.#write(lineOf(event), isWorthIt(event));
    if (event.type === 'target-end') this.#closeLog(event.target);
  };

  readonly logPath = (target: string): string | undefined =>
    this.#said.has(target) ? logFile(this.directory, target) : undefined;

  note(target: string, text: string): void {
    if (this.#state === 'closed') return;
    this.#guarded(() => {
      this.#open();
      let log = this.#logs.get(target);
      if (log === undefined) {
        log = openSync(logFile(this.directory, target), 'a', 0o600);
        this.#logs.set(target, log);
        this.#said.add(target);
      }
      writeSync(log, `${text}\n`);
    });
  }

  close(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    for (const target of [...this.#logs.keys()]) this.#closeLog(target);
    if (this.#events !== undefined) closeQuietly(this.#events);
  }

  #write(line: JournalLine, worthIt: boolean): void {
    // A disk that was full may have room again; without its end the run would count as one that died.
    if (this.#state === 'broken' && line.type === 'run-end') this.#writeAnyway(line);
    this.#guarded(() => {
      if (this.#state === 'waiting' && !worthIt) {
        this.#waiting.push(line);
        return;
      }
      this.#open();
      if (this.#events !== undefined) writeLine(this.#events, line);
    });
  }

  #writeAnyway(line: JournalLine): void {
    try {
      // On a line of its own, whatever part of another was written last.
      if (this.#events !== undefined) writeAll(this.#events, `\n${JSON.stringify(line)}\n`);
    } catch {
      // It was told when it broke.
    }
  }

  #open(): void {
    if (this.#state !== 'waiting') return;
    makeFolder(path.join(this.directory, 'logs'));
    this.#events = openSync(eventsFile(this.directory), 'a', 0o600);
    const { runId, began, commandLine } = this.#options;
    const header: JournalHeader = {
      type: 'journal',
      format: 1,
      run: runId,
      began,
      commandLine,
      process: thisProcess(),
    };
    for (const line of [header, ...this.#waiting]) writeLine(this.#events, line);
    this.#waiting = [];
    this.#state = 'open';
    removeOldRuns(this.#runs, runId);
  }

  #closeLog(target: string): void {
    const log = this.#logs.get(target);
    if (log !== undefined) closeQuietly(log);
    this.#logs.delete(target);
  }

  /** A disk that is full or read-only costs the record, not the run. */
  #guarded(work: () => void): void {
    if (this.#state === 'broken') return;
    try {
      work();
    } catch (error) {
      this.#state = 'broken';
      const problem = error instanceof Error ? error.message : String(error);
      this.#options.warn(`this run is not recorded any further: ${problem}`);
    }
  }
}

/** Whether a run in which this happens is worth a record. */
function isWorthIt(event: RunEvent): boolean {
  switch (event.type) {
    case 'run-start':
      return false;
    case 'plan':
      return event.entries.some((entry) => entry.state !== 'fresh');
    case 'target-end':
      return event.outcome !== 'fresh';
    case 'run-end':
      return event.interrupted;
    default:
      return true;
  }
}

function lineOf(event: Exclude<RunEvent, { type: 'target-log' }>): JournalLine {
  if (event.type !== 'plan') return event;
  const entries = event.entries.filter((entry) => entry.state !== 'fresh');
  return { type: 'plan', at: event.at, entries, fresh: event.entries.length - entries.length };
}

function writeLine(file: number, line: JournalLine): void {
  writeAll(file, `${JSON.stringify(line)}\n`);
}

function writeAll(file: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written);
}

/** With those above it. Node's own way tells ENOENT for a disk that is read-only, which says nothing to anybody. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(path.dirname(folder));
  mkdirSync(folder, { mode: 0o700 });
}

/** Some file systems tell of a full disk only now. */
function closeQuietly(file: number): void {
  try {
    closeSync(file);
  } catch {
    // At worst the end of the record is lost.
  }
}

function removeOldRuns(runs: string, current: string): void {
  try {
    const names = readdirSync(runs);
    const others = names.filter((name) => isRunId(name) && name !== current);
    others.sort().reverse();
    const old = others.slice(KEPT_RUNS - 1).filter((name) => !mayRun(path.join(runs, name)));
    // Renamed first: half of a record would be told as a damaged one.
    for (const name of old) renameSync(path.join(runs, name), path.join(runs, `${REMOVED}${name}`));
    const removed = [...names.filter((name) => name.startsWith(REMOVED)), ...old.map((name) => `${REMOVED}${name}`)];
    for (const name of removed) rmSync(path.join(runs, name), { recursive: true, force: true });
  } catch {
    // The next run tries again.
  }
}

function mayRun(directory: string): boolean {
  try {
    const file = eventsFile(directory);
    const text = readFileSync(file, 'utf8');
    const header = parseLine(text.slice(0, text.indexOf('\n')));
    if (header === undefined || header === 'other' || header.type !== 'journal') return false;
    const liveness = livenessOf(header.process);
    if (liveness !== 'elsewhere') return liveness === 'alive' && !hasEnded(text);
    return !hasEnded(text) && Date.now() - statSync(file).mtimeMs < ELSEWHERE_RUNS;
  } catch {
    return false;
  }
}

function hasEnded(text: string): boolean {
  return text.includes('\n{"type":"run-end",');
}
