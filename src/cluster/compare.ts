import { CORE_SCHEMA, dump } from 'js-yaml';
import { MASK } from '../model/secret.js';
import type { FileKind } from './fields.js';
import { child, nameOf } from './pointers.js';
import { configurationError } from './problems.js';
import { REFERENCE_TAGS, Reference } from './references.js';
import { schemas } from './schemas/index.js';
import type { Schema } from './schemas/parts.js';
import { isSecret, schemaBelow } from './schemas/walk.js';
import { FILE_NAMES } from './shown.js';
import { respell } from './spellings.js';
import { parseYaml } from './yaml.js';

/** Two texts of a file of a configuration, to be compared by people. Secrets are masked, comments are not in them. */
export interface Compared {
  /** Name of the file. */
  readonly file: string;
  readonly before: string;
  readonly after: string;
  /** What the texts do not show: `password is another secret`. */
  readonly beside: readonly string[];
}

/** Texts of a configuration's files, by name; one may be missing. */
export type Texts = Readonly<Record<string, string | undefined>>;

/**
 * What differs between two configurations, file by file in order; files that are equal to the letter are left out. Throws CONFIG_INVALID for a file
 * that is no YAML.
 */
export function compareTexts(before: Texts, after: Texts): readonly Compared[] {
  const kinds = Object.keys(FILE_NAMES) as FileKind[];
  return kinds.flatMap((kind): Compared[] => {
    const file = FILE_NAMES[kind];
    if (before[file] === after[file]) return [];
    const old = mask(kind, file, before[file]);
    const now = mask(kind, file, after[file]);
    const beside = [...now.secrets].flatMap(([pointer, secret]) => {
      const earlier = old.secrets.get(pointer);
      return earlier === undefined || earlier === secret ? [] : [`${placeOf(pointer)} is another secret`];
    });
    const same = old.text === now.text && beside.length === 0;
    return [{ file, before: old.text, after: now.text, beside: same ? ['only comments or the form differ'] : beside }];
  });
}

interface Masked {
  readonly text: string;
  /** What is masked, by pointer. */
  readonly secrets: ReadonlyMap<string, string>;
}

function mask(kind: FileKind, file: string, text: string | undefined): Masked {
  const secrets = new Map<string, string>();
  if (text === undefined) return { text: '', secrets };
  const { yaml } = respell(parseYaml(file, text), schemas[kind]);
  if (yaml.data === undefined) throw configurationError(yaml.problems);
  const visit = (value: unknown, pointer: string, schema: Schema | undefined): unknown => {
    if (value instanceof Reference) return value;
    const isScalar = typeof value !== 'object' || value === null;
    // A key that nobody knows may be a misspelt secret.
    if (isSecret(schema) || (schema === undefined && isScalar)) {
      secrets.set(pointer, JSON.stringify(value));
      return MASK;
    }
    if (isScalar) return value;
    if (Array.isArray(value)) {
      return value.map((inner, index) => visit(inner, child(pointer, index), schemaBelow(schema, index)));
    }
    const entries = Object.entries(value);
    return Object.fromEntries(
      entries.map(([key, inner]) => [key, visit(inner, child(pointer, key), schemaBelow(schema, key))]),
    );
  };
  const shown = visit(yaml.data, '', schemas[kind]);
  const schema = CORE_SCHEMA.withTags([...REFERENCE_TAGS]);
  return { text: dump(shown, { schema, lineWidth: -1, noRefs: true }), secrets };
}

function placeOf(pointer: string): string {
  const above = pointer.slice(0, pointer.lastIndexOf('/'));
  return above === '' ? nameOf(pointer) : `${nameOf(pointer)} (${nameOf(above)})`;
}
