import type { RunEvent } from '../model/events.js';
import { frame, type RunView } from './frame.js';
import { LiveRegion } from './live-region.js';
import { logLine } from './plain.js';
import { describeReasons } from './reasons.js';
import type { OpenReporter } from './reporter.js';
import { RunText } from './run-text.js';
import type { Screen, ScreenEvent } from './screen.js';
import type { Style } from './style.js';
import { oneLine } from './text.js';

/** Milliseconds between frames at least, and between those that only show that time goes on. */
const FRAME = 100;
const TICK = 1000;
/** Milliseconds before the first frame: what is done by then needs none. */
const PATIENCE = 300;
/** Names of waiting targets that a line can hold. */
const WAITING_SHOWN = 100;
/** Letters of a line that can be in sight. */
const LETTERS_SHOWN = 2000;

/** Options of `ttyReporter`. */
export interface TtyOptions {
  readonly style: Style;
  /** Shows all that targets say, not only the last line of each. */
  readonly verbose: boolean;
  /** When the command was called, in milliseconds since the epoch. */
  readonly began: number;
  /** The command that takes the run up again where it failed. */
  readonly resume: string;
}

/**
 * Shows a run on a terminal as it goes: below, redrawn in place, what runs, what waits and how far it is; above, in the words
 * of the plain reporter, what has ended. Nothing but permanent lines is left in the end.
 */
export function ttyReporter(screen: Screen, options: TtyOptions): OpenReporter {
  const report = new TtyReport(screen, options);
  return {
    tell: (event) => report.tell(event),
    say: (text) => report.say(text),
    pause: () => report.pause(),
    close: () => report.close(),
  };
}

interface Running {
  readonly since: number;
  readonly why: string;
  said: string | undefined;
}

class TtyReport {
  readonly #screen: Screen;
  readonly #options: TtyOptions;
  readonly #text: RunText;
  readonly #region: LiveRegion;
  readonly #unwatch: () => void;
  #release: () => void;
  readonly #running = new Map<string, Running>();
  readonly #waiting = new Set<string>();
  /** How to go on when an interactive target gives the terminal back. */
  readonly #taken = new Map<string, () => void>();
  readonly #counts = { total: 0, ended: 0, failed: 0, skipped: 0 };
  #command: 'run' | 'clean' = 'run';
  #planned = false;
  /** Permanent lines that are not written yet. */
  #permanent = '';
  #timer: NodeJS.Timeout | undefined;
  #due = 0;
  #drawnAt: number;
  #paused = 0;
  #closed = false;

  constructor(screen: Screen, options: TtyOptions) {
    this.#screen = screen;
    this.#options = options;
    this.#text = new RunText(options);
    this.#region = new LiveRegion(screen);
    this.#unwatch = screen.on((happened) => this.#happened(happened));
    this.#release = this.#capture();
    this.#drawnAt = Date.now() + PATIENCE - FRAME;
    this.#drawSoon();
  }

