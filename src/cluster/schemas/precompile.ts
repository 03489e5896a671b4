/**
 * Run after tsc (`node dist/cluster/schemas/precompile.js`): writes compiled.js beside itself. Loading ajv and compiling
 * five schemas takes some 80 ms of CPU at each start, loading what it compiled about 5. Without compiled.js, or with one
 * of an older build, all works the same.
 */
import { writeFileSync } from 'node:fs';
import { compiledSource } from './compiled-source.js';

writeFileSync(new URL('./compiled.js', import.meta.url), compiledSource());
