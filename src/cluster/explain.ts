import { PaiError } from '../model/errors.js';
import type { Files } from './check.js';
import { type Field, findFields, nameOfField, placesOf, suggestField, typeOf } from './fields.js';
import { at } from './pointers.js';
import { isSecret } from './schemas/walk.js';
import { asJson, FILE_NAMES, shownValue } from './shown.js';

/** Where a field is set in a configuration. */
export interface SetAt {
  /** `file:line:column`. */
  readonly where: string;
  /** A mask for a secret; with what references give. */
  readonly value: unknown;
  /** `!env NAME`, where the value is kept elsewhere. */
  readonly reference?: string;
}

/** A field, for people. */
export interface Explanation {
  /** `machine-list[].hostname`. */
  readonly field: string;
  readonly file: string;
  readonly description: string;
  readonly type: string;
  readonly required: boolean;
  readonly secret: boolean;
  /** Absent where there is none. */
  readonly default?: unknown;
  /** Undefined where there is no configuration to look at. */
  readonly set?: readonly SetAt[];
}

/** Explains the fields that somebody means. Throws UNKNOWN_NAME, with the nearest names. */
export function explainField(asked: string, files: Files | undefined): readonly Explanation[] {
  const fields = findFields(asked);
  if (fields.length === 0) {
    const meant = suggestField(asked);
    throw new PaiError('UNKNOWN_NAME', `there is no field ${asked}${meant === undefined ? '' : `; ${meant}`}`, {
      next: 'docs/configuration.md lists all fields.',
    });
  }
  return fields.map((field) => explain(field, files));
}

function explain(field: Field, files: Files | undefined): Explanation {
  const { kind, schema, required } = field;
  return {
    field: nameOfField(field),
    file: FILE_NAMES[kind],
    description: String(schema.description ?? ''),
    type: typeOf(schema),
    required,
    secret: isSecret(schema),
    ...(schema.default !== undefined && { default: schema.default }),
    ...(files && { set: setIn(field, files) }),
  };
}

function setIn(field: Field, files: Files): readonly SetAt[] {
  const { yaml } = files[field.kind];
  const written = placesOf(field, yaml.data).filter((pointer) => yaml.has(pointer));
  return written.map((pointer) => {
    const { file, line, column } = yaml.problem(pointer, 'key', '');
    const reference = yaml.references.get(pointer);
    return {
      where: `${file}:${line}:${column}`,
      value: asJson(shownValue(yaml, pointer, at(yaml.data, pointer), field.schema, true)),
      ...(reference && { reference: String(reference) }),
    };
  });
}
