/**
 * Run after tsc (`node dist/cluster/schemas/precompile.js`): writes compiled.js beside itself. Loading ajv and compiling
 * five schemas takes some 80 ms of CPU; loading what it compiled takes about 3. Without compiled.js all works the same.
 */
import { writeFileSync } from 'node:fs';
import standalone from 'ajv/dist/standalone/index.js';
import { createAjv } from './compile.js';
import { schemas, schemasDigest } from './index.js';

const names = Object.fromEntries(Object.keys(schemas).map((name) => [name, name]));
const ajv = createAjv({ code: { source: true, esm: true } });
const code = `${standalone.default(ajv, names)}\nexport const digest = '${schemasDigest()}';\n`;
writeFileSync(new URL('./compiled.js', import.meta.url), code);
