import { linkSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { errorCode } from '../local/file-errors.js';
import { isProcess, pidNamespace, processEntry } from '../local/process-table.js';

/** Who holds a project's lock. */
export interface Holder {
  readonly run: string;
  readonly pid: number;
  /** Start of that process, in the system's own count; absent where there is no /proc. Tells it from a later one with the same id. */
  readonly started?: string;
  readonly host: string;
  /** The set of process ids that `pid` is of: containers may share a host name and have their own. */
  readonly namespace?: string;
  /** The command line, for people. */
  readonly command: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
  /** Ids of the runs before it, back to the last that came to its end: what they left running may still be there. */
  readonly dead?: readonly string[];
}

/** What came of asking for the lock. */
export type LockAnswer =
  /** `left`: who had it and is gone without giving it back. */
  | { readonly kind: 'taken'; readonly left?: Holder; release(): void }
  | { readonly kind: 'held'; readonly holder: Holder }
  /** The folder can't be written or read; `code` as the system tells it. */
  | { readonly kind: 'impossible'; readonly code: string };

/** Leftovers of a crash between two system calls are removed when they are older than this, in milliseconds. */
const OLD = 60_000;
/** How many runs that died one after another are remembered. */
const MOST_DEAD = 1000;

/** This process as a holder. */
export function holderOf(run: string, command: string): Holder {
  const started = processEntry(process.pid)?.started;
  const namespace = pidNamespace();
  return {
    run,
    pid: process.pid,
    ...(started !== undefined && { started }),
    host: hostname(),
    ...(namespace !== undefined && { namespace }),
    command,
    since: Date.now(),
  };
}

/**
 * Asks for the lock of a project, `<cacheDirectory>/lock/`. Does not wait.
 *
 * The folder holds numbered files; the one with the highest number tells who has the lock, an empty one that nobody has. Who
 * wants it makes the next number with link(2), which gives it whole and to one process only. The highest is never removed: so a number
 * that somebody decided about can't come back as somebody else's, which is what makes the removal of a stale lock safe.
 */
export function takeLock(cacheDirectory: string, own: Holder): LockAnswer {
  const directory = path.join(cacheDirectory, 'lock');
  try {
    mkdirSync(directory, { recursive: true });
    for (;;) {
      const newest = newestNumber(directory);
      const holder = newest === 0 ? undefined : readHolder(directory, newest);
      if (holder !== undefined && !isGone(holder)) return { kind: 'held', holder };
      const number = newest + 1;
      const dead = holder && deadOf(holder);
      if (!claim(directory, number, { ...own, ...(dead && { dead }) })) continue;
      removeOld(directory, number);
      return { kind: 'taken', ...(holder && { left: holder }), release: () => free(directory, number) };
    }
  } catch (thrown) {
    const code = errorCode(thrown);
    if (code === undefined) throw thrown;
    return { kind: 'impossible', code };
  }
}

/** The run of a holder that is gone, and the runs that were dead before it. */
export function deadOf({ run, dead = [] }: Holder): readonly string[] {
  return [run, ...dead].slice(0, MOST_DEAD);
}

/** Whether a holder can be taken for gone. Of another machine, or another set of process ids, nothing can be known. */
export function isGone(holder: Holder): boolean {
  if (!isHere(holder)) return false;
  if (!isProcess(holder.pid)) return true;
  const now = processEntry(holder.pid);
  if (now === undefined || holder.started === undefined) return false;
  return now.zombie || now.started !== holder.started;
}

/** Whether a holder is of this machine, so that its process id means something here. */
export function isHere(holder: Holder): boolean {
  return holder.host === hostname() && holder.namespace === pidNamespace();
}

function claim(directory: string, number: number, own: Holder): boolean {
  // Nobody has to be kept from guessing it, and node:crypto takes milliseconds to load.
  const draft = path.join(directory, `.${own.pid}-${Math.random().toString(36).slice(2)}`);
  try {
    writeFileSync(draft, JSON.stringify(own), { flag: 'wx' });
    linkSync(draft, fileOf(directory, number));
  } catch (thrown) {
    if (errorCode(thrown) === 'EEXIST') return false;
    throw thrown;
  } finally {
    rmSync(draft, { force: true });
  }
  // A folder that changes while it is listed may hide a higher number.
  if (newestNumber(directory) === number) return true;
  rmSync(fileOf(directory, number), { force: true });
  return false;
}

function free(directory: string, number: number): void {
  try {
    truncateSync(fileOf(directory, number));
  } catch (thrown) {
    // The cache may be removed at any time.
    if (errorCode(thrown) === undefined) throw thrown;
  }
}

function newestNumber(directory: string): number {
  const numbers = readdirSync(directory).filter((name) => /^[1-9]\d*$/.test(name));
  return Math.max(0, ...numbers.map(Number));
}

/** The one before is kept: so even a folder that is listed during two changes shows a number that is not too low by much. */
function removeOld(directory: string, number: number): void {
  for (const name of readdirSync(directory)) {
    const file = path.join(directory, name);
    if (name.startsWith('.') ? isOld(file) : Number(name) < number - 1) rmSync(file, { recursive: true, force: true });
  }
}

function isOld(file: string): boolean {
  const found = statSync(file, { throwIfNoEntry: false });
  return found !== undefined && Date.now() - found.mtimeMs > OLD;
}

/** Undefined for a lock that nobody has. What can't be understood was left by a power failure: links show whole files only. */
function readHolder(directory: string, number: number): Holder | undefined {
  let text: string;
  try {
    text = readFileSync(fileOf(directory, number), 'utf8');
  } catch (thrown) {
    // A newer one has replaced it; or it is a folder, which nobody made who wanted the lock.
    if (errorCode(thrown) === 'ENOENT' || errorCode(thrown) === 'EISDIR') return undefined;
    throw thrown;
  }
  try {
    const value: unknown = JSON.parse(text);
    return isHolder(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function fileOf(directory: string, number: number): string {
  return path.join(directory, String(number));
}

function isHolder(value: unknown): value is Holder {
  if (typeof value !== 'object' || value === null) return false;
  const { run, pid, host, command, since, dead = [] }: { readonly [field in keyof Holder]?: unknown } = value;
  return (
    typeof run === 'string' &&
    typeof pid === 'number' &&
    typeof host === 'string' &&
    typeof command === 'string' &&
    typeof since === 'number' &&
    Array.isArray(dead) &&
    dead.every((id) => typeof id === 'string')
  );
}
