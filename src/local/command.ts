import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { PaiError } from '../model/errors.js';
import type { CommandValue } from '../model/local.js';
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
  return (await runPieces(context, command, ['', ' ', ''], [command, [...args]], options)).stdout;
}

/** What a command said. */
export interface Said {
  readonly stdout: string;
  readonly stderr: string;
}

/** The same for a command in pieces, with values between them that zx quotes. `name`: what errors call it. */
export async function runPieces(
  context: Pick<ActionContext, 'log' | 'signal'>,
  name: string,
  pieces: readonly string[],
  values: readonly CommandValue[],
  options: CommandOptions = {},
): Promise<Said> {
  if (context.signal.aborted) throw cancelled(name);
  const { $ } = await import('zx');
  const shell = $({
    quiet: true,
    nothrow: true,
    signal: context.signal,
    // A process group of its own: a first interrupt at the terminal does not reach it, and an abort ends all of it.
    detached: true,
    // Each look at a variable of this process asks the system, so it is copied only where something is added.
    env: options.env === undefined ? process.env : { ...process.env, ...options.env },
    stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    ...(options.input === undefined ? {} : { input: options.input }),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  // What zx takes is the list of pieces; a template's strings are one.
  const running = shell(Object.assign([...pieces], { raw: pieces }), ...values.map((value) => quotable(value)));

  const last: string[] = [];
  const tell = (line: string): void => {
    context.log(line);
    last.push(line);
    if (last.length > TOLD_LINES) last.shift();
  };
  const outputs = [running.stdout, running.stderr].map((output) => tellLines(output, tell));
  const result = await running;
  for (const finish of outputs) finish();
  if (context.signal.aborted) throw cancelled(name);
  if (result.exitCode === 0) return { stdout: result.stdout, stderr: result.stderr };
  throw failedCommand(name, result, options, last);
}

/** Numbers and booleans as text: zx quotes text. */
function quotable(value: CommandValue): string | string[] {
  return typeof value === 'object' ? value.map(String) : String(value);
}

/**
 * Tells each line of an output as it comes. Returns what tells the rest, to be called when the command has ended: an aborted
 * command's output is destroyed and never ends by itself, so that node:readline would wait for ever.
 */
function tellLines(output: Readable, tell: (line: string) => void): () => void {
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
  // zx gives the negative error number when there is not even a process.
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
