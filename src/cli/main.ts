import { readFile } from 'node:fs/promises';
import { errorReport } from '../model/error-report.js';
import { type PaiError, toPaiError } from '../model/errors.js';
import { formatError, formatInternal } from '../report/errors.js';
import { type Invocation, shellWord, wantsJson } from './command.js';
import { type Io, processIo } from './io.js';
import { plainArguments } from './plain-arguments.js';
import type { Parsed } from './program.js';

/** Runs the command line; resolves to the exit code. Never rejects for what a user can meet. */
export async function main(argv: readonly string[], io: Io = processIo()): Promise<number> {
  let invocation: Invocation | undefined;
  try {
    const [first, ...words] = argv;
    // Not in the table: it is for scripts, and what is typed half must not be taken for options.
    if (first === '__complete') return await (await import('./commands/complete.js')).complete(words, io);
    const parsed = await parse(argv, io);
    if ('exitCode' in parsed) return parsed.exitCode;
    invocation = parsed.invocation;
    const command = await parsed.row.load();
    return await command.execute(invocation);
  } catch (thrown) {
    const error = toPaiError(thrown);
    const json = invocation === undefined ? asksForJson(argv) : wantsJson(invocation.options);
    tell(error, io, json, invocation?.mapStack);
    if (!json && forGithub(io, invocation)) {
      const { annotations } = await import('../report/github.js');
      io.stdout(annotations(errorReport(error), 'pai', { root: io.cwd, workspace: io.env?.GITHUB_WORKSPACE }));
    }
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
  const commandLine = ['pai', ...argv].map(shellWord).join(' ');
  return { row, invocation: { io, patterns, options, commandLine, began: Date.now() } };
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

function forGithub(io: Io, invocation: Invocation | undefined): boolean {
  const output = invocation?.options.output;
  return output === undefined ? io.env?.GITHUB_ACTIONS === 'true' : output === 'github';
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
