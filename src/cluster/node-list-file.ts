import { parseCsv } from './csv.js';
import type { MachineText } from './machine-text.js';
import { child } from './pointers.js';
import type { Problem } from './problems.js';
import { Reference, referenceFrom } from './references.js';
import { schemas } from './schemas/index.js';
import { respell } from './spellings.js';
import { parseYaml, type YamlFile } from './yaml.js';

const LIST = 'machine-list';

/**
 * A list of machines, parsed: YAML with `machine-list`, or `*.csv` whose first line names the same fields. What is wrong in it is in its problems; for
 * CSV that can't be read at all CONFIG_INVALID is thrown.
 */
export function parseNodeList(file: string, text: string): YamlFile {
  return /\.csv$/i.test(file) ? parseCsvList(file, text) : parseYaml(file, text);
}

/** The machines of a list as they are written: values of a secret's place are not asked for. */
export function machinesAsWritten(file: string, text: string): readonly MachineText[] {
  const { data } = respell(parseNodeList(file, text), schemas.nodeList).yaml;
  const list: unknown = typeof data === 'object' && data !== null ? Reflect.get(data, LIST) : undefined;
  return Array.isArray(list) ? list.map(machineText) : [];
}

function machineText(entry: unknown): MachineText {
  const fields: Record<string, string | Reference> = {};
  if (typeof entry !== 'object' || entry === null) return fields;
  for (const [key, value] of Object.entries(entry)) {
    if (typeof value === 'string' || value instanceof Reference) fields[key] = value;
  }
  return fields;
}

function parseCsvList(file: string, text: string): YamlFile {
  const [header, ...records] = parseCsv(file, text.replace(/^\uFEFF/, ''));
  const names = (header?.fields ?? []).map((field) => field.text.trim());
  const places = new Map<string, { readonly line: number; readonly column: number }>();
  const problems: Problem[] = [];
  let tagged = false;
  const machines = records.map(({ line, fields }, index) => {
    const at = child(`/${LIST}`, index);
    places.set(at, { line, column: 1 });
    if (fields.length > names.length) {
      problems.push({ file, line, column: 1, what: `there are ${fields.length} values for ${names.length} columns` });
    }
    const machine: Record<string, string | Reference> = {};
    for (const [column, name] of names.entries()) {
      const field = fields[column];
      const written = field?.text.trim() ?? '';
      if (field === undefined || written === '' || name === '') continue;
      const reference = referenceFrom(written);
      tagged ||= reference !== undefined;
      machine[name] = reference ?? written;
      places.set(child(at, name), { line, column: field.column });
    }
    return machine;
  });
  const placeOf = (pointer: string): { readonly line: number; readonly column: number } => {
    for (let above = pointer; above !== ''; above = above.slice(0, above.lastIndexOf('/'))) {
      const place = places.get(above);
      if (place !== undefined) return place;
    }
    return { line: 1, column: 1 };
  };
  if (names.length === 0) problems.push({ file, line: 1, column: 1, what: 'the file is empty' });
  return {
    file,
    data: { [LIST]: machines },
    tagged,
    references: new Map(),
    secrets: new Map(),
    empty: new Set(),
    problems,
    problem: (pointer, _part, what) => ({ file, ...placeOf(pointer), what }),
    line: (pointer) => placeOf(pointer).line,
    has: (pointer) => places.has(pointer),
  };
}
