import standalone from 'ajv/dist/standalone/index.js';
import { createAjv } from './compile.js';
import { schemas, schemasDigest } from './index.js';

/** JavaScript, an ES module without imports, that checks by all schemas: exports `checks` by kind, and `digest`. */
export function compiledSource(): string {
  const kinds = Object.keys(schemas);
  const ajv = createAjv({ code: { source: true, esm: true } });
  const code = [
    standalone.default(ajv, Object.fromEntries(kinds.map((kind) => [kind, kind]))),
    `export const checks = { ${kinds.join(', ')} };`,
    `export const digest = '${schemasDigest()}';`,
  ];
  return `${code.join('\n')}\n`;
}
