import { endProcesses } from '../local/end-processes.js';
import { startCommand } from '../local/shell.js';

/** Seconds that a command may take: somebody may have to unlock a password manager meanwhile. */
export const EXEC_SECONDS = 60;
/** Bytes that a value may have. */
const MOST = 1024 * 1024;
/** Lines of standard error that are told. */
const TOLD_LINES = 10;

/** How a command is run. */
export interface ExecOptions {
  /** Working directory. */
  readonly cwd: string;
  /** Default: EXEC_SECONDS. */
  readonly seconds?: number;
}

/** What a command gave: its standard output without the last line feed, or why there is none. */
export type ExecResult =
  | { readonly text: string }
  | {
      /** `exited with 1`. */
      readonly failed: string;
      /** The last lines of its standard error; never of its standard output, where the secret may be. */
      readonly said: readonly string[];
    };

/**
 * Runs a command as tasks' commands are run: bash with `set -euo pipefail`, a process group of its own, no standard input. Its output
 * goes nowhere else. Does not reject.
 */
export async function outputOf(command: string, { cwd, seconds = EXEC_SECONDS }: ExecOptions): Promise<ExecResult> {
  const { child, ended } = startCommand(command, { env: process.env, cwd, terminal: false });
  const output: Buffer[] = [];
  let size = 0;
  let said = '';
  child?.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-16_384);
  });
  let stop = (_why: string): void => undefined;
  const stopped = new Promise<string>((resolve) => {
    stop = resolve;
  });
  const timer = setTimeout(() => stop(`did not end within ${seconds} s`), seconds * 1000);
  child?.stdout?.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > MOST) stop(`wrote more than ${MOST / 1024} KiB`);
    else output.push(chunk);
  });
  const unwatch = whenInterrupted(child?.pid, () => stop('was interrupted'));
  const result = await Promise.race([ended, stopped]);
  clearTimeout(timer);
  unwatch();
  const fail = (failed: string): ExecResult => ({ failed, said: lastLines(said) });
  if (typeof result === 'string') {
    if (child?.pid !== undefined) await endProcesses({ group: child.pid, environment: [] });
    child?.stdout?.destroy();
    child?.stderr?.destroy();
    return fail(result);
  }
  if (result.exitCode === 0) return { text: withoutLastNewline(Buffer.concat(output).toString('utf8')) };
  if (result.exitCode === null) return fail(`was ended by ${result.signal ?? 'a signal'}`);
  if (result.exitCode < 0) return fail(`can't be started${result.refused === undefined ? '' : ` (${result.refused})`}`);
  return fail(`exited with ${result.exitCode}`);
}

/**
 * An interrupt at the terminal does not reach a command in a group of its own, so it is ended here, and then the signal means what it meant
 * without us. Returns what ends the watch.
 */
function whenInterrupted(group: number | undefined, stop: () => void): () => void {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const unwatch = (): void => {
    for (const signal of signals) process.off(signal, onSignal);
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    unwatch();
    if (group !== undefined) endGroup(group);
    stop();
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
  };
  for (const signal of signals) process.on(signal, onSignal);
  return unwatch;
}

/** At once: the process may be gone a moment later. */
function endGroup(group: number): void {
  try {
    process.kill(-group, 'SIGTERM');
  } catch {
    // It has ended by itself.
  }
}

/** A file's or a command's text as a value: programs end it with a line feed that is no part of it. */
export function withoutLastNewline(text: string): string {
  return text.replace(/\r?\n$/, '');
}

function lastLines(text: string): readonly string[] {
  const trimmed = text.trimEnd();
  return trimmed === '' ? [] : trimmed.split(/\r?\n/).slice(-TOLD_LINES);
}
