import type { Options } from './command.js';
import { COMMANDS, COMMON_OPTIONS, type CommandRow, type OptionRow } from './table.js';

/** A command line that was read. */
export interface PlainArguments {
  readonly row: CommandRow;
  readonly patterns: readonly string[];
  readonly options: Options;
}

/** What this file knows of a row; one that says more is left to commander. */
const COMMAND_FIELDS = new Set(['name', 'arguments', 'summary', 'options', 'examples', 'load']);
const OPTION_FIELDS = new Set(['flags', 'summary', 'choices', 'count']);

/**
 * Reads what can be read without a doubt, as commander would: a command, its options by their full names, patterns. Undefined for all
 * else (help, mistakes, `--`, abbreviations): then commander reads it, which takes as long to load as the rest of a start.
 */
export function plainArguments(argv: readonly string[]): PlainArguments | undefined {
  const [name, ...words] = argv;
  const row = COMMANDS.find((row) => row.name === name);
  if (row === undefined || !knows(row, COMMAND_FIELDS)) return undefined;
  const rows = [...row.options, ...COMMON_OPTIONS];
  const patterns: string[] = [];
  const options = defaults(rows);
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? '';
    if (!word.startsWith('-')) {
      patterns.push(word);
      continue;
    }
    const [flag = '', ...rest] = word.split('=');
    const option = rows.find((option) => flagsOf(option).includes(flag));
    if (option === undefined || !knows(option, OPTION_FIELDS)) return undefined;
    if (takesNone(option)) {
      if (rest.length > 0) return undefined;
      options[keyOf(option)] = !isNegated(option);
      continue;
    }
    if (rest.length > 0 && !flag.startsWith('--')) return undefined;
    const value = readValue(option, rest.length > 0 ? rest.join('=') : (words[++index] ?? ''));
    if (value === undefined) return undefined;
    options[keyOf(option)] = value;
  }
  return countFits(row, patterns.length) ? { row, patterns, options } : undefined;
}

function knows(row: object, fields: ReadonlySet<string>): boolean {
  return Object.keys(row).every((field) => fields.has(field));
}

/** `-p` and `--path` of `-p, --path <folder>`. */
function flagsOf({ flags }: OptionRow): readonly string[] {
  return flags.match(/(?<=^|[\s,])--?[\w-]+/g) ?? [];
}

function takesNone({ flags }: OptionRow): boolean {
  return !/[<[]/.test(flags);
}

function isNegated(option: OptionRow): boolean {
  return flagsOf(option).some((flag) => flag.startsWith('--no-'));
}

/** `dryRun` of `--dry-run`, `cache` of `--no-cache`. */
function keyOf(option: OptionRow): string {
  const long = flagsOf(option).find((flag) => flag.startsWith('--')) ?? '';
  return long.replace(/^--(no-)?/, '').replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

/** As in commander, `--no-x` alone means that x is true unless told. */
function defaults(rows: readonly OptionRow[]): Record<string, string | number | boolean> {
  const keys = new Set(rows.filter((row) => !isNegated(row)).map(keyOf));
  const negated = rows.filter((row) => isNegated(row) && !keys.has(keyOf(row)));
  return Object.fromEntries(negated.map((row) => [keyOf(row), true]));
}

/** Undefined for what commander has to judge. */
function readValue({ flags, choices, count }: OptionRow, text: string): string | number | undefined {
  if (!/<[\w-]+>$/.test(flags) || text === '' || text.startsWith('-')) return undefined;
  if (choices !== undefined && !choices.includes(text)) return undefined;
  if (count !== true) return text;
  return /^[1-9]\d{0,5}$/.test(text) ? Number(text) : undefined;
}

/** Whether a command may have so many patterns. */
function countFits({ arguments: declared }: CommandRow, count: number): boolean {
  if (/^\[[\w-]+\.\.\.\]$/.test(declared)) return true;
  return /^<[\w-]+\.\.\.>$/.test(declared) && count > 0;
}
