/** A part of a JSON Schema (draft 7), as ajv reads it. */
export interface Schema {
  readonly [keyword: string]: unknown;
}

/** Text of a form that formats.ts describes; by default anything but nothing. */
export function text(format = 'text'): Schema {
  return { type: 'string', format };
}

/** Text that no message may show. */
export const secret: Schema = { ...text(), writeOnly: true };

/** true or false, in quotes or not. */
export const flag: Schema = { type: 'string', enum: ['true', 'false'] };

/** A TCP port. */
export const port: Schema = { type: 'integer', minimum: 1, maximum: 65535 };

/** A mapping with these keys and no others. */
export function mapping(required: readonly string[], properties: Readonly<Record<string, Schema>>): Schema {
  return { type: 'object', required, properties, additionalProperties: false };
}

/** A mapping with free names of one format. */
export function named(format: string, values: Schema): Schema {
  return { type: 'object', propertyNames: text(format), additionalProperties: values };
}

/** A list of names. */
export const names: Schema = { type: 'array', items: text(), default: [] };

/** The same with a default. */
export function otherwise(value: unknown, schema: Schema): Schema {
  return { ...schema, default: value };
}

/** The same with what it is for people, as editors and `pai config explain` show it. */
export function about(description: string, schema: Schema): Schema {
  return { ...schema, description };
}
