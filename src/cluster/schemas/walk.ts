import type { Schema } from './parts.js';

/** The schema of what is under a key of a mapping, or of an item of a list; undefined where it knows no such key. */
export function schemaBelow(schema: Schema | undefined, key: string | number): Schema | undefined {
  if (typeof key === 'number') return asSchema(schema?.items);
  const { properties, additionalProperties } = schema ?? {};
  const named = asSchema(properties);
  if (named !== undefined && Object.hasOwn(named, key)) return asSchema(named[key]);
  return asSchema(additionalProperties);
}

/** Whether a field's value must not be shown. */
export function isSecret(schema: Schema | undefined): boolean {
  return schema?.writeOnly === true;
}

function asSchema(value: unknown): Schema | undefined {
  return typeof value === 'object' && value !== null ? (value as Schema) : undefined;
}
