import type { RunEvent } from '../model/events.js';
import { type Step, Timeline } from './critical-path.js';
import { formatError } from './errors.js';
import { describeLeftOut } from './left-out.js';
import { describeReasons } from './reasons.js';
import type { Style } from './style.js';
import { duration, oneLine } from './text.js';

const TAIL_LINES = 20;
const PATH_LINES = 10;
/** Seconds below which nobody asks where the time went. */
const MOMENT = 1;

/** Options of `RunText`. */
export interface RunTextOptions {
  readonly style: Style;
  /** The command that takes the run up again where it failed. */
  readonly resume: string;
}

type TargetStart = Extract<RunEvent, { type: 'target-start' }>;
type TargetEnd = Extract<RunEvent, { type: 'target-end' }>;
type RunEnd = Extract<RunEvent, { type: 'run-end' }>;

/** A target that failed, with the last lines of its log. */
export interface Failure {
  readonly end: TargetEnd;
  readonly tail: readonly string[];
}

/**
 * The words for a run, the same for all reporters that people read: one line for each thing that matters, and at the end every
 * failure with all there is to say, the critical path and the counts. Must be told every event, in order.
 */
export class RunText {
  readonly #options: RunTextOptions;
  readonly #timeline = new Timeline();
  readonly #tails = new Map<string, string[]>();
  readonly #started = new Set<string>();
  readonly #failures: Failure[] = [];
  #command: 'run' | 'clean' = 'run';
  #planned = new Set<string>();

  constructor(options: RunTextOptions) {
    this.#options = options;
  }

  /** What failed so far. */
  get failures(): readonly Failure[] {
    return this.#failures;
  }

  /** Lines for an event, each with its end; empty when it is not worth one. What targets say while they run is not told. */
  tell(event: RunEvent): string {
    this.#timeline.tell(event);
    switch (event.type) {
      case 'run-start':
        this.#command = event.command;
        return '';
      case 'plan':
        return this.#plan(event);
      case 'target-start':
        return this.#targetStart(event);
      case 'terminal-taken':
      case 'terminal-released':
        return '';
      case 'target-log':
        this.#keep(event.target, event.line);
        return '';
      case 'target-end':
        return this.#targetEnd(event);
      case 'run-end':
        return this.#runEnd(event);
    }
  }

  /** The critical path, when there is something to learn from it; else nothing. */
  criticalPath(): readonly Step[] {
    const path = this.#timeline.criticalPath();
    const seconds = path.reduce((sum, step) => sum + step.seconds, 0);
    return this.#timeline.worked > 1 && seconds >= MOMENT ? path : [];
  }

