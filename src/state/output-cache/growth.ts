import { appendFileSync, existsSync, rmSync } from 'node:fs';
import { lstat, readFile, rename, writeFile } from 'node:fs/promises';
import { errorCode, unlessMissing } from './files.js';
import { freshPath, type Layout } from './layout.js';

const DAY = 86_400_000;

/** How large a cache is thought to be without counting: what was last counted, and what was added since. */
export interface Estimate {
  /** Bytes. */
  readonly bytes: number;
  /** False when it was never counted, or more than a day ago: two processes at once may have forgotten something. */
  readonly reliable: boolean;
}

/** Keeps what was counted. */
export async function recordSize(layout: Layout, bytes: number, now: number): Promise<void> {
  const fresh = freshPath(layout.fresh);
  try {
    await writeFile(fresh, `=${bytes} ${now}\n`, { mode: 0o600, flag: 'wx' });
    await rename(fresh, layout.growth);
  } catch {
    // Without it the next run counts again.
  }
}

/** Whether nothing was ever kept in a cache. */
export function isNew(layout: Layout): boolean {
  return !existsSync(layout.objects) && !existsSync(layout.entries) && !isRecorded(layout);
}

/** Whether anything was recorded of its size. */
export function isRecorded(layout: Layout): boolean {
  return existsSync(layout.growth);
}

/** Keeps that something was added. Throws the system's error. */
export function recordGrowth(layout: Layout, bytes: number): void {
  append(layout.growth, `+${bytes}\n`);
}

/** How large the cache is, as far as it was recorded. */
export async function estimate(layout: Layout, now: number): Promise<Estimate> {
  const text = (await unlessMissing(readFile(layout.growth, 'utf8'))) ?? '';
  const [first = '', ...added] = text.split('\n');
  const counted = /^=(\d+) (\d+)$/.exec(first);
  if (counted === null) return { bytes: 0, reliable: false };
  let bytes = Number(counted[1]);
  for (const line of added) {
    const grown = /^\+(\d+)$/.exec(line);
    if (grown !== null) bytes += Number(grown[1]);
    else if (line !== '') return { bytes, reliable: false };
  }
  const age = now - Number(counted[2]);
  return { bytes, reliable: age >= 0 && age < DAY };
}

/** Keeps that outputs were put back. Throws the system's error. */
export function recordHit(layout: Layout): void {
  append(layout.hits, '.');
}

/** A folder in its place belongs to nobody; left there, nothing would ever be recorded again. */
function append(file: string, text: string): void {
  try {
    appendFileSync(file, text, { mode: 0o600 });
  } catch (error) {
    if (errorCode(error) !== 'EISDIR') throw error;
    rmSync(file, { recursive: true, force: true });
    appendFileSync(file, text, { mode: 0o600 });
  }
}

/** How often outputs were put back since the cache was made. */
export async function hitsOf(layout: Layout): Promise<number> {
  return (await unlessMissing(lstat(layout.hits)))?.size ?? 0;
}
