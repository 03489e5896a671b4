import path from 'node:path';
import { INSTALLATION } from './installation.js';
import { SCHEMA_NAMES, schemaLine } from './schemas/editor.js';
import type { FileTypes } from './schemas/index.js';

/** The line that tells editors the schema of a file in a folder: where this installation of pai has it. */
export function schemaLineFor(kind: keyof FileTypes, folder: string): string {
  return schemaLine(path.relative(folder, path.join(INSTALLATION, 'schemas', `${SCHEMA_NAMES[kind]}.schema.json`)));
}
