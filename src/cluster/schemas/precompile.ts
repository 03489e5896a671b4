/**
 * Run after tsc (`node dist/cluster/schemas/precompile.js`): writes compiled.js beside itself. Loading ajv and compiling
 * five schemas takes some 80 ms of CPU; loading what it compiled takes about 3. Without compiled.js all works the same.
 */
import { writeFileSync } from 'node:fs';
import standalone from 'ajv/dist/standalone/index.js';
import { createAjv } from './compile.js';
import { schemas, schemasDigest } from './index.js';

const kinds = Object.keys(schemas);
const ajv = createAjv({ code: { source: true, esm: true } });
const code = [
  standalone.default(ajv, Object.fromEntries(kinds.map((kind) => [kind, kind]))),
  `export const checks = { ${kinds.join(', ')} };`,
  `export const digest = '${schemasDigest()}';`,
];
writeFileSync(new URL('./compiled.js', import.meta.url), `${code.join('\n')}\n`);
