import { isDeepStrictEqual } from 'node:util';
import { PaiError } from '../model/errors.js';
import { findMachines, type MachineListPlace, type MachinePlace } from './machine-places.js';
import { type MachineText, writeMachine } from './machine-text.js';
import { configurationError } from './problems.js';
import { parseYaml } from './yaml.js';

/** A part of a text, and what is to stand there instead. */
interface Cut {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

const BOM = '\uFEFF';

/**
 * The text of cluster-configuration.yaml with machines added at the end of its list, written as the last one there is. Every other byte stays.
 * Throws CONFIG_INVALID for a list that is written in a way that can't be added to; nothing that was not asked for is ever different in what this returns.
 */
export function addMachines(file: string, text: string, machines: readonly MachineText[]): string {
  if (machines.length === 0) return text;
  if (text.startsWith(BOM)) return BOM + addMachines(file, text.slice(1), machines);
  const list = placeOf(file, text);
  const eol = /\r\n/.test(text) ? '\r\n' : '\n';
  const last = list.machines.at(-1);
  if (last === undefined) throw cannot(file, 'add to');
  const cut = list.flow ? addInFlow(text, list, last, machines, eol) : addInBlock(text, list, last, machines, eol);
  const edited = applied(text, [cut]);
  check(file, 'add to', text, edited, (before) => [...before, ...machines.map((machine) => ({ ...machine }))]);
  return edited;
}

/**
 * The same text without some machines, named by their places in the list. Lines of comments between machines stay. Throws CONFIG_INVALID when it can't
 * be done without changing anything else.
 */
export function removeMachines(file: string, text: string, indexes: ReadonlySet<number>): string {
  if (indexes.size === 0) return text;
  if (text.startsWith(BOM)) return BOM + removeMachines(file, text.slice(1), indexes);
  const list = placeOf(file, text);
  if (list.machines.every((_, index) => indexes.has(index))) throw cannot(file, 'take the last machine out of');
  let edited = text;
  // One by one from the end, so that places before stay as they are.
  for (const index of [...indexes].sort((a, b) => b - a)) {
    const now = placeOf(file, edited);
    edited = applied(edited, now.flow ? removeInFlow(edited, now, index) : removeInBlock(edited, now, index));
  }
  check(file, 'take machines out of', text, edited, (before) => before.filter((_, index) => !indexes.has(index)));
  return edited;
}

function placeOf(file: string, text: string): MachineListPlace {
  const { problems } = parseYaml(file, text);
  if (problems.length > 0) throw configurationError(problems);
  const list = findMachines(text);
  if (list === undefined) throw cannot(file, 'change');
  return list;
}

function applied(text: string, cuts: readonly Cut[]): string {
  let result = text;
  for (const { from, to, text: instead } of cuts.toSorted((a, b) => b.from - a.from)) {
    result = result.slice(0, from) + instead + result.slice(to);
  }
  return result;
}

function addInBlock(
  text: string,
  list: MachineListPlace,
  last: MachinePlace,
  machines: readonly MachineText[],
  eol: string,
): Cut {
  const index = list.machines.length - 1;
  const dash = dashOf(text, list, index);
  const indent = ' '.repeat(dash - lineStart(text, dash));
  const onDash = lineStart(text, last.firstKey) === lineStart(text, dash);
  const inner = last.flow || !onDash ? `${indent}  ` : ' '.repeat(last.firstKey - lineStart(text, last.firstKey));
  const gap = index > 0 && isBlank(lineBefore(text, dash)) ? eol : '';
  const at = lineEnd(text, last.end);
  const written = machines.map((machine) => {
    const item = last.flow
      ? writeMachine(machine, { style: 'line', quoted: last.quoted })
      : writeMachine(machine, { style: 'block', indent: inner, eol });
    const space = last.flow ? ' ' : inner.slice(indent.length + 1);
    return `${gap}${indent}-${space}${item}${eol}`;
  });
  const addition = written.join('');
  // A last line without an end gets one, and the new last line has none.
  const isOpen = at === text.length && !text.endsWith('\n');
  return { from: at, to: at, text: isOpen ? `${eol}${addition.slice(0, -eol.length)}` : addition };
}

function addInFlow(
  text: string,
  list: MachineListPlace,
  last: MachinePlace,
  machines: readonly MachineText[],
  eol: string,
): Cut {
  const own = text.slice(lineStart(text, last.start), last.start);
  const startsLine = isBlank(own);
  const spread = /[\r\n]/.test(text.slice(last.start, last.end));
  const before = list.machines.at(-2);
  const between = before === undefined ? '' : text.slice(before.end, last.start).replace(',', '');
  const usual = startsLine ? `${eol}${own}` : ' ';
  const space = before !== undefined && isBlank(between) ? between : usual;
  const keyLine = text.slice(lineStart(text, last.firstKey), last.firstKey);
  const indent = startsLine ? own : (/^\s*/.exec(text.slice(lineStart(text, last.start)))?.[0] ?? '');
  const inner = isBlank(keyLine) ? keyLine : `${indent}  `;
  const written = machines.map((machine) => {
    const item = spread
      ? writeMachine(machine, { style: 'spread', quoted: last.quoted, indent, inner, eol })
      : writeMachine(machine, { style: 'line', quoted: last.quoted });
    return `,${space}${item}`;
  });
  return { from: last.end, to: last.end, text: written.join('') };
}

function removeInBlock(text: string, list: MachineListPlace, index: number): readonly Cut[] {
  const machine = list.machines[index];
  if (machine === undefined) return [];
  const dash = dashOf(text, list, index);
  let from = lineStart(text, dash);
  const to = lineEnd(text, machine.end);
  const isLast = index === list.machines.length - 1;
  // The blank line that set it apart goes with it, when there is another behind it or nothing more of the list.
  if ((isLast || isBlank(text.slice(to, lineEnd(text, to)))) && index > 0 && isBlank(lineBefore(text, from))) {
    from = lineStart(text, from - 1);
  }
  // The line before gets the file's end, as this one had it.
  if (to === text.length && !text.endsWith('\n')) return [{ from: from - newlineBefore(text, from), to, text: '' }];
  return [{ from, to, text: '' }];
}

function removeInFlow(text: string, list: MachineListPlace, index: number): readonly Cut[] {
  const machine = list.machines[index];
  if (machine === undefined) return [];
  const { start, end } = machine;
  const before = list.machines[index - 1];
  const after = list.machines[index + 1];
  const isPlain = (between: string): boolean => /^\s*,?\s*$/.test(between);
  if (before !== undefined && isPlain(text.slice(before.end, start))) return [{ from: before.end, to: end, text: '' }];
  if (before === undefined && after !== undefined && isPlain(text.slice(end, after.start))) {
    return [{ from: start, to: after.start, text: '' }];
  }
  // Comments stand between: only the machine and one comma go.
  const comma = after === undefined ? commaIn(text, before?.end ?? start) : commaIn(text, end);
  return [
    { from: start, to: end, text: '' },
    { from: comma, to: comma + 1, text: '' },
  ];
}

/** The comma behind a place, past comments. */
function commaIn(text: string, from: number): number {
  const between = /(?:\s|#[^\r\n]*)*/y;
  between.lastIndex = from;
  between.exec(text);
  return between.lastIndex;
}

/** Where the dash of an entry is: the first on a line of its own behind the entry before. */
function dashOf(text: string, list: MachineListPlace, index: number): number {
  const before = list.machines[index - 1];
  const start = list.machines[index]?.start ?? 0;
  let at = before === undefined ? lineStart(text, list.start) : lineEnd(text, before.end);
  while (at <= start) {
    const line = text.slice(at, lineEnd(text, at));
    const found = /^(\s*)-(?=\s|$)/.exec(line);
    if (found !== null) return at + (found[1]?.length ?? 0);
    at = lineEnd(text, at);
  }
  return start;
}

function lineStart(text: string, at: number): number {
  return text.lastIndexOf('\n', at - 1) + 1;
}

/** Behind the line feed of the line of a place. */
function lineEnd(text: string, at: number): number {
  const found = text.indexOf('\n', at);
  return found < 0 ? text.length : found + 1;
}

/** The line before that of a place; not a blank one where there is none. */
function lineBefore(text: string, at: number): string {
  const start = lineStart(text, at);
  return start === 0 ? '-' : text.slice(lineStart(text, start - 1), start);
}

function newlineBefore(text: string, at: number): number {
  if (text[at - 1] !== '\n') return 0;
  return text[at - 2] === '\r' ? 2 : 1;
}

function isBlank(text: string): boolean {
  return text.trim() === '';
}

/** Parses what came out: the machines as expected, and everything else as it was. */
function check(
  file: string,
  what: string,
  before: string,
  after: string,
  expected: (machines: readonly unknown[]) => readonly unknown[],
): void {
  const old = parseYaml(file, before);
  const edited = parseYaml(file, after);
  const [listBefore, restBefore] = parted(old.data);
  const [listAfter, restAfter] = parted(edited.data);
  const isRight =
    edited.problems.length === 0 &&
    isDeepStrictEqual(restAfter, restBefore) &&
    isDeepStrictEqual(listAfter.map(plain), expected(listBefore).map(plain)) &&
    isDeepStrictEqual(Object.keys(restAfter), Object.keys(restBefore));
  if (!isRight) throw cannot(file, what);
}

/** The list of machines, and all else. */
function parted(data: unknown): readonly [machines: readonly unknown[], rest: Record<string, unknown>] {
  const rest: Record<string, unknown> = {};
  let machines: readonly unknown[] = [];
  if (typeof data !== 'object' || data === null) return [machines, rest];
  for (const [key, value] of Object.entries(data)) {
    if (key.replaceAll(/[-_]/g, '').toLowerCase() === 'machinelist' && Array.isArray(value)) machines = value;
    else rest[key] = value;
  }
  return [machines, rest];
}

/** js-yaml's mappings and ours may differ in their prototypes. */
function plain(entry: unknown): unknown {
  return typeof entry === 'object' && entry !== null ? Object.entries(entry) : entry;
}

function cannot(file: string, what: string): PaiError {
  return new PaiError(
    'CONFIG_INVALID',
    `can't ${what} the list of machines in ${file} without changing anything else of it`,
    {
      where: file,
      next: 'Edit machine-list by hand (anchors and aliases have to stay together), then run again.',
    },
  );
}
