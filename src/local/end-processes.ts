import { setTimeout as sleep } from 'node:timers/promises';
import { hasEnvironment, type ProcessEntry, processEntry, processTable } from './process-table.js';

/** How long processes may take to end by themselves after TERM, in milliseconds; then they are killed. */
const GRACE = 5000;
/** How long the system may take to do away with what was killed, in milliseconds. */
const AFTER_KILL = 2000;

/** Which processes to end. */
export interface Doomed {
  /** A process group; what is not a command's own group must not be named here. */
  readonly group?: number;
  /** A single process, where the group is not the command's own. */
  readonly process?: number;
  /** Processes in whose environment all of these are, `NAME=value`: they are found wherever they moved to. Empty: none. */
  readonly environment: readonly string[];
  /** Milliseconds between TERM and KILL; 5000 unless told. */
  readonly grace?: number;
}

/**
 * Ends processes and all that they started: TERM, after a grace KILL. Resolves when none of them is left. Where there is no /proc,
 * only the group is found. This process itself is never meant.
 */
export async function endProcesses(doomed: Doomed): Promise<void> {
  if (await endWith('SIGTERM', doomed, doomed.grace ?? GRACE)) return;
  await endWith('SIGKILL', doomed, AFTER_KILL);
}

/** Processes that are meant, without those that have ended; undefined where there is no /proc. */
export function findProcesses({
  group,
  process: single,
  environment,
}: Omit<Doomed, 'grace'>): ProcessEntry[] | undefined {
  // A zombie is gone for all purposes, even where nobody ever asks for it (a container without an init).
  return processTable()?.filter(
    (entry) =>
      !entry.zombie &&
      entry.pid !== process.pid &&
      ((group !== undefined && entry.group === group) ||
        entry.pid === single ||
        (environment.length > 0 && hasEnvironment(entry.pid, environment))),
  );
}

/** Whether they are gone in time. */
async function endWith(name: 'SIGTERM' | 'SIGKILL', doomed: Doomed, within: number): Promise<boolean> {
  const until = Date.now() + within;
  const told = new Set<string>();
  // The whole group at once: nothing of it can slip through.
  const answers = idsOf(doomed).map((id) => signal(id, name));
  if (doomed.environment.length === 0 && !answers.includes(true)) return true;
  for (let sawNone = false; ; ) {
    const found = findProcesses(doomed);
    if (found === undefined) return holdsBefore(until, () => idsOf(doomed).every((id) => !signal(id, 0)));
    // A process that forks while the table is read may be missed, so it takes a second look.
    if (found.length === 0 && sawNone) return true;
    sawNone = found.length === 0;
    for (const { pid, started, group } of found) {
      const key = `${pid} ${started}`;
      // TERM once: many programs take a second one for impatience.
      const knows = told.has(key) || (name === 'SIGTERM' && (group === doomed.group || pid === doomed.process));
      if (!knows) signal(pid, name);
      told.add(key);
    }
    if (!(await haveEnded(found, until))) return false;
  }
}

/** Ids as `kill` takes them. */
function idsOf({ group, process: single }: Doomed): number[] {
  return [...(group === undefined ? [] : [-group]), ...(single === undefined ? [] : [single])];
}

async function haveEnded(entries: readonly ProcessEntry[], until: number): Promise<boolean> {
  return holdsBefore(until, () => entries.every(hasEnded));
}

function hasEnded(entry: ProcessEntry): boolean {
  const now = processEntry(entry.pid);
  return now === undefined || now.zombie || now.started !== entry.started;
}

async function holdsBefore(until: number, holds: () => boolean): Promise<boolean> {
  for (let wait = 5; ; wait = Math.min(2 * wait, 200)) {
    if (holds()) return true;
    if (Date.now() >= until) return false;
    await sleep(Math.max(1, Math.min(wait, until - Date.now())));
  }
}

function signal(pid: number, name: 'SIGTERM' | 'SIGKILL' | 0): boolean {
  try {
    process.kill(pid, name);
    return true;
  } catch {
    // It has ended meanwhile, or is not ours.
    return false;
  }
}
