import { Ajv, type Options } from 'ajv';
import { formats } from '../formats.js';
import { schemas } from './index.js';

/** ajv with our formats and, by their names, all schemas. */
export function createAjv(options: Options = {}): Ajv {
  const ajv = new Ajv({
    allErrors: true,
    coerceTypes: true,
    useDefaults: true,
    // The schemas are constants; a unit test checks them in strict mode, a run need not.
    strict: false,
    meta: false,
    validateSchema: false,
    // Compiling takes half the time; what it would optimize runs once.
    code: { optimize: false },
    ...options,
  });
  for (const [name, { test }] of Object.entries(formats)) ajv.addFormat(name, test);
  for (const [name, schema] of Object.entries(schemas)) ajv.addSchema(schema, name);
  return ajv;
}
