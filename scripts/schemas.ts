/** `npm run schemas`: writes schemas/*.schema.json, for editors, from the schemas that pai itself checks by. */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { editorSchema, SCHEMA_NAMES } from '../src/cluster/schemas/editor.js';
import type { FileTypes } from '../src/cluster/schemas/index.js';

const folder = path.resolve('schemas');
await mkdir(folder, { recursive: true });
for (const [kind, name] of Object.entries(SCHEMA_NAMES)) {
  const schema = editorSchema(kind as keyof FileTypes);
  await writeFile(path.join(folder, `${name}.schema.json`), `${JSON.stringify(schema, undefined, 2)}\n`);
}