  #plan({ entries, leftOut }: Extract<RunEvent, { type: 'plan' }>): string {
    const stale = entries.filter((entry) => entry.state === 'stale');
    const unknown = entries.filter((entry) => entry.state === 'unknown').length;
    const fresh = entries.length - stale.length - unknown;
    this.#planned = new Set(stale.map((entry) => entry.name));
    const left = leftOut === undefined ? '' : line(describeLeftOut(leftOut));
    if (stale.length + unknown === 0) return left;
    const rest = this.#command === 'clean' ? `${fresh} not there` : `${fresh} fresh`;
    return left + line(`${stale.length} to ${this.#command}, ${rest}${unknown === 0 ? '' : `, ${unknown} unknown`}`);
  }

  #targetStart({ target, reasons }: TargetStart): string {
    const { style } = this.#options;
    this.#started.add(target);
    const why = describeReasons(reasons);
    return line(`${style.busy(this.#command.padEnd(5))} ${target}${why === '' ? '' : style.quiet(`  (${why})`)}`);
  }

  #keep(target: string, text: string): void {
    const tail = this.#tails.get(target) ?? [];
    tail.push(text);
    if (tail.length > TAIL_LINES) tail.shift();
    this.#tails.set(target, tail);
  }

  #targetEnd(end: TargetEnd): string {
    const tail = this.#tails.get(end.target) ?? [];
    this.#tails.delete(end.target);
    if (end.outcome === 'failed') this.#failures.push({ end, tail: tail.map(oneLine) });
    const { target, outcome, seconds, restored, because, excluded, error } = end;
    const { style } = this.#options;
    switch (outcome) {
      case 'ran':
        return line(
          `${style.good('done')}  ${target}  ${duration(seconds)}${restored ? style.quiet('  (restored)') : ''}`,
        );
      case 'fresh':
        // Most are fresh from the start and not worth a line; this one was thought to run.
        if (!this.#planned.has(target) && !this.#started.has(target)) return '';
        return line(`${style.good('fresh')} ${target}${style.quiet('  (what it needs gave the same again)')}`);
      case 'failed': {
        const message = error === undefined ? '' : `  ${oneLine(error.message)}`;
        return line(`${style.bad('fail')}  ${target}  ${duration(seconds)}${message}`);
      }
      case 'skipped': {
        const why = `${because} ${excluded ? 'is left out and not fresh' : 'failed'}`;
        return line(`${style.caution('skip')}  ${target}${because === undefined ? '' : `  (${why})`}`);
      }
    }
  }

  #runEnd(end: RunEnd): string {
    const { ran, fresh, failed, skipped, seconds, interrupted } = end;
    const time = `in ${duration(seconds)}`;
    const parts = this.#failures.map((failure) => this.#failure(failure));
    if (ran + failed + skipped === 0 && !interrupted) {
      const what = this.#command === 'clean' ? ': nothing there' : fresh > 0 ? `: ${fresh} fresh` : '';
      return parts.join('') + line(`nothing to do${what} ${time}`);
    }
    const path = this.#pathText(end);
    parts.push(path);
    if (failed + skipped > 0 || interrupted) parts.push(line(`\nresume with: ${this.#options.resume}`));
    else if (path !== '') parts.push(line(''));
    const counts = this.#command === 'clean' ? `${ran} cleaned` : `${ran} ran, ${fresh} fresh`;
    const prefix = interrupted ? 'interrupted: ' : '';
    parts.push(line(`${prefix}${counts}, ${failed} failed, ${skipped} skipped ${time}`));
    return parts.join('');
  }

  #failure({ end: { target, error, log }, tail }: Failure): string {
    const parts = [line(`\n${this.#options.style.bad(`${target} failed`)}`)];
    if (error !== undefined) {
      // An error that brings the last lines itself has the better choice of them.
      const details = error.details !== undefined && error.details.length > 0 ? error.details : tail;
      const bug =
        error.code === 'INTERNAL' ? { next: 'This is a bug; the log has its stack trace. Please report it.' } : {};
      parts.push(formatError({ ...bug, ...error, details }));
    }
    if (log !== undefined) parts.push(line(`  log: ${log}`));
    return parts.join('');
  }

  #pathText({ planSeconds }: RunEnd): string {
    const path = this.criticalPath();
    if (path.length === 0) return '';
    const { style } = this.#options;
    const rows = path.map(({ target, seconds, waitedSeconds }) => {
      const waited = waitedSeconds < MOMENT ? '' : style.quiet(`  (after waiting for ${duration(waitedSeconds)})`);
      return { seconds, text: `${target}${waited}` };
    });
    if (planSeconds !== undefined) rows.unshift({ seconds: planSeconds, text: 'planning' });
    const { shown, left } = longest(rows);
    const texts = shown.map(({ seconds, text }) => line(`${duration(seconds).padStart(8)}  ${text}`));
    const rest = left.reduce((sum, row) => sum + row.seconds, 0);
    if (left.length > 0) texts.push(line(`${duration(rest).padStart(8)}  ${left.length} shorter ones`));
    return line('\ncritical path') + texts.join('');
  }
}

/** The rows that took longest, in their order, and the others. */
function longest<Row extends { readonly seconds: number }>(rows: readonly Row[]): { shown: Row[]; left: Row[] } {
  if (rows.length <= PATH_LINES) return { shown: [...rows], left: [] };
  const kept = new Set(rows.toSorted((a, b) => b.seconds - a.seconds).slice(0, PATH_LINES - 1));
  return { shown: rows.filter((row) => kept.has(row)), left: rows.filter((row) => !kept.has(row)) };
}

function line(text: string): string {
  return `${text}\n`;
}
