import { Command as Commander, CommanderError, InvalidArgumentError, Option } from 'commander';
import { PaiError } from '../model/errors.js';
import { EXIT, type Invocation, type Options } from './command.js';
import type { Io } from './io.js';
import { COMMANDS, COMMON_OPTIONS, type CommandRow, type OptionRow } from './table.js';

/** What the command line asks for: a call of a command, or nothing more (help and version are written already). */
export type Parsed = { readonly row: CommandRow; readonly invocation: Invocation } | { readonly exitCode: number };

/** Reads the command line. Throws USAGE, with the nearest names for what is unknown. */
export function parseArguments(argv: readonly string[], io: Io, version: string): Parsed {
  let parsed: Parsed = { exitCode: EXIT.ok };
  const program = new Commander('pai')
    .description('Bring a cluster up to date: only what is stale, in parallel across hosts.')
    .version(version, '--version', 'show the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand(false)
    .exitOverride()
    .configureOutput({ writeOut: io.stdout, writeErr: io.stderr, outputError: () => undefined })
    .addHelpText('after', '\nExamples:\n  pai list\n  pai plan services\n  pai run services');
  for (const row of COMMANDS) {
    // The settings above are inherited by commands that are made with .command().
    const command = program.command(`${row.name} ${row.arguments}`).description(row.summary);
    for (const option of [...row.options, ...COMMON_OPTIONS]) command.addOption(toOption(option));
    command.addHelpText('after', `\nExamples:\n${row.examples.map((example) => `  ${example}`).join('\n')}`);
    command.action((given: string | readonly string[]) => {
      const patterns = [given].flat();
      parsed = { row, invocation: { io, patterns, options: command.opts<Options>(), began: Date.now() } };
    });
  }
  try {
    program.parse(argv, { from: 'user' });
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    if (thrown.exitCode === 0) return { exitCode: EXIT.ok };
    if (thrown.code === 'commander.help') return { exitCode: EXIT.usage };
    throw usageError(thrown, argv);
  }
  return parsed;
}

function toOption(row: OptionRow): Option {
  const option = new Option(row.flags, row.summary);
  if (row.choices !== undefined) option.choices(row.choices);
  if (row.count === true) option.argParser(wholeNumber);
  return option;
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('It must be a whole number from 1.');
  return Number(text);
}

/** Commander's message is `error: what` and, on a second line, `(Did you mean x?)`. */
function usageError(error: CommanderError, argv: readonly string[]): PaiError {
  const [what = '', meant] = error.message.replace(/^error: /, '').split('\n');
  const command = COMMANDS.find((row) => row.name === argv[0]);
  const help = `Run \`pai ${command === undefined ? '' : `${command.name} `}--help\` to see what there is.`;
  const suggestion = meant?.replace(/^\(Did/, 'did').replace(/\)$/, '');
  return new PaiError('USAGE', suggestion === undefined ? what : `${what}; ${suggestion}`, { next: help });
}
