import { child } from './pointers.js';
import type { Problem } from './problems.js';
import type { Schema } from './schemas/parts.js';
import type { YamlFile } from './yaml.js';

/** Spellings that have other letters than the field. */
const IRREGULAR: ReadonlyMap<string, string> = new Map([['dockerverison', 'dockerversion']]);

/** A file whose fields are spelled as its schema spells them. */
export interface Respelled {
  readonly yaml: YamlFile;
  /** One for each spelling that was taken for another, however often it is in the file. */
  readonly hints: readonly Problem[];
  /** Fields that are there in both spellings. */
  readonly problems: readonly Problem[];
}

/**
 * Takes fields whose names differ from those of the schema only in hyphens, underscores and case, as older files have them
 * (`machinetype`, `machine_type`), for those fields, and `docker-verison` for `docker-version`. Changes `yaml.data` in place;
 * its problems are still told at what is in the file.
 */
export function respell(yaml: YamlFile, schema: Schema): Respelled {
  const keys = new Map<string, string>();
  const spellings = new Map<string, Spelling>();
  const problems: Problem[] = [];
  visit(yaml.data, schema, '');
  const hints = [...spellings.values()].map(({ key, field, pointer, count }) => {
    const often = count === 1 ? '' : `, ${count} times in this file`;
    return yaml.problem(pointer, 'key', `${key} is taken for ${field}${often}; write ${field}`);
  });
  return { yaml: keys.size === 0 ? yaml : withNames(yaml, keys), hints, problems };

  function visit(data: unknown, part: Schema, pointer: string): void {
    if (Array.isArray(data)) {
      const items = asSchema(part.items);
      if (items) for (const [index, item] of data.entries()) visit(item, items, `${pointer}/${index}`);
      return;
    }
    if (!isMapping(data)) return;
    const fields = asSchema(part.properties);
    const others = asSchema(part.additionalProperties);
    if (fields && Object.keys(data).some((key) => !Object.hasOwn(fields, key))) rename(data, fields, pointer);
    for (const [key, value] of Object.entries(data)) {
      if (typeof value !== 'object') continue;
      const inner = fields && Object.hasOwn(fields, key) ? asSchema(fields[key]) : others;
      if (inner) visit(value, inner, child(pointer, key));
    }
  }

  function rename(data: Record<string, unknown>, fields: Schema, pointer: string): void {
    const entries = Object.entries(data);
    const given = new Set(entries.map(([key]) => key));
    // Rebuilt, so that the order stays.
    for (const key of given) delete data[key];
    for (const [key, value] of entries) {
      const field = Object.hasOwn(fields, key) ? key : (fieldFor(key, fields) ?? key);
      if (field !== key && given.has(field)) {
        const what = `${key} is the same as ${field}: give only ${field}`;
        problems.push(yaml.problem(child(written(pointer, keys), key), 'key', what));
        continue;
      }
      // Not by assignment: a key may be __proto__.
      Object.defineProperty(data, field, { value, enumerable: true, writable: true, configurable: true });
      if (field === key) continue;
      given.add(field);
      keys.set(child(pointer, field), key);
      const spelling = spellings.get(key);
      if (spelling) spelling.count++;
      else spellings.set(key, { key, field, pointer: child(written(pointer, keys), key), count: 1 });
    }
  }
}

/** A spelling that was taken for a field, and where it is first. */
interface Spelling {
  readonly key: string;
  readonly field: string;
  /** As in the file. */
  readonly pointer: string;
  count: number;
}

function fieldFor(key: string, fields: Schema): string | undefined {
  const letters = lettersOf(key);
  const wanted = IRREGULAR.get(letters) ?? letters;
  return Object.keys(fields).find((field) => lettersOf(field) === wanted);
}

function lettersOf(key: string): string {
  return key.replaceAll(/[-_]/g, '').toLowerCase();
}

/** The file with problems at pointers in which fields have the schema's names. `keys` as `written` takes them. */
function withNames(yaml: YamlFile, keys: ReadonlyMap<string, string>): YamlFile {
  const empty = new Set(yaml.empty);
  for (const pointer of keys.keys()) if (yaml.empty.has(written(pointer, keys))) empty.add(pointer);
  return {
    ...yaml,
    empty,
    problem: (pointer, part, what) => yaml.problem(written(pointer, keys), part, what),
    line: (pointer) => yaml.line(written(pointer, keys)),
    has: (pointer) => yaml.has(written(pointer, keys)),
  };
}

/** A pointer with keys as they are in the file. `keys` has those that are not as in the schema, by pointers that are. */
function written(pointer: string, keys: ReadonlyMap<string, string>): string {
  let named = '';
  let source = '';
  for (const segment of pointer.split('/').slice(1)) {
    named += `/${segment}`;
    const key = keys.get(named);
    source = key === undefined ? `${source}/${segment}` : child(source, key);
  }
  return source;
}

function asSchema(value: unknown): Schema | undefined {
  return typeof value === 'object' && value !== null ? (value as Schema) : undefined;
}

function isMapping(data: unknown): data is Record<string, unknown> {
  return typeof data === 'object' && data !== null && !Array.isArray(data);
}
