import { readFile } from 'node:fs/promises';
import { PaiError } from '../../model/errors.js';
import { child } from '../pointers.js';
import { configurationError, type Problem } from '../problems.js';
import { referenceFrom } from '../references.js';
import { parseYaml } from '../yaml.js';
import { type Cell, type ListedMachine, machinesOf, type Row } from './machine-list.js';

/**
 * Reads a short list of machines: `*.csv` with a line of column names, else YAML, a list of mappings or such a list under `machines`.
 * Throws CONFIG_MISSING, and CONFIG_INVALID with everything that is wrong, at its place.
 */
export async function readMachineList(file: string): Promise<readonly ListedMachine[]> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    throw new PaiError('CONFIG_MISSING', `the list of machines ${file} can't be read (${code})`, {
      where: file,
      next: 'Give a YAML or CSV file with address, user and role of each machine.',
      cause: error,
    });
  }
  return parseMachineList(file, text);
}

/** The same of a file's text. */
export function parseMachineList(file: string, text: string): readonly ListedMachine[] {
  const empty = (what: string): Problem => ({ file, line: 1, column: 1, what });
  return machinesOf(/\.csv$/i.test(file) ? csvRows(file, text) : yamlRows(file, text), empty);
}

function yamlRows(file: string, text: string): readonly Row[] {
  const yaml = parseYaml(file, text);
  if (yaml.problems.length > 0) throw configurationError(yaml.problems);
  const { data } = yaml;
  const isMapping = typeof data === 'object' && data !== null && 'machines' in data;
  const list: unknown = isMapping ? data.machines : data;
  const pointer = isMapping ? '/machines' : '';
  if (!Array.isArray(list)) {
    throw configurationError([yaml.problem(pointer, 'value', 'must be a list of machines (- address: ...)')]);
  }
  return list.map((entry: unknown, index): Row => {
    const at = child(pointer, index);
    const problem = (what: string): Problem => yaml.problem(at, 'value', what);
    if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) {
      throw configurationError([problem('must be a mapping: address, user, role')]);
    }
    const cells = Object.entries(entry).map(([name, value]): [string, Cell] => [
      name,
      { value, problem: (what) => yaml.problem(child(at, name), 'value', what) },
    ]);
    return { cells: new Map(cells), problem };
  });
}

function csvRows(file: string, text: string): readonly Row[] {
  const [header, ...records] = parseCsv(file, text.replace(/^\uFEFF/, ''));
  const names = (header?.fields ?? []).map(({ text: name }) => name.trim().toLowerCase());
  return records.map(({ line, fields }): Row => {
    const problem = (what: string): Problem => ({ file, line, column: 1, what });
    if (fields.length > names.length) {
      throw configurationError([problem(`there are ${fields.length} values for ${names.length} columns`)]);
    }
    const cells = fields.flatMap(({ text: written, column }, index): [string, Cell][] => {
      const value = written.trim();
      if (value === '') return [];
      const cell = { value: referenceFrom(value) ?? value, problem: (what: string) => ({ file, line, column, what }) };
      return [[names[index] ?? '', cell]];
    });
    return { cells: new Map(cells), problem };
  });
}

interface CsvRecord {
  readonly line: number;
  readonly fields: readonly { readonly text: string; readonly column: number }[];
}

/** CSV of RFC 4180, with lines that begin with # left out. Lines and columns count from 1. */
function parseCsv(file: string, text: string): readonly CsvRecord[] {
  const records: CsvRecord[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const fields: { text: string; column: number }[] = [];
    for (let at = 0; at <= line.length; ) {
      const quoted = /^\s*"((?:[^"]|"")*)"\s*(?=,|$)/.exec(line.slice(at));
      const plain = /^[^",]*(?=,|$)/.exec(line.slice(at));
      const found = quoted ?? plain;
      if (found === null) {
        const problem = {
          file,
          line: index + 1,
          column: at + 1,
          what: 'a quote is not closed, or stands within a value',
        };
        throw configurationError([problem]);
      }
      const value = quoted === null ? found[0] : (quoted[1] ?? '').replaceAll('""', '"');
      fields.push({ text: value, column: at + 1 });
      at += found[0].length + 1;
    }
    records.push({ line: index + 1, fields });
  }
  return records;
}
