import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { editorSchema, SCHEMA_NAMES } from '../../../src/cluster/schemas/editor.js';
import { type FileTypes, schemas } from '../../../src/cluster/schemas/index.js';
import type { Schema } from '../../../src/cluster/schemas/parts.js';
import { EXAMPLE, EXAMPLE_LIST, FIXTURE } from './configuration-fixture.js';

const folder = join(EXAMPLE, '../schemas');
const kinds = Object.keys(SCHEMA_NAMES) as (keyof FileTypes)[];

/** What is wrong with a file as an editor reads it. */
function wrong(kind: keyof FileTypes, text: string): readonly string[] {
  const ajv = new Ajv({ allErrors: true, allowUnionTypes: true });
  ajv.addKeyword('patternErrorMessage');
  const check = ajv.compile(editorSchema(kind));
  return check(load(text)) ? [] : (check.errors ?? []).map((error) => `${error.instancePath} ${error.message}`);
}

/** Pointers of the properties that have no description. */
function undescribed(schema: Schema, pointer = ''): string[] {
  const properties = Object.entries((schema.properties ?? {}) as Readonly<Record<string, Schema>>);
  const below = [schema.additionalProperties, schema.items].filter((one) => typeof one === 'object') as Schema[];
  return [
    ...properties.flatMap(([name, one]) => [
      ...(typeof one.description === 'string' ? [] : [`${pointer}/${name}`]),
      ...undescribed(one, `${pointer}/${name}`),
    ]),
    ...below.flatMap((one) => undescribed(one, `${pointer}/*`)),
  ];
}

describe('the schemas for editors', () => {
  it.each(kinds)('are as `npm run schemas` writes them: %s', (kind) => {
    const written: unknown = JSON.parse(readFileSync(join(folder, `${SCHEMA_NAMES[kind]}.schema.json`), 'utf8'));
    expect(written).toEqual(JSON.parse(JSON.stringify(editorSchema(kind))));
  });

  it('are all that is in schemas/', () => {
    expect(readdirSync(folder).toSorted()).toEqual(
      Object.values(SCHEMA_NAMES)
        .map((name) => `${name}.schema.json`)
        .toSorted(),
    );
  });

  it.each(kinds)('describe every field: %s', (kind) => {
    expect(undescribed(schemas[kind])).toEqual([]);
  });

  it.each(['cluster', 'kubernetes', 'roles', 'services'] as const)('take the examples, which name them: %s', (kind) => {
    for (const place of [EXAMPLE, FIXTURE]) {
      expect(wrong(kind, readFileSync(join(place, `${SCHEMA_NAMES[kind]}.yaml`), 'utf8'))).toEqual([]);
    }
    const example = readFileSync(join(EXAMPLE, `${SCHEMA_NAMES[kind]}.yaml`), 'utf8');
    expect(example).toMatch(`# yaml-language-server: $schema=../schemas/${SCHEMA_NAMES[kind]}.schema.json\n`);
    const list = readFileSync(EXAMPLE_LIST, 'utf8');
    expect(list).toMatch('# yaml-language-server: $schema=schemas/service-list.schema.json\n');
    expect(wrong('serviceList', list)).toEqual([]);
  });

  it('take scalars in quotes or not, as pai does, and tell what is wrong', () => {
    const text = readFileSync(join(FIXTURE, 'cluster-configuration.yaml'), 'utf8');
    expect(wrong('cluster', text.replaceAll('"true"', 'true').replace('sshport: 2200', 'sshport: "2200"'))).toEqual([]);
    expect(wrong('cluster', text.replace('10.1.0.1\n', '10.1.0\n'))).toEqual([
      expect.stringMatching(/^\/machine-list\/0\/hostip must match pattern/),
    ]);
    expect(wrong('cluster', text.replace('sshport: 2200', 'ssh-port: 2200'))).toEqual([
      '/default-machine-properties must NOT have additional properties',
    ]);
  });
});
