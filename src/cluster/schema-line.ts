import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { SCHEMA_NAMES, schemaLine } from './schemas/editor.js';
import type { FileTypes } from './schemas/index.js';

/** The line that tells editors the schema of a file in a folder: where this installation of pai has it. */
export function schemaLineFor(kind: keyof FileTypes, folder: string): string {
  // From chunks/ of a bundle, where this file is then, it is the same.
  const root = fileURLToPath(new URL('../..', import.meta.url));
  return schemaLine(path.relative(folder, path.join(root, 'schemas', `${SCHEMA_NAMES[kind]}.schema.json`)));
}
