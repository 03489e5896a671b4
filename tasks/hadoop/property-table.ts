import { readFile } from 'node:fs/promises';
import { configurationError, didYouMean, type Problem, readYaml, type YamlFile } from 'pai';
import { VARIABLE_NAME } from './environment-file.js';
import { FILES, type FileName, PER_SKU, SECTIONS, type Section } from './roles.js';

/** What is to be set: section -> file -> property -> value, in the order of the file; names and values may have `{{ placeholders }}`. */
export type PropertyTable = ReadonlyMap<Section, ReadonlyMap<FileName, ReadonlyMap<string, string>>>;

/** What placeholders stand for, by name. */
export type Variables = Readonly<Record<string, string>>;

const PLACEHOLDER = /\{\{(.*?)\}\}/gs;

/**
 * Reads a table such as templates/hadoop/overlays.yaml; one of comments only is empty. `name`: what problems call the file.
 * Throws CONFIG_INVALID with all that is wrong, each with its line.
 */
export async function readTable(file: string, name: string): Promise<PropertyTable> {
  const text = await readFile(file, 'utf8');
  const table = new Map<Section, Map<FileName, Map<string, string>>>();
  if (/^\s*(#.*\s*)*$/.test(text.replace(/^\uFEFF/, ''))) return table;
  const yaml = await readYaml(name, text);
  const problems: Problem[] = [...yaml.problems];
  const tell = (pointer: string, part: 'key' | 'value', what: string): void => {
    problems.push(yaml.problem(pointer, part, what));
  };
  for (const [section, files] of mappingAt(yaml, yaml.data, '', 'roles', tell)) {
    const place = `/${escaped(section)}`;
    if (!isOneOf(SECTIONS, section)) {
      tell(place, 'key', unknown('role', section, SECTIONS));
      continue;
    }
    const ofSection = new Map<FileName, Map<string, string>>();
    table.set(section, ofSection);
    for (const [fileName, properties] of mappingAt(yaml, files, place, 'files', tell)) {
      const there = `${place}/${escaped(fileName)}`;
      if (!isOneOf(FILES, fileName)) {
        tell(there, 'key', unknown('file', fileName, FILES));
        continue;
      }
      const ofFile = new Map<string, string>();
      ofSection.set(fileName, ofFile);
      for (const [property, value] of mappingAt(yaml, properties, there, 'properties', tell)) {
        const at = `${there}/${escaped(property)}`;
        // What has no value is a problem of the YAML already.
        if (value === null) continue;
        if (typeof value !== 'string') {
          tell(at, 'value', `${property} must be text or a number, not a list or a mapping`);
          continue;
        }
        const wrong = wrongName(fileName, property) ?? wrongPlaceholder(section, `${property} ${value}`);
        if (wrong !== undefined) tell(at, 'key', wrong);
        ofFile.set(property, value);
      }
    }
  }
  if (problems.length > 0) throw configurationError(problems);
  return table;
}

/** Puts values in place of placeholders; each is known to be one of the section's. */
export function fill(text: string, variables: Variables): string {
  return text.replaceAll(PLACEHOLDER, (_, name: string) => {
    const value = variables[name.trim()];
    if (value === undefined) throw new Error(`${text}: nothing is known of ${name}`);
    return value;
  });
}

/** Names that placeholders of a section may have. */
function variablesOf(section: Section): readonly string[] {
  const everywhere = ['master', 'zookeeper', 'queues'];
  if (section === 'each-queue') return [...everywhere, 'queue', 'capacity'];
  return section === PER_SKU ? [...everywhere, 'memory_mb', 'vcores'] : everywhere;
}

function wrongName(file: FileName, property: string): string | undefined {
  const name = property.replaceAll(PLACEHOLDER, 'x');
  if (file.endsWith('.sh') && !VARIABLE_NAME.test(name))
    return `"${property}" can't be the name of a variable in ${file}`;
  return /^\S+$/.test(name)
    ? undefined
    : `"${property}" can't be the name of a property: it has a space, or nothing, in it`;
}

function wrongPlaceholder(section: Section, text: string): string | undefined {
  const known = variablesOf(section);
  for (const [whole, inside = ''] of text.matchAll(PLACEHOLDER)) {
    if (known.includes(inside.trim())) continue;
    return `${whole} stands for nothing in ${section}; ${didYouMean(inside.trim(), known) ?? `known: ${known.join(', ')}`}`;
  }
  return undefined;
}

function mappingAt(
  yaml: YamlFile,
  node: unknown,
  pointer: string,
  what: string,
  tell: (pointer: string, part: 'key' | 'value', what: string) => void,
): [string, unknown][] {
  if (typeof node === 'object' && node !== null && !Array.isArray(node)) return Object.entries(node);
  if (node !== undefined && !yaml.empty.has(pointer)) tell(pointer, 'value', `a mapping of ${what} was expected here`);
  return [];
}

function unknown(kind: string, name: string, known: readonly string[]): string {
  return `unknown ${kind} "${name}"; ${didYouMean(name, known) ?? `known: ${known.join(', ')}`}`;
}

function isOneOf<Name extends string>(names: readonly Name[], name: string): name is Name {
  return names.some((known) => known === name);
}

/** A key as a segment of a JSON pointer. */
function escaped(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}
