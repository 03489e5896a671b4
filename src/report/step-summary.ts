import type { RunEvent } from '../model/events.js';
import type { Step } from './critical-path.js';
import { describeReasons } from './reasons.js';
import type { Failure } from './run-text.js';
import { duration, oneLine } from './text.js';

/** Rows of the table and failures that are told; GitHub refuses summaries above 1 MiB. */
const MOST_ROWS = 500;
const MOST_FAILURES = 50;
const MOST_LETTERS = 500;

type TargetEnd = Extract<RunEvent, { type: 'target-end' }>;

/** The summary of a run as GitHub-flavoured Markdown. Must be told every event. */
export class StepSummary {
  readonly #resume: string;
  readonly #reasons = new Map<string, string>();
  readonly #ends: TargetEnd[] = [];

  constructor(resume: string) {
    this.#resume = resume;
  }

  tell(event: RunEvent): void {
    if (event.type === 'target-start') this.#reasons.set(event.target, describeReasons(event.reasons));
    // What was fresh from the start did not end: it never began.
    if (event.type === 'target-end') this.#ends.push(event);
  }

  markdown(
    failures: readonly Failure[],
    criticalPath: readonly Step[],
    end: Extract<RunEvent, { type: 'run-end' }>,
  ): string {
    const { ran, fresh, failed, skipped, seconds, interrupted } = end;
    const counts = `${ran} ran, ${fresh} fresh, ${failed} failed, ${skipped} skipped in ${duration(seconds)}`;
    const blocks = [`### ${code(this.#resume)}${interrupted ? ' was interrupted' : ''}: ${counts}`];
    if (this.#ends.length > 0) blocks.push(this.#table());
    for (const failure of failures.slice(0, MOST_FAILURES)) blocks.push(failureBlock(failure));
    if (failures.length > MOST_FAILURES) blocks.push(`and ${failures.length - MOST_FAILURES} more failures`);
    if (criticalPath.length > 0) {
      const steps = criticalPath.map(({ target, seconds }) => `${code(target)} ${duration(seconds)}`);
      blocks.push(`Critical path: ${steps.slice(0, MOST_ROWS).join(' → ')}`);
    }
    return `${blocks.join('\n\n')}\n\n`;
  }

  #table(): string {
    const rank = { failed: 0, skipped: 1, ran: 2, fresh: 3 };
    const rows = this.#ends.toSorted((a, b) => rank[a.outcome] - rank[b.outcome]);
    const lines = ['| target | outcome | seconds | reasons |', '| --- | --- | ---: | --- |'];
    for (const { target, outcome, seconds, because, excluded } of rows.slice(0, MOST_ROWS)) {
      const why =
        this.#reasons.get(target) ?? (because === undefined ? '' : `${because} ${excluded ? 'is left out' : 'failed'}`);
      const time = outcome === 'ran' || outcome === 'failed' ? seconds.toFixed(1) : '';
      lines.push(`| ${code(target)} | ${outcome} | ${time} | ${markdownText(why)} |`);
    }
    if (rows.length > MOST_ROWS) lines.push(`| and ${rows.length - MOST_ROWS} more | | | |`);
    return lines.join('\n');
  }
}

function failureBlock({ end: { target, error, log }, tail }: Failure): string {
  const details = error?.details !== undefined && error.details.length > 0 ? error.details : tail;
  const lines = [
    ...(error?.where === undefined ? [] : [`at ${error.where}`]),
    ...details,
    ...(error?.next === undefined ? [] : [`next: ${error.next}`]),
    ...(log === undefined ? [] : [`log: ${log}`]),
  ];
  const title = `${code(target)} failed${error === undefined ? '' : `: ${markdownText(error.message)}`}`;
  if (lines.length === 0) return `**${title}**`;
  return `<details><summary>${title}</summary>\n\n${fenced(lines.map((line) => shortened(oneLine(line))))}\n\n</details>`;
}

/** A code block; its fence is longer than any that the lines bring. */
function fenced(lines: readonly string[]): string {
  const longest = Math.max(0, ...lines.flatMap((line) => line.match(/`+/g) ?? []).map((ticks) => ticks.length));
  const fence = '`'.repeat(Math.max(3, longest + 1));
  return `${fence}text\n${lines.join('\n')}\n${fence}`;
}

function code(text: string): string {
  return `<code>${markdownText(text)}</code>`;
}

/** Text that Markdown and HTML show as it is: a character reference is never taken for syntax. */
function markdownText(text: string): string {
  const line = shortened(oneLine(text)).replaceAll('\t', ' ');
  return line.replaceAll(/[!-+:-@[-`{-~]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

function shortened(line: string): string {
  return line.length > MOST_LETTERS ? `${line.slice(0, MOST_LETTERS)}…` : line;
}
