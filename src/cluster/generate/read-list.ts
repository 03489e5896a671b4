import { readFile } from 'node:fs/promises';
import { PaiError } from '../../model/errors.js';
import { parseCsv } from '../csv.js';
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
