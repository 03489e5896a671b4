import type { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { PaiError } from '../model/errors.js';
import type { CommandValue } from '../model/local.js';
import type { ActionContext } from '../model/target.js';
import { endProcesses } from './end-processes.js';
import { asEnvironment, marksOf } from './marks.js';
import { commandLine, startCommand } from './shell.js';

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
  const env = { ...(options.base ?? process.env), ...options.env, ...marks };
  const { child, ended } = startCommand(line, { env, cwd, input, terminal });

  const last: string[] = [];
  const tell = (line: string): void => {
    context.log(line);
    last.push(line);
    if (last.length > TOLD_LINES) last.shift();
  };
  if (options.keep !== undefined) child?.stdout?.on('data', options.keep);
  const finishers = [child?.stdout, child?.stderr].map((output) => tellLines(output, tell));
  const aborted = whenAborted(context.signal, () => endCommand(child, terminal, asEnvironment(marks)));
  const result = await Promise.race([ended, aborted.ended]);
  aborted.unwatch();
  if (context.signal.aborted) await aborted.ended;
  for (const finish of finishers) finish();
  if (result === undefined || context.signal.aborted) throw cancelled(name);
  if (result.exitCode === 0) return;
  if (result.refused !== undefined) last.push(result.refused);
  // What a failed command left running would meet the next try. Other commands of the target are none of its business.
  await endCommand(child, terminal, []);
  throw failedCommand(name, result, options, last);
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
 * Tells each line of an output as it comes. Returns what tells the rest, to be called when the command has ended: the output of
 * one that was ended may be destroyed and then never ends by itself, so that node:readline would wait for ever.
 */
function tellLines(output: Readable | null | undefined, tell: (line: string) => void): () => void {
  if (!output) return () => undefined;
  const teller = lineTeller(tell);
  output.on('data', teller.take);
  return teller.finish;
}

/** Takes chunks of an output and tells its lines; `finish` tells what is left without an end of line. */
export function lineTeller(tell: (line: string) => void): { take(chunk: Buffer): void; finish(): void } {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  return {
    take: (chunk) => {
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
  return error(`exited with ${exitCode}`, readOutput);
}

function cancelled(command: string): PaiError {
  return new PaiError('CANCELLED', `${command} was cancelled`);
}
