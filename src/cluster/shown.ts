import { MASK, Secret } from '../model/secret.js';
import type { Files } from './check.js';
import type { FileKind } from './fields.js';
import { CONFIGURATION_FILES } from './load.js';
import { child } from './pointers.js';
import { Reference } from './references.js';
import { schemas } from './schemas/index.js';
import type { Schema } from './schemas/parts.js';
import { isSecret, schemaBelow } from './schemas/walk.js';
import type { YamlFile } from './yaml.js';

/** How a configuration is shown. */
export interface ShownOptions {
  /** With what references give, defaults, and for each machine what `default-machine-properties` gives it; else as it is written. */
  readonly resolved: boolean;
}

/** Names of all files, by what they are. */
export const FILE_NAMES: Readonly<Record<FileKind, string>> = {
  ...CONFIGURATION_FILES,
  serviceList: 'service-list.yaml',
};

/**
 * What is in the files, by their names, without secrets: a mask stands for each, and for what is under a key that nobody knows, which may be a
 * misspelt one. Where it is not resolved, references are Reference objects.
 */
export function shownFiles(files: Files, { resolved }: ShownOptions): Readonly<Record<string, unknown>> {
  const kinds = Object.keys(FILE_NAMES) as FileKind[];
  const shown = kinds.map((kind) => {
    const content = shownValue(files[kind].yaml, '', files[kind].yaml.data, schemas[kind], resolved);
    return [FILE_NAMES[kind], kind === 'cluster' && resolved ? withDefaults(content) : content];
  });
  return Object.fromEntries(shown);
}

/** The same of one value, by its pointer. */
export function shownValue(
  yaml: YamlFile,
  pointer: string,
  value: unknown,
  schema: Schema | undefined,
  resolved: boolean,
): unknown {
  const reference = yaml.references.get(pointer);
  if (reference !== undefined && !resolved) return reference;
  if (value instanceof Secret || isSecret(schema)) return MASK;
  if (typeof value !== 'object' || value === null) return schema === undefined ? MASK : value;
  const below = (key: string | number, inner: unknown): unknown =>
    shownValue(yaml, child(pointer, key), inner, schemaBelow(schema, key), resolved);
  if (Array.isArray(value)) return value.map((inner, index) => below(index, inner));
  const entries = Object.entries(value);
  const told = resolved ? entries : entries.filter(([key]) => yaml.has(child(pointer, key)));
  return Object.fromEntries(told.map(([key, inner]) => [key, below(key, inner)]));
}

function withDefaults(content: unknown): unknown {
  if (!isMapping(content) || !Array.isArray(content['machine-list'])) return content;
  const defaults = isMapping(content['default-machine-properties']) ? content['default-machine-properties'] : {};
  const machines = content['machine-list'].map((machine: unknown) =>
    isMapping(machine) ? { ...defaults, ...machine } : machine,
  );
  return { ...content, 'machine-list': machines };
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A shown value as JSON has it: references as they are written. */
export function asJson(value: unknown): unknown {
  if (value instanceof Reference) return String(value);
  if (Array.isArray(value)) return value.map(asJson);
  if (!isMapping(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, asJson(inner)]));
}
