import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** Tells a process from all others, also from a later one with the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly host: string;
  /** Id of this start of the machine; empty where the system tells none. */
  readonly boot: string;
  /** Where its number counts: a container has numbers of its own. Empty where the system tells none. */
  readonly namespace: string;
  /** When it started, in clock ticks since the machine did; empty where the system tells none. */
  readonly started: string;
}

/** Whether a process still runs; `elsewhere` when that can't be told from here. */
export type Liveness = 'alive' | 'dead' | 'elsewhere';

/** This process. */
export function thisProcess(): ProcessIdentity {
  const { pid } = process;
  return { pid, host: hostname(), boot: bootId(), namespace: namespaceId(), started: startOf(pid)?.started ?? '' };
}

/** Whether that process still runs. */
export function livenessOf({ pid, host, boot, namespace, started }: ProcessIdentity): Liveness {
  if (host !== hostname()) return 'elsewhere';
  if (boot !== bootId()) return 'dead';
  if (namespace !== namespaceId()) return 'elsewhere';
  if (started === '') return exists(pid) ? 'alive' : 'dead';
  const now = startOf(pid);
  return now?.started === started && !now.ended ? 'alive' : 'dead';
}

function bootId(): string {
  return readOr('/proc/sys/kernel/random/boot_id', '').trim();
}

function namespaceId(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

/** From /proc: after the name in parentheses (which may hold anything) the state, and 19 fields later the start. */
function startOf(pid: number): { readonly started: string; readonly ended: boolean } | undefined {
  const text = readOr(`/proc/${pid}/stat`, '');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const started = fields[19];
  return started === undefined ? undefined : { started, ended: fields[0] === 'Z' || fields[0] === 'X' };
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function readOr(file: string, otherwise: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return otherwise;
  }
}
