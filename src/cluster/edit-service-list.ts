import { isDeepStrictEqual } from 'node:util';
import { PaiError } from '../model/errors.js';
import { child } from './pointers.js';
import { configurationError } from './problems.js';
import { parseYaml } from './yaml.js';

/** Sections of service-list.yaml. */
export type ListSection = 'image-list' | 'service-list';

/** An entry to add: its lines as they stand below the section, not indented, the name first. */
export interface ListEntry {
  readonly section: ListSection;
  readonly name: string;
  readonly lines: readonly string[];
}

/**
 * The text of service-list.yaml with entries added behind the last one of their section. Every other byte stays: comments, order, line ends.
 * Throws CONFIG_INVALID for a list that is written in a way that can't be added to.
 */
export function addListEntries(file: string, text: string, entries: readonly ListEntry[]): string {
  return entries.reduce((edited, entry) => addEntry(file, edited, entry), text);
}

/** Names that a section has; none for one that is not there. Throws CONFIG_INVALID for what is no YAML. */
export function namesIn(file: string, text: string, section: ListSection): readonly string[] {
  return Object.keys(sectionOf(read(file, text), section));
}

function addEntry(file: string, text: string, { section, name, lines }: ListEntry): string {
  const before = read(file, text);
  const names = Object.keys(sectionOf(before, section));
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const all = text.split(eol);
  const last = names.at(-1);
  const edited =
    last === undefined
      ? intoEmpty(all, section, lines)
      : behind(all, parseYaml(file, text).line(child(`/${section}`, last)) - 1, names.length > 1, lines);
  const result = edited?.join(eol);
  const expected = {
    ...asObject(before),
    [section]: { ...sectionOf(before, section), [name]: entryOf(file, lines, name) },
  };
  const after = result === undefined ? undefined : parseYaml(file, result);
  if (result === undefined || after === undefined || !isSame(after.data, expected) || after.problems.length > 0) {
    throw new PaiError(
      'CONFIG_INVALID',
      `can't add ${name} to ${section} of ${file} without changing anything else of it`,
      {
        where: file,
        next: `Write ${section} as lines (no braces around all of it), then run it again.`,
      },
    );
  }
  return result;
}

/** Behind an entry that begins on a line: what is indented more than its name belongs to it, comments behind it do not. */
function behind(all: readonly string[], at: number, isSpaced: boolean, lines: readonly string[]): readonly string[] {
  const indent = indentOf(all[at] ?? '');
  let end = at;
  for (let index = at + 1; index < all.length; index++) {
    const line = all[index] ?? '';
    if (line.trim() === '' || line.trimStart().startsWith('#')) continue;
    if (indentOf(line).length <= indent.length) break;
    end = index;
  }
  const gap = isSpaced && (all[at - 1] ?? '').trim() === '' ? [''] : [];
  const added = lines.map((line) => `${indent}${line}`);
  // A last line without an end gets one.
  return [...all.slice(0, end + 1), ...gap, ...added, ...(end === all.length - 1 ? [''] : all.slice(end + 1))];
}

function intoEmpty(
  all: readonly string[],
  section: ListSection,
  lines: readonly string[],
): readonly string[] | undefined {
  const at = all.findIndex((line) => new RegExp(`^${section}:\\s*(\\{\\s*\\})?\\s*(#.*)?$`).test(line));
  if (at < 0) return undefined;
  const head = (all[at] ?? '').replace(/\{\s*\}\s*/, '').trimEnd();
  return [...all.slice(0, at), head, ...lines.map((line) => `  ${line}`), ...all.slice(at + 1)];
}

function indentOf(line: string): string {
  return /^ */.exec(line)?.[0] ?? '';
}

function entryOf(file: string, lines: readonly string[], name: string): unknown {
  return asObject(parseYaml(file, lines.join('\n')).data)[name];
}

function read(file: string, text: string): unknown {
  const { data, problems, empty } = parseYaml(file, text);
  const real = problems.filter(
    () => ![...empty].every((pointer) => pointer === '/image-list' || pointer === '/service-list'),
  );
  if (real.length > 0) throw configurationError(real);
  return data;
}

function sectionOf(data: unknown, section: ListSection): Record<string, unknown> {
  return asObject(asObject(data)[section]);
}

function asObject(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {};
}

/** The same, in the same order; js-yaml's mappings and ours may differ in their prototypes. */
function isSame(a: unknown, b: unknown): boolean {
  return isDeepStrictEqual(plain(a), plain(b));
}

function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value).map(([key, inner]) => [key, plain(inner)]);
}
