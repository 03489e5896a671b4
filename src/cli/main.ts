import { readFile } from 'node:fs/promises';
import { errorReport } from '../model/error-report.js';
import { type PaiError, toPaiError } from '../model/errors.js';
import { formatError, formatInternal } from '../report/errors.js';
import { type Invocation, wantsJson } from './command.js';
import { type Io, processIo } from './io.js';
import { plainArguments } from './plain-arguments.js';
import type { Parsed } from './program.js';

/** Runs the command line; resolves to the exit code. Never rejects for what a user can meet. */
export async function main(argv: readonly string[], io: Io = processIo()): Promise<number> {
  let invocation: Invocation | undefined;
  try {
    const parsed = await parse(argv, io);
    if ('exitCode' in parsed) return parsed.exitCode;
    invocation = parsed.invocation;
    const command = await parsed.row.load();
    return await command.execute(invocation);
  } catch (thrown) {
    const error = toPaiError(thrown);
    tell(error, io, invocation === undefined ? asksForJson(argv) : wantsJson(invocation.options), invocation?.mapStack);
    return error.exitCode;
  }
}

/** commander is loaded only for help, and for what has to be judged. */
async function parse(argv: readonly string[], io: Io): Promise<Parsed> {
  const plain = plainArguments(argv);
  if (plain === undefined) {
    const { parseArguments } = await import('./program.js');
    return parseArguments(argv, io, await version());
  }
  const { row, patterns, options } = plain;
  return { row, invocation: { io, patterns, options, began: Date.now() } };
}

function tell(error: PaiError, io: Io, json: boolean, mapStack: (stack: string) => string = (stack) => stack): void {
  if (json) io.stdout(`${JSON.stringify({ type: 'error', ...errorReport(error) })}\n`);
  if (error.code === 'INTERNAL') {
    const { stack } = error.cause instanceof Error ? error.cause : error;
    io.stderr(formatInternal(error, stack === undefined ? undefined : mapStack(stack)));
  } else {
    io.stderr(formatError(errorReport(error)));
  }
}

/** The command line may be the very thing that can't be read. */
function asksForJson(argv: readonly string[]): boolean {
  return argv.some(
    (argument, index) =>
      argument === '--json' || argument === '--output=json' || (argument === '--output' && argv[index + 1] === 'json'),
  );
}

/** The build puts the version in its place. */
declare const PAI_VERSION: string | undefined;

async function version(): Promise<string> {
  if (typeof PAI_VERSION === 'string') return PAI_VERSION;
  const text = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
  const { version }: { version: string } = JSON.parse(text);
  return version;
}
