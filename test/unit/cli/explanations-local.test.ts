import { chmod, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeProject, pai, writeProjectFile } from './project.js';

const PAIFILE = `
export default {
  write({ target, $ }: any) {
    target('pages', { inputs: ['src/*'], env: ['PAI_TEST_TOKEN'], outputs: ['out'], run: $\`cat src/* > out\` });
  },
};
`;

let root: string;
beforeEach(async () => {
  root = await makeProject(PAIFILE);
  await writeProjectFile(root, 'src/a.txt', 'one\ntwo\n');
  await writeProjectFile(root, 'src/large.txt', 'x'.repeat(100_000));
  process.env.PAI_TEST_TOKEN = 'hunter2-old';
});
afterEach(async () => {
  delete process.env.PAI_TEST_TOKEN;
  await rm(root, { recursive: true, force: true });
});

describe('what changed in the inputs of a local target', () => {
  it('is told as a diff of the files', async () => {
    expect((await pai(root, 'run', 'pages')).exitCode).toBe(0);
    await writeProjectFile(root, 'src/a.txt', 'one\nTWO\n');
    await writeProjectFile(root, 'src/b.txt', 'new\n');
    const { stdout } = await pai(root, 'why', 'pages');
    expect(stdout.replaceAll(/\b[0-9a-f]{12}\b/g, 'DIGEST')).toBe(`pages is stale
  changed file src/a.txt  DIGEST -> DIGEST
    @@ -1,2 +1,2 @@
     one
    -two
    +TWO
  added   file src/b.txt  - -> DIGEST
    @@ -0,0 +1 @@
    +new
`);
  });

  it('is only a digest for what is large or executable now, and for the environment', async () => {
    await pai(root, 'run', 'pages');
    await writeProjectFile(root, 'src/large.txt', 'y'.repeat(100_000));
    await chmod(path.join(root, 'src/a.txt'), 0o755);
    process.env.PAI_TEST_TOKEN = 'hunter2-new';
    const { stdout } = await pai(root, 'diff', 'pages');
    expect(stdout).toContain('(its text is the same: something else of it differs, such as its mode)');
    expect(stdout).toContain('(its text is too large to show, or changed once more)');
    expect(stdout).toContain('(secret: only that it changed is told)');
    expect(stdout).not.toContain('hunter2');
    expect(await readFile(path.join(root, '.cache/part-texts'), 'utf8')).not.toContain('hunter2');
  });
});
