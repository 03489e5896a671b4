import type { Reporter, Write } from './reporter.js';
import { RunText } from './run-text.js';
import { plainStyle, type Style } from './style.js';
import { oneLine } from './text.js';

/** Options of `plainReporter`. */
export interface PlainOptions {
  /** Shows what targets say while they run, not only when they fail. */
  readonly verbose: boolean;
  /** The command that takes the run up again where it failed. */
  readonly resume: string;
  /** By default without colours. */
  readonly style?: Style;
}

/** One line for each thing that matters, as it happens, and at the end every failure. No cursor moves. */
export function plainReporter(write: Write, { verbose, resume, style = plainStyle }: PlainOptions): Reporter {
  const text = new RunText({ style, resume });
  return (event) => {
    if (verbose && event.type === 'target-log') write(logLine(event.target, event.line, style));
    const told = text.tell(event);
    if (told !== '') write(told);
  };
}

/** A line that a target said, with its line end. */
export function logLine(target: string, line: string, style: Style): string {
  return `${style.quiet(`${target} |`)} ${oneLine(line)}\n`;
}
