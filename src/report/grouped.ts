import type { RunEvent } from '../model/events.js';
import type { Reporter, Write } from './reporter.js';
import { RunText } from './run-text.js';
import { plainStyle, type Style } from './style.js';
import { oneLine } from './text.js';

/** Letters of a target's log that are kept until it ends. */
const KEPT_LETTERS = 1_000_000;

/** Options of `groupedReporter`. */
export interface GroupedOptions {
  /** The command that takes the run up again where it failed. */
  readonly resume: string;
  /** By default without colours. */
  readonly style?: Style;
}

/** Like plain lines, but each target's log comes as one block below its end: targets that run at a time do not mix. */
export function groupedReporter(write: Write, { resume, style = plainStyle }: GroupedOptions): Reporter {
  const text = new RunText({ style, resume });
  const logs = new Logs();
  return (event) => {
    logs.tell(event);
    const told = text.tell(event);
    if (event.type === 'target-end') write(told + logs.take(event));
    else if (told !== '') write(told);
  };
}

/** The logs of what runs. */
export class Logs {
  readonly #logs = new Map<string, { lines: string[]; letters: number; dropped: number }>();

  tell(event: RunEvent): void {
    if (event.type !== 'target-log') return;
    const log = this.#logs.get(event.target) ?? { lines: [], letters: 0, dropped: 0 };
    this.#logs.set(event.target, log);
    log.lines.push(event.line);
    log.letters += event.line.length;
    // A target that says too much keeps the end, which mostly tells more; in one go, since taking from the front is slow.
    if (log.letters <= 2 * KEPT_LETTERS) return;
    let first = 0;
    for (; log.letters > KEPT_LETTERS && first < log.lines.length - 1; first++) {
      log.letters -= log.lines[first]?.length ?? 0;
    }
    log.lines.splice(0, first);
    log.dropped += first;
  }

  /** The log of a target that has ended, one `  | ` line each. */
  take({ target, log: file }: Extract<RunEvent, { type: 'target-end' }>): string {
    const log = this.#logs.get(target);
    this.#logs.delete(target);
    if (log === undefined) return '';
    const where = file === undefined ? '' : `, see ${file}`;
    const lines = log.dropped === 0 ? [] : [`(${log.dropped} lines before these${where})`];
    for (const line of log.lines) lines.push(oneLine(line));
    return lines.map((line) => `  | ${line}\n`).join('');
  }
}
