import type { RunEvent } from '../model/events.js';
import { formatError } from './errors.js';
import { describeReasons } from './reasons.js';
import type { Reporter, Write } from './reporter.js';
import { duration, oneLine } from './text.js';

const TAIL_LINES = 20;

/** Options of `plainReporter`. */
export interface PlainOptions {
  /** Shows what targets say while they run, not only when they fail. */
  readonly verbose: boolean;
  /** When the command began, in milliseconds since the epoch: looking at the cluster comes before the run's start. */
  readonly began: number;
  /** The command that takes the run up again where it failed. */
  readonly resume: string;
}

type TargetEnd = Extract<RunEvent, { type: 'target-end' }>;

/** One line for each thing that matters, and at the end every failure with all there is to say. No colours, no cursor moves. */
export function plainReporter(write: Write, options: PlainOptions): Reporter {
  const report = new PlainReport(write, options);
  return (event) => report.tell(event);
}

class PlainReport {
  readonly #write: Write;
  readonly #options: PlainOptions;
  readonly #tails = new Map<string, string[]>();
  readonly #started = new Set<string>();
  readonly #failures: { end: TargetEnd; tail: readonly string[] }[] = [];
  #command: 'run' | 'clean' = 'run';
  #planned = new Set<string>();

  constructor(write: Write, options: PlainOptions) {
    this.#write = write;
    this.#options = options;
  }

  tell(event: RunEvent): void {
    switch (event.type) {
      case 'run-start':
        this.#command = event.command;
        return;
      case 'plan':
        this.#plan(event);
        return;
      case 'target-start':
        this.#started.add(event.target);
        this.#line(`${this.#command.padEnd(5)} ${event.target}${parenthesis(describeReasons(event.reasons))}`);
        return;
      case 'target-log':
        this.#log(event.target, event.line);
        return;
      case 'target-end':
        this.#targetEnd(event);
        return;
      case 'run-end':
        this.#runEnd(event);
    }
  }

  #line(text: string): void {
    this.#write(`${text}\n`);
  }

  #plan({ entries }: Extract<RunEvent, { type: 'plan' }>): void {
    const stale = entries.filter((entry) => entry.state === 'stale');
    const unknown = entries.filter((entry) => entry.state === 'unknown').length;
    const fresh = entries.length - stale.length - unknown;
    this.#planned = new Set(stale.map((entry) => entry.name));
    if (stale.length + unknown === 0) return;
    this.#line(`${stale.length} to ${this.#command}, ${fresh} fresh${unknown === 0 ? '' : `, ${unknown} unknown`}`);
  }

  #log(target: string, line: string): void {
    const text = oneLine(line);
    if (this.#options.verbose) this.#line(`${target} | ${text}`);
    const tail = this.#tails.get(target) ?? [];
    tail.push(text);
    if (tail.length > TAIL_LINES) tail.shift();
    this.#tails.set(target, tail);
  }

  #targetEnd(end: TargetEnd): void {
    const { target, outcome, seconds, restored, because, error } = end;
    switch (outcome) {
      case 'ran':
        this.#line(`done  ${target}  ${duration(seconds)}${restored === true ? '  (restored)' : ''}`);
        break;
      case 'fresh':
        // Most are fresh from the start and not worth a line; this one was thought to run.
        if (this.#planned.has(target) || this.#started.has(target))
          this.#line(`fresh ${target}  (what it needs gave the same again)`);
        break;
      case 'failed':
        this.#line(`fail  ${target}  ${duration(seconds)}${error === undefined ? '' : `  ${oneLine(error.message)}`}`);
        this.#failures.push({ end, tail: this.#tails.get(target) ?? [] });
        break;
      case 'skipped':
        this.#line(`skip  ${target}${because === undefined ? '' : `  (${because} failed)`}`);
    }
    this.#tails.delete(target);
  }

  #runEnd({ at, ran, fresh, failed, skipped, interrupted }: Extract<RunEvent, { type: 'run-end' }>): void {
    const seconds = (at - this.#options.began) / 1000;
    for (const failure of this.#failures) this.#failure(failure.end, failure.tail);
    if (ran + failed + skipped === 0 && !interrupted) {
      this.#line(
        `nothing to do: ${this.#command === 'clean' ? 'nothing there' : `${fresh} fresh`} in ${duration(seconds)}`,
      );
      return;
    }
    const counts = this.#command === 'clean' ? `${ran} cleaned` : `${ran} ran, ${fresh} fresh`;
    if (failed + skipped > 0 || interrupted) this.#line(`\nresume with: ${this.#options.resume}`);
    const prefix = interrupted ? 'interrupted: ' : '';
    this.#line(`${prefix}${counts}, ${failed} failed, ${skipped} skipped in ${duration(seconds)}`);
  }

  #failure({ target, error, log }: TargetEnd, tail: readonly string[]): void {
    this.#line(`\n${target} failed`);
    if (error !== undefined) {
      // An error that brings the last lines itself has the better choice of them.
      const details = error.details !== undefined && error.details.length > 0 ? error.details : tail;
      const bug =
        error.code === 'INTERNAL' ? { next: 'This is a bug; the log has its stack trace. Please report it.' } : {};
      this.#write(formatError({ ...bug, ...error, details }));
    }
    if (log !== undefined) this.#line(`  log: ${log}`);
  }
}

function parenthesis(text: string): string {
  return text === '' ? '' : `  (${text})`;
}
