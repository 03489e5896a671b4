import type { DefinedError, ErrorObject } from 'ajv';
import { didYouMean, nearest } from '../model/suggest.js';
import type { Partially } from './files.js';
import { formats } from './formats.js';
import type { Problem } from './problems.js';
import type { Schema } from './schemas/parts.js';
import { child, nameOf, type YamlFile } from './yaml.js';

/** A file after its schema: numbers are numbers, defaults are filled in. */
export interface Validated<T> {
  readonly yaml: YamlFile;
  readonly problems: readonly Problem[];
  /** Set when nothing is wrong. */
  readonly whole: T | undefined;
  /** Set unless something is of the wrong type: enough for cross checks to tell more at the same time. */
  readonly part: Partially<T> | undefined;
}

/** Checks parsed files against schemas. */
export type Validator = <T>(yaml: YamlFile, schema: Schema) => Validated<T>;

/** Loads ajv, which takes some 40 ms of CPU: make one validator for all files. */
export async function createValidator(): Promise<Validator> {
  const { Ajv } = await import('ajv');
  const ajv = new Ajv({
    allErrors: true,
    coerceTypes: true,
    useDefaults: true,
    verbose: true,
    // The schemas are constants that the unit tests check in strict mode; a run need not do it again.
    strict: false,
    meta: false,
    validateSchema: false,
    // Makes compiling twice as fast; what it would optimize runs once.
    code: { optimize: false },
  });
  for (const [name, { test }] of Object.entries(formats)) ajv.addFormat(name, test);

  return <T>(yaml: YamlFile, schema: Schema): Validated<T> => {
    if (yaml.data === undefined) return { yaml, problems: yaml.problems, whole: undefined, part: undefined };
    const check = ajv.compile<T>(schema);
    const data = yaml.data;
    // Fields may be missing, unknown or of a wrong form, but what is there has the type that the schema gives it.
    const part = data as Partially<T>;
    if (check(data)) {
      return { yaml, problems: yaml.problems, whole: yaml.problems.length === 0 ? data : undefined, part };
    }
    const errors = check.errors ?? [];
    const problems = [...yaml.problems, ...explain(yaml, errors)];
    const misshapen = errors.some((error) => error.keyword === 'type') || yaml.empty.size > 0;
    return { yaml, problems, whole: undefined, part: misshapen ? undefined : part };
  };
}

/** One problem for each error that is not the consequence of another. */
function explain(yaml: YamlFile, errors: readonly ErrorObject[]): Problem[] {
  const problems: Problem[] = [];
  const meant = new Set<string>();
  for (const error of errors) {
    if (error.keyword !== 'additionalProperties') continue;
    const key = String(error.params.additionalProperty);
    const known = knownKeys(error);
    const suggestion = didYouMean(key, known);
    for (const candidate of nearest(key, known)) meant.add(child(error.instancePath, candidate));
    const rest = suggestion ?? `known here: ${known.join(', ')}`;
    problems.push(yaml.problem(child(error.instancePath, key), 'key', `unknown key "${key}"; ${rest}`));
  }
  for (const error of errors) {
    const problem = explainOne(yaml, error as DefinedError & { propertyName?: string }, meant);
    if (problem) problems.push(problem);
  }
  return problems;
}

function explainOne(
  yaml: YamlFile,
  error: DefinedError & { propertyName?: string },
  meant: ReadonlySet<string>,
): Problem | undefined {
  if (error.keyword === 'additionalProperties' || error.keyword === 'propertyNames') return undefined;
  if (error.keyword === 'required') {
    const pointer = child(error.instancePath, error.params.missingProperty);
    if (meant.has(pointer)) return undefined;
    return yaml.problem(error.instancePath, 'value', `${error.params.missingProperty} is missing`);
  }
  if (yaml.empty.has(error.instancePath)) return undefined;
  if (error.propertyName !== undefined) {
    const pointer = child(error.instancePath, error.propertyName);
    return yaml.problem(pointer, 'key', `"${error.propertyName}" must be ${phraseOf(error)}`);
  }
  const name = nameOf(error.instancePath);
  return yaml.problem(error.instancePath, 'value', `${name} must ${requirement(error)}${shown(error)}`);
}

function requirement(error: DefinedError): string {
  switch (error.keyword) {
    case 'type':
      return `be ${TYPES[error.params.type] ?? error.params.type}`;
    case 'enum':
      return `be ${error.params.allowedValues.join(' or ')}`;
    case 'format':
      return `be ${phraseOf(error)}`;
    case 'minimum':
      return `be at least ${error.params.limit}`;
    case 'maximum':
      return `be at most ${error.params.limit}`;
    case 'exclusiveMinimum':
      return `be more than ${error.params.limit}`;
    case 'minLength':
    case 'minItems':
    case 'minProperties':
      return 'not be empty';
    default:
      return error.message?.replace(/^must /, '') ?? `satisfy ${error.keyword}`;
  }
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  integer: 'a whole number',
  number: 'a number',
  object: 'a mapping (key: value)',
  array: 'a list (- item)',
};

function phraseOf(error: DefinedError): string {
  return error.keyword === 'format'
    ? (formats[error.params.format]?.phrase ?? error.params.format)
    : (error.message ?? '');
}

/** `, not "x"; did you mean y?`, or nothing where the value is secret or not a scalar. */
function shown(error: DefinedError): string {
  const value: unknown = error.data;
  const secret = (error.parentSchema as Schema | undefined)?.writeOnly === true;
  if (secret || value === '' || (typeof value !== 'string' && typeof value !== 'number')) return '';
  const allowed = error.keyword === 'enum' ? error.params.allowedValues.map(String) : [];
  const suggestion = didYouMean(String(value), allowed);
  return `, not "${value}"${suggestion ? `; ${suggestion}` : ''}`;
}

function knownKeys(error: ErrorObject): string[] {
  const properties: unknown = (error.parentSchema as Schema | undefined)?.properties;
  return typeof properties === 'object' && properties !== null ? Object.keys(properties) : [];
}
