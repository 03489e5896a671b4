import type { LiveLine } from './live-region.js';
import type { ScreenSize } from './screen.js';
import type { Style } from './style.js';
import { elapsed } from './text.js';
import { columnsOf, cut } from './width.js';

/** Columns of a terminal in which there is room for what a target says. */
const ROOMY = 40;
const BAR_COLUMNS = 20;

/** A run as it is at one moment. Texts have no control characters. */
export interface RunView {
  readonly command: 'run' | 'clean';
  /** The command's call, in milliseconds since the epoch; the same for the other times. */
  readonly began: number;
  readonly now: number;
  /** False while it is still being found out what is stale. */
  readonly planned: boolean;
  /** Targets that were not fresh when the run began, and how many of them have come to their end. */
  readonly total: number;
  readonly ended: number;
  readonly failed: number;
  readonly skipped: number;
  /** In the order in which they started. */
  readonly running: readonly RunningTarget[];
  /** Names of those that have not started, in order of the plan; more than anybody reads need not be there. */
  readonly waiting: readonly string[];
}

/** A target that runs. */
export interface RunningTarget {
  readonly name: string;
  readonly since: number;
  /** What it said last, else why it runs. */
  readonly text: string;
}

/** A part of a line, and how it is shown. */
interface Part {
  readonly text: string;
  readonly paint?: (text: string) => string;
}

/**
 * The lines that show a run: what runs, what waits, how far it is. Narrower than the terminal, and at most two thirds of its
 * rows, so that some of what was done stays in sight. In a terminal of one row there is no room for any.
 */
export function frame(view: RunView, { columns, rows }: ScreenSize, style: Style): LiveLine[] {
  const room = Math.min(rows - 1, Math.max(1, Math.floor((rows * 2) / 3)));
  // The last column stays free: terminals differ on what happens when it is written to.
  const width = columns - 1;
  if (room < 1 || width < 1) return [];
  const status = statusLine(view, width, style);
  if (!view.planned) return [status];
  const waiting = room > 2 ? waitLine(view, width, style) : undefined;
  const below = waiting === undefined ? [status] : [waiting, status];
  return [...runningLines(view, width, room - below.length, style), ...below];
}

function runningLines(view: RunView, width: number, room: number, style: Style): LiveLine[] {
  const { running, now } = view;
  // One line for the rest; where there is room for one only, it is better spent on a target, since the status has the count.
  const fits = running.length > room && room > 1 ? room - 1 : room;
  const shown = running.slice(0, Math.max(0, fits));
  const left = running.length - shown.length;
  const times = shown.map(({ since }) => elapsed(now - since));
  const timeWidth = Math.max(0, ...times.map((time) => time.length));
  const verb = width < ROOMY ? '' : `${view.command.padEnd(5)} `;
  const nameRoom = width < ROOMY ? width - timeWidth - 1 : Math.floor((width - verb.length) / 2);
  const nameWidth = Math.min(nameRoom, Math.max(0, ...shown.map(({ name }) => columnsOf(name))));
  const lines = shown.map(({ name, text }, index) =>
    fitted(
      [
        { text: verb, paint: style.busy },
        { text: padded(cut(name, nameWidth), nameWidth) },
        { text: ` ${(times[index] ?? '').padStart(timeWidth)}` },
        ...(width < ROOMY || text === '' ? [] : [{ text: `  ${text}`, paint: style.quiet }]),
      ],
      width,
    ),
  );
  if (left > 0 && room > 1) lines.push(fitted([{ text: `and ${left} more running`, paint: style.quiet }], width));
  return lines;
}

/** Names of those that wait, as many as there is room for. */
function waitLine({ total, ended, running, waiting }: RunView, width: number, style: Style): LiveLine | undefined {
  const count = total - ended - running.length;
  if (count <= 0 || waiting.length === 0 || width < ROOMY) return undefined;
  const rest = (shown: number): string => (shown < count ? ` and ${count - shown} more` : '');
  let names = '';
  let shown = 0;
  for (const name of waiting) {
    const next = names === '' ? name : `${names}, ${name}`;
    if (columnsOf(`wait  ${next}${rest(shown + 1)}`) > width) break;
    names = next;
    shown++;
  }
  if (shown === 0) return undefined;
  return fitted(
    [
      { text: 'wait ', paint: style.quiet },
      { text: ` ${names}${rest(shown)}`, paint: style.quiet },
    ],
    width,
  );
}

/** The richest status for which there is room. */
function statusLine(view: RunView, width: number, style: Style): LiveLine {
  const time = elapsed(view.now - view.began);
  if (!view.planned) return fitted([{ text: `planning  ${time}`, paint: style.quiet }], width);
  const { total, ended, failed, skipped, running } = view;
  const count: Part = { text: `${ended}/${total}` };
  const goes: Part = { text: `${running.length} running`, paint: style.busy };
  const waits: Part = { text: `${Math.max(0, total - ended - running.length)} waiting` };
  const bad: Part[] = failed === 0 ? [] : [{ text: `${failed} failed`, paint: style.bad }];
  const left: Part[] = skipped === 0 ? [] : [{ text: `${skipped} skipped`, paint: style.caution }];
  const took: Part = { text: time };
  const choices: Part[][] = [
    [count, goes, waits, ...bad, ...left, took],
    [count, goes, ...bad, took],
    [count, ...bad, took],
    [count, took],
  ];
  const [richest = []] = choices;
  const withBar = joined([bar(ended, total, style), ...richest]);
  if (columnsOfParts(withBar) <= width) return fitted(withBar, width);
  const chosen = choices.map(joined).find((parts) => columnsOfParts(parts) <= width);
  return fitted(chosen ?? [count], width);
}

function bar(ended: number, total: number, style: Style): Part {
  const filled = total === 0 ? 0 : Math.floor((ended / total) * BAR_COLUMNS);
  return { text: `[${'#'.repeat(filled)}${'.'.repeat(BAR_COLUMNS - filled)}]`, paint: style.quiet };
}

function joined(parts: readonly Part[]): Part[] {
  return parts.flatMap((part, index) => (index === 0 ? [part] : [{ text: '  ' }, part]));
}

function columnsOfParts(parts: readonly Part[]): number {
  return parts.reduce((sum, part) => sum + columnsOf(part.text), 0);
}

/** Parts as one line that takes at most `width` columns. */
function fitted(parts: readonly Part[], width: number): LiveLine {
  let plain = '';
  let text = '';
  for (const { text: whole, paint } of parts) {
    const part = cut(whole, width - columnsOf(plain));
    plain += part;
    text += paint === undefined ? part : paint(part);
    if (part !== whole) break;
  }
  return { text, plain };
}

function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - columnsOf(text)));
}
