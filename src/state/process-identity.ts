import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { isProcess, pidNamespace, processEntry } from '../local/process-table.js';

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
  return { pid, host: hostname(), boot: bootId(), namespace: namespace(), started: processEntry(pid)?.started ?? '' };
}

/** Whether that process still runs. */
export function livenessOf(other: ProcessIdentity): Liveness {
  const { pid, started } = other;
  if (other.host !== hostname()) return 'elsewhere';
  if (other.boot !== bootId()) return 'dead';
  if (other.namespace !== namespace()) return 'elsewhere';
  if (started === '') return isProcess(pid) ? 'alive' : 'dead';
  const now = processEntry(pid);
  return now?.started === started && !now.zombie ? 'alive' : 'dead';
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}

function namespace(): string {
  return pidNamespace() ?? '';
}
