import { existsSync } from 'node:fs';
import type { DefinedError, ErrorObject, ValidateFunction } from 'ajv';
import { didYouMean, nearest } from '../model/suggest.js';
import type { Partially } from './files.js';
import { formats } from './formats.js';
import { at, child, nameOf } from './pointers.js';
import type { Problem } from './problems.js';
import type { Resolver } from './resolve.js';
import { type FileTypes, schemas, schemasDigest } from './schemas/index.js';
import type { Schema } from './schemas/parts.js';
import { seal } from './seal.js';
import { respell } from './spellings.js';
import type { YamlFile } from './yaml.js';

/** A file after its schema: numbers are numbers, defaults are filled in. */
export interface Validated<T> {
  readonly yaml: YamlFile;
  readonly problems: readonly Problem[];
  /** What is accepted and should be written in another way. */
  readonly warnings: readonly Problem[];
  /** Set when nothing is wrong. */
  readonly whole: T | undefined;
  /**
   * Set unless a mapping or list is something else: enough for cross checks to tell more at the same time. A number may
   * still be text here.
   */
  readonly part: Partially<T> | undefined;
  /** Where secrets stand in the file itself, as pointers. */
  readonly plainSecrets: readonly string[];
}

/** Answers a parsed file's references and checks it against the schema of its kind. */
export type Validator = <Kind extends keyof FileTypes>(
  kind: Kind,
  yaml: YamlFile,
) => Promise<Validated<FileTypes[Kind]>>;

/** One validator for all files, from what the build compiled, or with ajv where it did not. */
export async function createValidator(resolver: Pick<Resolver, 'resolve'>): Promise<Validator> {
  const checks = (await loadCompiled()) ?? (await compile());
  return async <Kind extends keyof FileTypes>(kind: Kind, source: YamlFile): Promise<Validated<FileTypes[Kind]>> => {
    const { yaml: spelt, hints: warnings, problems: doubled } = respell(source, schemas[kind]);
    const yaml = await resolver.resolve(spelt, schemas[kind]);
    const { data } = yaml;
    const problems = [...yaml.problems, ...doubled];
    if (data === undefined) return { yaml, problems, warnings, whole: undefined, part: undefined, plainSecrets: [] };
    const check = checks(kind);
    // Fields may be missing, unknown or of a wrong form, but what is there has the type that the schema gives it.
    const part = data as Partially<FileTypes[Kind]>;
    const whole = check(data) && problems.length === 0 ? data : undefined;
    const errors = check.errors ?? [];
    const misshapen = errors.some((error) => error.keyword === 'type' && !isScalarMismatch(error, data));
    // Told before secrets are put out of sight, which changes the types of what is there.
    const all = [...problems, ...explain(yaml, schemas[kind], errors)];
    const plainSecrets = seal(yaml, schemas[kind]);
    return { yaml, problems: all, warnings, whole, part: misshapen ? undefined : part, plainSecrets };
  };
}

/** True where a number was wanted and other text is there, which no cross check looks at. */
function isScalarMismatch(error: ErrorObject, data: unknown): boolean {
  const wanted: unknown = error.params.type;
  const given = at(data, error.instancePath);
  return (wanted === 'number' || wanted === 'integer') && (typeof given !== 'object' || given === null);
}

type Checks = <Kind extends keyof FileTypes>(kind: Kind) => ValidateFunction<FileTypes[Kind]>;

/** What the build (scripts/bundle.ts) wrote with ajv from `schemas`. */
interface Compiled {
  readonly digest: string;
  readonly checks: { readonly [Kind in keyof FileTypes]: ValidateFunction<FileTypes[Kind]> };
}

/**
 * Undefined when the sources run as they are, or when it is of an older build. Loading ajv and compiling five schemas
 * takes some 80 ms of CPU at each start, loading what it compiled about 5.
 */
async function loadCompiled(): Promise<Checks | undefined> {
  // From chunks/ of a bundle, where this file is then, it is the same.
  const url = new URL('../cluster/schemas/compiled.js', import.meta.url);
  if (!existsSync(url)) return undefined;
  const { digest, checks } = (await import(url.href)) as Compiled;
  if (digest !== schemasDigest()) return undefined;
  return <Kind extends keyof FileTypes>(kind: Kind): ValidateFunction<FileTypes[Kind]> => checks[kind];
}

async function compile(): Promise<Checks> {
  const { createAjv } = await import('./schemas/compile.js');
  const ajv = createAjv();
  return <Kind extends keyof FileTypes>(kind: Kind) => {
    const check = ajv.getSchema<FileTypes[Kind]>(kind);
    if (!check || '$async' in check) throw new Error(`no schema ${kind}`);
    return check;
  };
}

/** One problem for each error that is not the consequence of another. */
function explain(yaml: YamlFile, schema: Schema, errors: readonly ErrorObject[]): Problem[] {
  const problems: Problem[] = [];
  const meant = new Set<string>();
  for (const error of errors) {
    if (error.keyword !== 'additionalProperties') continue;
    const key = String(error.params.additionalProperty);
    const known = Object.keys(asSchema(asSchema(at(schema, parentOf(error))).properties));
    const suggestion = didYouMean(key, known);
    for (const candidate of nearest(key, known)) meant.add(child(error.instancePath, candidate));
    const rest = suggestion ?? `known here: ${known.join(', ')}`;
    problems.push(yaml.problem(child(error.instancePath, key), 'key', `unknown key "${key}"; ${rest}`));
  }
  for (const error of errors) {
    const problem = explainOne(yaml, schema, error as DefinedError & { propertyName?: string }, meant);
    if (problem) problems.push(problem);
  }
  return problems;
}

function explainOne(
  yaml: YamlFile,
  schema: Schema,
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
  return yaml.problem(error.instancePath, 'value', `${name} must ${requirement(error)}${shown(yaml, schema, error)}`);
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
function shown(yaml: YamlFile, schema: Schema, error: DefinedError): string {
  const reference = yaml.references.get(error.instancePath);
  if (reference !== undefined) return `, and ${reference} gives something else`;
  const value = at(yaml.data, error.instancePath);
  const secret = asSchema(at(schema, parentOf(error))).writeOnly === true;
  if (secret || value === '' || (typeof value !== 'string' && typeof value !== 'number')) return '';
  const allowed = error.keyword === 'enum' ? error.params.allowedValues.map(String) : [];
  const suggestion = didYouMean(String(value), allowed);
  return `, not "${withoutLogin(String(value))}"${suggestion ? `; ${suggestion}` : ''}`;
}

/** A text in which `user:password@` of an address is hidden: nobody marked it as a secret, and it is one. */
function withoutLogin(text: string): string {
  return text.replace(/\/\/[^/\s]*@/, '//***@');
}

/** Pointer of the schema whose keyword an error is about: `#/properties/kubernetes/required` -> `/properties/kubernetes`. */
function parentOf(error: ErrorObject): string {
  return error.schemaPath.slice(error.schemaPath.indexOf('#') + 1, error.schemaPath.lastIndexOf('/'));
}

function asSchema(value: unknown): Schema {
  return typeof value === 'object' && value !== null ? (value as Schema) : {};
}
