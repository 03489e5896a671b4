import { didYouMean } from '../model/suggest.js';
import { formats } from './formats.js';
import { type FileTypes, schemas } from './schemas/index.js';
import type { Schema } from './schemas/parts.js';
import { isSecret } from './schemas/walk.js';

/** A file of a configuration. */
export type FileKind = Exclude<keyof FileTypes, 'nodeList'>;

/** Stands in a path for any name and for any entry of a list. */
const ANY_NAME = '<name>';
const ANY_ENTRY = '[]';

/** A field that a file may have. */
export interface Field {
  readonly kind: FileKind;
  /** Keys from the top of the file; `<name>` for a name of the operator's, `[]` for an entry of a list. */
  readonly path: readonly string[];
  readonly schema: Schema;
  readonly required: boolean;
}

/** All fields of all files, in order. */
export function allFields(): readonly Field[] {
  const kinds: readonly FileKind[] = ['cluster', 'kubernetes', 'roles', 'services', 'serviceList'];
  return kinds.flatMap((kind) => fieldsBelow(kind, schemas[kind], []));
}

function fieldsBelow(kind: FileKind, schema: Schema, path: readonly string[]): Field[] {
  const required: readonly unknown[] = Array.isArray(schema.required) ? schema.required : [];
  const properties = Object.entries((schema.properties ?? {}) as Readonly<Record<string, Schema>>);
  const named = properties.flatMap(([name, below]) => {
    const inner = [...path, name];
    return [
      { kind, path: inner, schema: below, required: required.includes(name) },
      ...fieldsBelow(kind, below, inner),
    ];
  });
  const { additionalProperties, items } = schema;
  return [
    ...named,
    ...(isSchema(additionalProperties) ? fieldsBelow(kind, additionalProperties, [...path, ANY_NAME]) : []),
    ...(isSchema(items) ? fieldsBelow(kind, items, [...path, ANY_ENTRY]) : []),
  ];
}

/** A field as it is told: `machine-list[].hostname`, `machine-sku.<name>.cpu.vcore`. */
export function nameOfField({ path }: Pick<Field, 'path'>): string {
  return path.join('.').replaceAll(`.${ANY_ENTRY}`, ANY_ENTRY);
}

/**
 * The fields that somebody means by `hostname`, `machine-list.hostname` or the whole name: all that end with these keys, or the one that has
 * no others.
 */
export function findFields(asked: string): readonly Field[] {
  const words = asked.split('.').map((word) => word.replace(/\[\d*\]$/, ''));
  const wanted = words.filter((word) => word !== '' && word !== ANY_NAME);
  const found = allFields().filter(({ path }) => {
    const keys = keysOf(path);
    return wanted.length > 0 && wanted.every((word, index) => keys.at(index - wanted.length) === word);
  });
  const whole = found.filter(({ path }) => keysOf(path).length === wanted.length);
  return wanted.length > 1 && whole.length > 0 ? whole : found;
}

/** `did you mean x?` for a field that is not there; undefined when none is near. */
export function suggestField(asked: string): string | undefined {
  const names = allFields().map(nameOfField);
  const last = asked.split('.').at(-1) ?? '';
  const keys = names.map((name) => name.split('.').at(-1)?.replace(ANY_ENTRY, '') ?? '');
  return didYouMean(asked, names) ?? didYouMean(last, keys);
}

function keysOf(path: readonly string[]): readonly string[] {
  return path.filter((key) => key !== ANY_NAME && key !== ANY_ENTRY);
}

/** Pointers of all places of a document where a field is. */
export function placesOf({ path }: Pick<Field, 'path'>, document: unknown): readonly string[] {
  let found: readonly (readonly [pointer: string, value: unknown])[] = [['', document]];
  for (const key of path) {
    found = found.flatMap(([pointer, value]) => {
      if (typeof value !== 'object' || value === null) return [];
      const any = key === (Array.isArray(value) ? ANY_ENTRY : ANY_NAME);
      const entries = Object.entries(value).filter(([name]) => any || name === key);
      return entries.map(([name, inner]) => [`${pointer}/${escapeSegment(name)}`, inner] as const);
    });
  }
  return found.map(([pointer]) => pointer);
}

function escapeSegment(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}

/** What a field takes, for people: `an IPv4 or IPv6 address`. */
export function typeOf(schema: Schema): string {
  const { type, format, minimum, maximum, exclusiveMinimum } = schema;
  if (Array.isArray(schema.enum)) return schema.enum.join(' or ');
  if (isSecret(schema)) return 'a secret';
  if (type === 'string') return format === 'text' ? 'text' : (formats[String(format)]?.phrase ?? 'text');
  if (type === 'object') return isSchema(schema.additionalProperties) ? 'a mapping of names of yours' : 'a mapping';
  if (type === 'array') return 'a list';
  const limits = [
    ...(minimum === undefined ? [] : [`from ${minimum}`]),
    ...(exclusiveMinimum === undefined ? [] : [`more than ${exclusiveMinimum}`]),
    ...(maximum === undefined ? [] : [`to ${maximum}`]),
  ];
  return [type === 'integer' ? 'a whole number' : 'a number', ...limits].join(' ');
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
