import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** A process as /proc tells of it. */
export interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** When it started, in clock ticks since the machine did: together with the id it names one process for good. */
  readonly started: string;
  /** It has ended, and only its parent has not asked yet. */
  readonly zombie: boolean;
}

/** All processes that can be seen; undefined where there is no /proc. */
export function processTable(): ProcessEntry[] | undefined {
  try {
    const ids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    return ids.flatMap((id) => processEntry(Number(id)) ?? []);
  } catch {
    return undefined;
  }
}

/** One process; undefined when there is none of that id, or no /proc. */
export function processEntry(pid: number): ProcessEntry | undefined {
  const text = readProc(`${pid}/stat`);
  if (text === undefined) return undefined;
  // The name, in parentheses, may hold anything; the fields behind it are counted from its end.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state = '', parent = '', group = '', session = ''] = fields;
  const started = fields[19];
  if (started === undefined) return undefined;
  const zombie = state === 'Z' || state === 'X';
  return { pid, parent: Number(parent), group: Number(group), session: Number(session), started, zombie };
}

/** Whether a process was started with these variables in its environment. False where that can't be read. */
export function hasEnvironment(pid: number, variables: readonly string[]): boolean {
  const text = readProc(`${pid}/environ`);
  if (text === undefined) return false;
  const own = new Set(text.split('\0'));
  return variables.every((variable) => own.has(variable));
}

/** A variable of a process's environment; undefined when it has none of that name. */
export function environmentOf(pid: number, name: string): string | undefined {
  const entry = readProc(`${pid}/environ`)
    ?.split('\0')
    .find((variable) => variable.startsWith(`${name}=`));
  return entry?.slice(name.length + 1);
}

/** A process's command line, for people; empty when it can't be read. */
export function commandLineOf(pid: number): string {
  return (readProc(`${pid}/cmdline`) ?? '').replaceAll('\0', ' ').trim();
}

/** Names the set of process ids that this process sees; undefined where there is only one. */
export function pidNamespace(): string | undefined {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return undefined;
  }
}

/** Whether there is a process of that id, of whomever. */
export function isProcess(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return thrown instanceof Error && 'code' in thrown && thrown.code === 'EPERM';
  }
}

function readProc(file: string): string | undefined {
  try {
    return readFileSync(`/proc/${file}`, 'utf8');
  } catch {
    return undefined;
  }
}
