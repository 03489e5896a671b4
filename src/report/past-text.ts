import type { PastCounts, PastRun, PastTarget } from '../state/past-runs.js';
import { formatError } from './errors.js';
import { explainReasons } from './explain-reasons.js';
import { describeReasons } from './reasons.js';
import { plainStyle, type Style } from './style.js';
import { duration, oneLine, widthOf } from './text.js';

/** Runs in the order given: id, when it began (local time), how long it took, how it ended, what became of its targets, how it was called. */
export function formatHistory(runs: readonly PastRun[], style: Style = plainStyle): string {
  if (runs.length === 0) return 'no runs yet (those that find nothing to do are not recorded)\n';
  const rows = runs.map((run) => [run.id, whenOf(run), tookOf(run), run.ending, countsOf(run.counts), calledAs(run)]);
  const table = [['run', 'began', 'took', 'ended', 'targets', 'command'], ...rows];
  const widths = table[0]?.map((_, column) => widthOf(table.map((row) => row[column] ?? ''))) ?? [];
  const lines = table.map((row, index) => {
    const run = runs[index - 1];
    const cells = row.map((cell, column) => {
      const padded = column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0);
      return column === 3 && run !== undefined ? endingStyle(run, style)(padded) : padded;
    });
    const line = cells.join('  ').trimEnd();
    return run === undefined ? style.quiet(line) : line;
  });
  const damaged = runs.filter((run) => run.damaged > 0);
  if (damaged.length > 0)
    lines.push('', `damaged, so not all of it can be told: ${damaged.map(({ id }) => id).join(', ')}`);
  return `${lines.join('\n')}\n`;
}

/** A run: what was called, how it ended, and a line for each target that was not fresh, with why, its error and its log. */
export function formatRun(run: PastRun, style: Style = plainStyle): string {
  const ended = run.ending === 'running' ? 'is running' : run.ending;
  const took = run.ended === undefined ? '' : `, took ${tookOf(run)}`;
  const lines = [
    `run ${run.id}`,
    `  ${calledAs(run)}`,
    `  began ${whenOf(run)}${took}, ${endingStyle(run, style)(ended)}: ${countsOf(run.counts)}`,
    `  ${run.directory}`,
  ];
  if (run.damaged > 0) lines.push(`  ${linesOf(run.damaged)} of its record can't be read, so there may have been more`);
  if (run.targets.length > 0) lines.push('');
  const width = widthOf(run.targets.map(({ name }) => name));
  for (const target of run.targets) lines.push(...targetLines(target, width, run, style));
  return `${lines.join('\n')}\n`;
}

/** A target in a run, on one line: `worker:h1 ran in 12.3s, 2026-11-25 13:40:50, run 20261125-...`. */
export function formatPastTarget(run: PastRun, target: PastTarget): string {
  const began = target.began === undefined ? '' : `, ${localTime(target.began)}`;
  const took = target.seconds === undefined ? '' : ` in ${duration(target.seconds)}`;
  return `${target.name} ${outcomeOf(target, run)}${took}${began}, run ${run.id}\n`;
}

function targetLines(target: PastTarget, width: number, run: PastRun, style: Style): string[] {
  const { name, seconds, reasons, because, error, log } = target;
  const outcome = outcomeOf(target, run);
  const painted = outcomeStyle(target, style)(outcome.padEnd(9));
  const took = seconds === undefined ? '' : duration(seconds);
  const why = because === undefined ? describeReasons(reasons) : `${because} failed`;
  const lines = [`${painted} ${name.padEnd(width)}  ${took.padStart(7)}  ${why}`.trimEnd()];
  const parts = explainReasons(reasons.filter((reason) => reason.kind === 'changed'));
  for (const part of target.began === undefined ? [] : parts) lines.push(style.quiet(`            ${part}`));
  if (error !== undefined) {
    const told = formatError(error).trimEnd().split('\n');
    for (const line of told) lines.push(`          ${line}`);
  }
  if (log !== undefined) lines.push(style.quiet(`            log: ${log}`));
  return lines;
}

/** A target without an end was cut short when its run died. */
function outcomeOf({ outcome }: PastTarget, run: PastRun): string {
  const atWork = run.ending === 'running' || run.ending === 'unknown';
  if (outcome === 'started') return atWork ? 'running' : 'cut short';
  if (outcome === 'waiting') return atWork ? 'waiting' : 'not begun';
  return outcome;
}

function outcomeStyle({ outcome }: PastTarget, style: Style): (text: string) => string {
  if (outcome === 'failed') return style.bad;
  if (outcome === 'ran' || outcome === 'fresh') return style.good;
  return style.caution;
}

function endingStyle({ ending }: PastRun, style: Style): (text: string) => string {
  if (ending === 'ok') return style.good;
  if (ending === 'running') return style.busy;
  return ending === 'failed' || ending === 'died' ? style.bad : style.caution;
}

function countsOf({ ran, fresh, failed, skipped }: PastCounts): string {
  const parts = [`${ran} ran`];
  if (fresh > 0) parts.push(`${fresh} fresh`);
  if (failed > 0) parts.push(`${failed} failed`);
  if (skipped > 0) parts.push(`${skipped} skipped`);
  return parts.join(', ');
}

function calledAs({ commandLine }: PastRun): string {
  return oneLine(commandLine);
}

function whenOf({ began }: PastRun): string {
  return began === undefined ? '-' : localTime(began);
}

function tookOf({ began, ended }: PastRun): string {
  return began === undefined || ended === undefined ? '-' : duration((ended - began) / 1000);
}

function linesOf(count: number): string {
  return count === 1 ? '1 line' : `${count} lines`;
}

/** `2026-11-25 13:40:50`, in this machine's time zone. */
function localTime(milliseconds: number): string {
  const date = new Date(milliseconds);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-');
  return `${day} ${[date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')}`;
}
