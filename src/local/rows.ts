import type { Stats } from 'node:fs';

/** Numbers of a row: size, mtime and ctime in milliseconds, inode, mode with the file's type. */
export const ROW = 5;

/**
 * How close to the moment of looking a file's time may be, in milliseconds, before a later write could carry the same time: a few ticks
 * of any kernel's clock. Milliseconds in a double are exact to a quarter of a microsecond, which is far below that.
 */
const TICK = 20;
/** The same on file systems that keep whole seconds (or two). */
const COARSE_TICK = 2100;

const TYPE = 0o170000;
const LINK = 0o120000;
const FOLDER = 0o040000;

/** Adds the row of what was seen at `looked` (milliseconds since the epoch). A row that can't be trusted later never matches. */
export function pushRow(rows: number[], stats: Stats, looked: number): void {
  const racy = isRacy(stats, looked);
  rows.push(stats.size, racy ? Number.NaN : stats.mtimeMs, stats.ctimeMs, stats.ino, stats.mode);
}

/** Whether the row at `at` is what is seen now: then the content is as it was. */
export function isRow(rows: Float64Array | readonly number[], at: number, stats: Stats): boolean {
  return (
    rows[at + 1] === stats.mtimeMs &&
    rows[at + 2] === stats.ctimeMs &&
    rows[at] === stats.size &&
    rows[at + 3] === stats.ino &&
    rows[at + 4] === stats.mode
  );
}

/** Whether the row is of a link; then the next is of what it leads to (all 0 when that is nothing). */
export function isLinkRow(rows: Float64Array | readonly number[], at: number): boolean {
  return ((rows[at + 4] ?? 0) & TYPE) === LINK;
}

/** Whether the row is of a folder. */
export function isFolderRow(rows: Float64Array | readonly number[], at: number): boolean {
  return ((rows[at + 4] ?? 0) & TYPE) === FOLDER;
}

/** Whether a file was written so close to `looked` that a later write might not show. */
export function isRacy(stats: Stats, looked: number): boolean {
  const newest = Math.max(stats.mtimeMs, stats.ctimeMs);
  const whole = stats.mtimeMs % 1000 === 0 && stats.ctimeMs % 1000 === 0;
  return newest > looked - (whole ? COARSE_TICK : TICK);
}

/** Milliseconds from `now` until files written at `written` can be trusted; 0 when they can. */
export function untilSettled(written: number, now: number): number {
  return Math.max(0, Math.ceil(written + TICK + 1 - now));
}
