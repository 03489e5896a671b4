import type { ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import { StringDecoder } from 'node:string_decoder';
import { PaiError } from '../model/errors.js';
import type { CommandValue } from '../model/local.js';
import type { ActionContext } from '../model/target.js';
import { endProcesses } from './end-processes.js';
import type { Running, Takers } from './forking-shell.js';
import type { ForkingShells } from './forking-shells.js';
import { asEnvironment, marksOf } from './marks.js';
import { commandLine, PREFIX, type StartOptions, startCommand } from './shell.js';

/** What a command is given besides its arguments. Secrets go here, never in arguments: those every user can list. */
export interface CommandOptions {
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Standard input; without it the command has none. */
  readonly input?: string;
  /** Working directory. */
  readonly cwd?: string;
}

/** What running a command takes of a target's context. `terminal`: the command is given it, and its output is not seen here. */
export type CommandContext = Pick<ActionContext, 'log' | 'signal'> &
  Partial<Pick<ActionContext, 'target' | 'terminal'>>;

const TOLD_LINES = 20;
const NOT_FOUND = 127;

/**
 * Runs a command on the dev box and returns its standard output (empty when it has the terminal). Each line of both outputs goes
 * to the target's log. When it fails or the context's signal is aborted, all that it started is ended too, and is really gone.
 * Throws LOCAL_COMMAND with the last lines when it exits non-zero or can't be started, CANCELLED when the signal ended it.
 */
export async function runLocal(
  context: CommandContext,
  command: string,
  args: readonly string[] = [],
  options: CommandOptions = {},
): Promise<string> {
  const kept: Buffer[] = [];
  const keep = (chunk: Buffer): void => void kept.push(chunk);
  await runPieces(context, command, ['', ' ', ''], [command, [...args]], { ...options, keep });
  return Buffer.concat(kept).toString();
}

/** What running a command in pieces takes besides. */
export interface PieceOptions extends CommandOptions {
  /** The environment that it starts from; this process's unless told. */
  readonly base?: NodeJS.ProcessEnv;
  /** Where commands without an input or a terminal may be started, if they are of its folder and of `base`. */
  readonly shells?: ForkingShells;
  /** Given its standard output as it comes; by default that goes to the log only. */
  readonly keep?: (chunk: Buffer) => void;
}

/** The same for a command in pieces, with values between them that zx quotes. `name`: what errors call it. */
export async function runPieces(
  context: CommandContext,
  name: string,
  pieces: readonly string[],
  values: readonly CommandValue[],
  options: PieceOptions = {},
): Promise<void> {
  if (context.signal.aborted) throw cancelled(name);
  const line = await commandLine(pieces, values);
  const marks = marksOf(context);
  const terminal = context.terminal === true;
  const { cwd, input } = options;
  const base = options.base ?? process.env;

  const last: string[] = [];
  const tell = (line: string): void => {
    context.log(line);
    last.push(line);
    if (last.length > TOLD_LINES) last.shift();
  };
  const [stdout, stderr] = [lineTeller(tell), lineTeller(tell)];
  const takers: Takers = {
    stdout: (chunk) => {
      options.keep?.(chunk);
      stdout.take(chunk);
    },
    stderr: stderr.take,
  };
  const mayShare = !terminal && input === undefined && options.env === undefined && cwd === options.shells?.cwd;
  const shared = mayShare ? await options.shells?.start(PREFIX + line, marks, takers) : undefined;
  const { ended, end } =
    shared ?? startAlone(line, { env: { ...base, ...options.env, ...marks }, cwd, input, terminal }, takers);
  const aborted = whenAborted(context.signal, () => end(asEnvironment(marks)));
  const result = await Promise.race([ended, aborted.ended]);
  aborted.unwatch();
  if (context.signal.aborted) await aborted.ended;
  stdout.finish();
  stderr.finish();
  if (result === undefined || context.signal.aborted) throw cancelled(name);
  if (result.exitCode === 0) return;
  if (result.refused !== undefined) last.push(result.refused);
  // What a failed command left running would meet the next try. Other commands of the target are none of its business.
  await end([]);
  throw failedCommand(name, result, options, last);
}

/** Starts a command in a shell of its own. */
function startAlone(line: string, options: StartOptions, { stdout, stderr }: Takers): Running {
  const { child, ended } = startCommand(line, options);
  child?.stdout?.on('data', stdout);
  child?.stderr?.on('data', stderr);
  return { ended, end: (environment) => endCommand(child, options.terminal, environment) };
}

/** Ends a command, all that it started in its group, and what has these variables wherever it moved to. */
async function endCommand(
  child: ChildProcess | undefined,
  terminal: boolean,
  environment: readonly string[],
): Promise<void> {
  if (child?.pid === undefined) return;
  const first = terminal ? { process: child.pid } : { group: child.pid };
  await endProcesses({ ...first, environment });
  // Where somebody outside our reach holds these, their end would never be seen.
  child.stdout?.destroy();
  child.stderr?.destroy();
}

/** `ended` resolves when the signal was aborted and what `end` does is done. */
function whenAborted(
  signal: AbortSignal,
  end: () => Promise<void>,
): { readonly ended: Promise<undefined>; unwatch(): void } {
  let onAbort = (): void => undefined;
  const ended = new Promise<undefined>((resolve) => {
    onAbort = () => void end().then(() => resolve(undefined));
  });
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  return { ended, unwatch: () => signal.removeEventListener('abort', onAbort) };
}

/**
 * Takes chunks of an output and tells its lines; `finish` tells what is left without an end of line, and is called when the command has
 * ended: the output of one that was ended may be destroyed and then never ends by itself, so that node:readline would wait for ever.
 */
export function lineTeller(tell: (line: string) => void): { take(chunk: Buffer): void; finish(): void } {
  // Most commands say nothing.
  let decoder: StringDecoder | undefined;
  let rest = '';
  return {
    take: (chunk) => {
      decoder ??= new StringDecoder('utf8');
      const lines = (rest + decoder.write(chunk)).split(/\r?\n/);
      rest = lines.pop() ?? '';
      for (const line of lines) tell(line);
    },
    finish: () => {
      if (rest !== '') tell(rest);
    },
  };
}

/** The error for a command that did not end well. */
export function failedCommand(
  command: string,
  result: { readonly exitCode: number | null; readonly signal: string | null },
  options: CommandOptions,
  details: readonly string[],
): PaiError {
  const { exitCode, signal } = result;
  const error = (how: string, next: string): PaiError =>
    new PaiError('LOCAL_COMMAND', `${command} ${how}`, { next, details });
  const readOutput = 'Read its last lines, correct what they tell, and run again';
  if (exitCode === null) return error(`was ended by ${signal ?? 'a signal'}`, readOutput);
  // A negative error number: there is not even a process.
  if (exitCode < 0) {
    return error(
      "can't be started",
      `Make sure that bash is installed and that ${options.cwd ?? process.cwd()} is a folder`,
    );
  }
  if (exitCode === NOT_FOUND) return error('exited with 127', `Install ${command}, or add its folder to PATH`);
  return error(`exited with ${exitCode}${signalOf(exitCode)}`, readOutput);
}

/** Shells tell by the exit code that a signal ended what they ran. */
function signalOf(exitCode: number): string {
  const found = Object.entries(constants.signals).find(([, number]) => number === exitCode - 128);
  return found === undefined ? '' : `, as after ${found[0]}`;
}

function cancelled(command: string): PaiError {
  return new PaiError('CANCELLED', `${command} was cancelled`);
}
