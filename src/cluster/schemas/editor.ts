import { formats } from '../formats.js';
import { type FileTypes, schemas } from './index.js';
import type { Schema } from './parts.js';

/** The files that editors know by a schema: what is in front of `.yaml` and of `.schema.json`. */
export const SCHEMA_NAMES: Readonly<Record<keyof FileTypes, string>> = {
  cluster: 'cluster-configuration',
  kubernetes: 'kubernetes-configuration',
  roles: 'k8s-role-definition',
  services: 'services-configuration',
  serviceList: 'service-list',
  nodeList: 'node-list',
};

/**
 * The JSON Schema (draft 7) of a file for editors. It takes what pai takes: scalars may be in quotes or not, and our formats are told as
 * patterns, which editors know.
 */
export function editorSchema(kind: keyof FileTypes): Schema {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: `${SCHEMA_NAMES[kind]}.yaml`,
    ...forEditors(schemas[kind]),
  };
}

/** The line at the top of a YAML file that tells editors its schema; `schema` is a path relative to the file, or a URL. */
export function schemaLine(schema: string): string {
  return `# yaml-language-server: $schema=${schema}`;
}

function forEditors(schema: Schema): Schema {
  const { format, properties, additionalProperties, propertyNames, items, ...rest } = schema;
  return {
    ...rest,
    ...scalar(schema),
    ...(isSchema(properties) && { properties: mapped(properties, forEditors) }),
    ...(additionalProperties !== undefined && {
      additionalProperties: isSchema(additionalProperties) ? forEditors(additionalProperties) : additionalProperties,
    }),
    // Names of keys are text to everybody.
    ...(isSchema(propertyNames) && { propertyNames: pattern(propertyNames) }),
    ...(isSchema(items) && { items: forEditors(items) }),
  };
}

function scalar(schema: Schema): Schema {
  const { type } = schema;
  // `3.10` and `true` without quotes are a number and a truth value to an editor.
  if (Array.isArray(schema.enum)) {
    const values: readonly unknown[] = schema.enum;
    const isFlag = values.includes('true');
    return isFlag ? { type: ['boolean', 'string'], enum: [true, false, ...values] } : {};
  }
  if (type === 'string') return { type: ['string', 'number', 'boolean'], ...pattern(schema) };
  if (type === 'integer') return { type: ['integer', 'string'], pattern: '^[0-9]+$' };
  if (type === 'number') return { type: ['number', 'string'], pattern: '^[0-9]+(\\.[0-9]+)?$' };
  return {};
}

function pattern({ format }: Schema): Schema {
  if (format === 'text') return { minLength: 1 };
  const known = formats[String(format)];
  return known === undefined ? {} : { pattern: known.test.source, patternErrorMessage: `must be ${known.phrase}` };
}

function mapped(properties: Schema, change: (schema: Schema) => Schema): Schema {
  return Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, change(schema as Schema)]));
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