  tell(event: RunEvent): void {
    if (this.#closed) return;
    this.#follow(event);
    const told = this.#text.tell(event);
    if (event.type === 'target-log' && this.#options.verbose) {
      this.#permanent += logLine(event.target, event.line, this.#options.style);
    }
    // What starts is in sight below.
    if (event.type !== 'target-start' || this.#options.verbose) this.#permanent += told;
    if (event.type === 'run-end') this.close();
    else this.#drawSoon();
  }

  say(text: string): void {
    if (this.#closed) this.#screen.write(text);
    else {
      this.#permanent += text;
      this.#drawSoon();
    }
  }

  pause(): () => void {
    if (this.#closed) return () => undefined;
    if (this.#paused === 0) {
      this.#release();
      this.#clear();
    }
    this.#paused++;
    let over = false;
    return () => {
      if (over) return;
      over = true;
      this.#paused--;
      if (this.#paused > 0 || this.#closed) return;
      this.#release = this.#capture();
      this.#drawSoon();
    };
  }

  close(): void {
    if (this.#closed) return;
    this.#release();
    // Whoever it was left to has had it.
    this.#paused = 0;
    this.#clear();
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#unwatch();
  }

  /** What others write would break the frame, so that it goes above it. */
  #capture(): () => void {
    return this.#screen.capture((line) => this.say(`${oneLine(line)}\n`));
  }

  #follow(event: RunEvent): void {
    switch (event.type) {
      case 'run-start':
        this.#command = event.command;
        return;
      case 'plan':
        this.#planned = true;
        for (const { name, state } of event.entries) if (state !== 'fresh') this.#waiting.add(name);
        this.#counts.total = this.#waiting.size;
        return;
      case 'target-start': {
        this.#waiting.delete(event.target);
        const why = describeReasons(event.reasons);
        this.#running.set(event.target, { since: event.at, why, said: undefined });
        return;
      }
      case 'terminal-taken':
        this.#taken.set(event.target, this.pause());
        return;
      case 'terminal-released':
        this.#taken.get(event.target)?.();
        this.#taken.delete(event.target);
        return;
      case 'target-log': {
        const running = this.#running.get(event.target);
        if (running !== undefined) running.said = event.line;
        return;
      }
      case 'target-end':
        this.#end(event);
    }
  }

  #end({ target, outcome }: Extract<RunEvent, { type: 'target-end' }>): void {
    const counted = this.#running.delete(target) || this.#waiting.has(target);
    this.#waiting.delete(target);
    if (counted) this.#counts.ended++;
    if (outcome === 'failed' || outcome === 'skipped') this.#counts[outcome]++;
  }

  #happened(happened: ScreenEvent): void {
    if (happened === 'exit') this.close();
    else if (happened === 'suspend') this.#clear();
    else {
      if (happened === 'resume') this.#region.forget();
      this.#drawSoon();
    }
  }

  /** Writes what is to be written, and leaves the terminal as it was found. */
  #clear(): void {
    if (this.#closed || this.#paused > 0) return;
    this.#region.clear(this.#permanent);
    this.#permanent = '';
  }

  /** At the next moment at which a frame may be drawn. */
  #drawSoon(): void {
    this.#drawAt(Math.max(Date.now(), this.#drawnAt + FRAME));
  }

  #drawAt(due: number): void {
    if (this.#closed || this.#paused > 0) return;
    if (this.#timer !== undefined && this.#due <= due) return;
    clearTimeout(this.#timer);
    this.#due = due;
    // The moment may have passed since it was chosen; Node 24 complains of a negative time.
    this.#timer = setTimeout(() => this.#draw(), Math.max(0, due - Date.now()));
    // Looking on keeps no run alive.
    this.#timer.unref();
  }

  #draw(): void {
    this.#timer = undefined;
    if (this.#closed || this.#paused > 0) return;
    this.#drawnAt = Date.now();
    const nothingToDo = this.#planned && this.#counts.total === 0;
    const lines = nothingToDo ? [] : frame(this.#view(), this.#screen.size(), this.#options.style);
    // Until the run starts an interrupt ends the process at once, and nobody would show the cursor again.
    this.#region.update(lines, this.#permanent, this.#planned);
    this.#permanent = '';
    // On the whole seconds of the run, so that they pass evenly.
    const { began } = this.#options;
    this.#drawAt(began + (Math.floor((this.#drawnAt - began) / TICK) + 1) * TICK);
  }

  #view(): RunView {
    const waiting: string[] = [];
    for (const name of this.#waiting) {
      if (waiting.length === WAITING_SHOWN) break;
      waiting.push(name);
    }
    const running = Array.from(this.#running, ([name, { since, why, said }]) => ({
      name,
      since,
      text: said === undefined ? why && `(${why})` : lastWords(said),
    }));
    return {
      command: this.#command,
      began: this.#options.began,
      now: Date.now(),
      planned: this.#planned,
      ...this.#counts,
      running,
      waiting,
    };
  }
}

/** A line as it is in sight: progress that was written over itself is at its last state. */
function lastWords(line: string): string {
  const last = line.split('\r').findLast((state) => state.trim() !== '') ?? '';
  return oneLine(last.slice(0, LETTERS_SHOWN)).replaceAll('\t', ' ').trim();
}
