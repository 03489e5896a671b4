import { Secret } from '../model/secret.js';
import { child } from './pointers.js';
import type { Schema } from './schemas/parts.js';
import { isSecret, schemaBelow } from './schemas/walk.js';
import type { YamlFile } from './yaml.js';

/**
 * Puts a Secret in the place of every text that is one by its schema, so that nothing shows it from here on. Returns where such a text
 * stands in the file itself, as pointers.
 */
export function seal(yaml: Pick<YamlFile, 'data' | 'secrets'>, schema: Schema): readonly string[] {
  const plain: string[] = [];
  const visit = (value: unknown, pointer: string, schema: Schema): void => {
    if (typeof value !== 'object' || value === null || value instanceof Secret || !hasSecrets(schema)) return;
    for (const [name, inner] of Object.entries(value)) {
      const key = Array.isArray(value) ? Number(name) : name;
      const below = schemaBelow(schema, key);
      if (below === undefined) continue;
      const at = child(pointer, key);
      if (typeof inner !== 'string' || !isSecret(below)) {
        visit(inner, at, below);
        continue;
      }
      const asked = yaml.secrets.get(at);
      if (asked === undefined) plain.push(at);
      Reflect.set(value, key, asked ?? new Secret(inner));
    }
  };
  visit(yaml.data, '', schema);
  return plain;
}

const known = new WeakMap<Schema, boolean>();

/** Whether a schema has a secret anywhere in it. */
function hasSecrets(schema: Schema): boolean {
  const answer = known.get(schema);
  if (answer !== undefined) return answer;
  const inner = [...Object.values(schema.properties ?? {}), schema.additionalProperties, schema.items];
  const found =
    isSecret(schema) || inner.some((one) => typeof one === 'object' && one !== null && hasSecrets(one as Schema));
  known.set(schema, found);
  return found;
}
