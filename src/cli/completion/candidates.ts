import type { Graph } from '../../graph/graph.js';
import { COMMANDS, COMMON_OPTIONS, type OptionRow } from '../table.js';

/** One way to go on with what is typed. */
export interface Candidate {
  readonly value: string;
  /** A few words beside it; may be empty. */
  readonly summary: string;
}

/**
 * What may stand where the last word is typed; `words` are those behind `pai`, the last one may be empty. Only what begins as that
 * word does. `graph` is asked for only where targets may stand, with the value of `--path`.
 */
export async function candidates(
  words: readonly string[],
  graph: (path: string | undefined) => Promise<Graph | undefined>,
): Promise<Candidate[]> {
  const typed = words.at(-1) ?? '';
  const before = words.slice(0, -1);
  return (await all(before, typed, graph)).filter(({ value }) => value.startsWith(typed));
}

async function all(
  before: readonly string[],
  typed: string,
  graph: (path: string | undefined) => Promise<Graph | undefined>,
): Promise<Candidate[]> {
  const [name, ...rest] = before;
  if (name === undefined) return commands();
  const row = COMMANDS.find((command) => command.name === name);
  if (row === undefined) return [];
  const options = [...row.options, ...COMMON_OPTIONS];
  const behindDashes = rest.includes('--');
  const waiting = behindDashes ? undefined : optionThatWaits(options, rest.at(-1));
  const [joined, own] = behindDashes ? [] : joinedOption(options, typed);
  const option = waiting ?? own;
  if (option !== undefined) {
    const values = option.pattern === true ? await names(before, options, graph) : choices(option);
    return own === undefined ? values : values.map((each) => ({ ...each, value: `${joined}${each.value}` }));
  }
  if (typed.startsWith('-') && !behindDashes) return options.map(asCandidate);
  const { words = [], kind } = row;
  if (kind !== undefined && rest.some((word) => words.includes(word))) {
    return (await membersOf(kind, before, options, graph)).filter(({ value }) => !rest.includes(value));
  }
  if (row.words !== undefined) return words.map((value) => ({ value, summary: '' }));
  if (!row.arguments.includes('target')) return [];
  const given = new Set(rest);
  return (await names(before, options, graph)).filter(({ value }) => !given.has(value));
}

function commands(): Candidate[] {
  return COMMANDS.map(({ name, summary }) => ({ value: name, summary }));
}

/** The option whose value comes next. */
function optionThatWaits(options: readonly OptionRow[], last: string | undefined): OptionRow | undefined {
  return options.find((option) => takesValue(option) && last !== undefined && spellings(option).includes(last));
}

/** `--option=` of a word, and the option. */
function joinedOption(options: readonly OptionRow[], typed: string): [string?, OptionRow?] {
  const flag = /^--[\w-]+(?==)/.exec(typed)?.[0];
  const option = options.find((candidate) => takesValue(candidate) && spellings(candidate).includes(flag ?? ''));
  return option === undefined ? [] : [`${flag}=`, option];
}

function takesValue({ flags }: OptionRow): boolean {
  return flags.includes('<');
}

/** `-p` and `--path` of `-p, --path <folder>`. */
function spellings({ flags }: OptionRow): string[] {
  return flags.split(/[ ,]+/).filter((part) => part.startsWith('-'));
}

function asCandidate(option: OptionRow): Candidate {
  return { value: spellings(option).at(-1) ?? '', summary: option.summary };
}

function choices({ choices: values = [] }: OptionRow): Candidate[] {
  return values.map((value) => ({ value, summary: '' }));
}

/** Targets of a kind, without it: `pylon` for `service:pylon`. */
async function membersOf(
  kind: string,
  before: readonly string[],
  options: readonly OptionRow[],
  graph: (path: string | undefined) => Promise<Graph | undefined>,
): Promise<Candidate[]> {
  const prefix = `${kind}:`;
  return (await names(before, options, graph)).flatMap(({ value, summary }) =>
    value.startsWith(prefix) ? [{ value: value.slice(prefix.length), summary }] : [],
  );
}

async function names(
  before: readonly string[],
  options: readonly OptionRow[],
  graph: (path: string | undefined) => Promise<Graph | undefined>,
): Promise<Candidate[]> {
  const path = options.find(({ flags }) => flags.includes('--path'));
  const place = before.findIndex((word) => path !== undefined && spellings(path).includes(word));
  const found = await graph(place === -1 ? undefined : before[place + 1]);
  if (found === undefined) return [];
  const groups = Array.from(found.groups.values(), ({ name, description }) => ({ value: name, summary: description }));
  const targets = Array.from(found.targets.values(), ({ name, description }) => ({
    value: name,
    summary: description,
  }));
  return [...groups, ...targets];
}
