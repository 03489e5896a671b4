import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { PaiError } from '../model/errors.js';
import type { ActionContext } from '../model/target.js';

/** What a command is given besides its arguments. Secrets go here, never in arguments: those every user can list. */
export interface CommandOptions {
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Standard input; without it the command has none. */
  readonly input?: string;
  /** Working directory. */
  readonly cwd?: string;
}

const TOLD_LINES = 20;
const NOT_FOUND = 127;

/**
 * Runs a command on the dev box and returns its standard output. Each line of both outputs goes to the target's log. Throws
 * LOCAL_COMMAND with the last lines when it exits non-zero or can't be started, CANCELLED when the context's signal ended it.
 */
export async function runLocal(
  context: Pick<ActionContext, 'log' | 'signal'>,
  command: string,
  args: readonly string[] = [],
  options: CommandOptions = {},
): Promise<string> {
  if (context.signal.aborted) throw cancelled(command);
  const { $ } = await import('zx');
  const running = $({
    quiet: true,
    nothrow: true,
    signal: context.signal,
    // A process group of its own: a first interrupt at the terminal does not reach it, and an abort ends all of it.
    detached: true,
    env: { ...process.env, ...options.env },
    stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    ...(options.input === undefined ? {} : { input: options.input }),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  })`${command} ${[...args]}`;

  const last: string[] = [];
  const tell = async (output: Readable): Promise<void> => {
    for await (const line of createInterface({ input: output, crlfDelay: Number.POSITIVE_INFINITY })) {
      context.log(line);
      last.push(line);
      if (last.length > TOLD_LINES) last.shift();
    }
  };
  const [result] = await Promise.all([running, tell(running.stdout), tell(running.stderr)]);
  if (context.signal.aborted) throw cancelled(command);
  if (result.exitCode === 0) return result.stdout;
  throw failed(command, result, last);
}

function failed(
  command: string,
  result: { readonly exitCode: number | null; readonly signal: string | null },
  last: readonly string[],
): PaiError {
  const how =
    result.exitCode === null ? `was ended by ${result.signal ?? 'a signal'}` : `exited with ${result.exitCode}`;
  const next =
    result.exitCode === NOT_FOUND
      ? `Install ${command}, or add its folder to PATH`
      : 'Read its last lines, correct what they tell, and run again';
  return new PaiError('LOCAL_COMMAND', `${command} ${how}`, { next, details: last });
}

function cancelled(command: string): PaiError {
  return new PaiError('CANCELLED', `${command} was cancelled`);
}
