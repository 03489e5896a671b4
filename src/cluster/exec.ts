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
  const result = await Promise.race([ended, stopped]);
  clearTimeout(timer);
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

/** A file's or a command's text as a value: programs end it with a line feed that is no part of it. */
export function withoutLastNewline(text: string): string {
  return text.replace(/\r?\n$/, '');
}

function lastLines(text: string): readonly string[] {
  const trimmed = text.trimEnd();
  return trimmed === '' ? [] : trimmed.split(/\r?\n/).slice(-TOLD_LINES);
}
