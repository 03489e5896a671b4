import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PaiError } from '../../../src/model/errors.js';
import { loadPaifile } from '../../../src/paifile/load.js';
import { fakeCluster } from './actions.js';

const build = vi.hoisted(() => vi.fn());
vi.mock('esbuild', async (importOriginal) => {
  const esbuild = await importOriginal<typeof import('esbuild')>();
  build.mockImplementation(esbuild.build);
  return { ...esbuild, build };
});

const TASKS = `
export interface Size { readonly size: number }
export function nothing(size: Size) {
  const never = () => Promise.reject(new Error('not run: ' + size.size));
  return { pools: [], observe: never, desired: never, clean: never };
}
`;
const PAIFILE = `
import { nothing } from './tasks/nothing.js';
export default {
  write({ target }: any) {
    target('one', nothing({ size: 1 }));
  },
};
`;

let root: string;
let cache: string;

beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'pai-load-'));
  cache = path.join(root, '.cache');
  await mkdir(path.join(root, 'tasks'));
  await write('tasks/nothing.ts', TASKS);
  await write('paifile.ts', PAIFILE);
  build.mockClear();
});

afterEach(() => rm(root, { recursive: true, force: true }));

async function write(file: string, text: string): Promise<void> {
  await writeFile(path.join(root, file), text);
}

async function names(): Promise<string[]> {
  return [...(await loadPaifile(root, cache)).graph(fakeCluster).targets.keys()];
}

async function failure(action: () => Promise<unknown> = names): Promise<PaiError> {
  try {
    await action();
  } catch (error) {
    if (error instanceof PaiError) return error;
    throw error;
  }
  throw new Error('nothing was wrong');
}

async function manifest(): Promise<{ bundle: string; inputs: Record<string, string> }> {
  return JSON.parse(await readFile(path.join(cache, 'paifile', 'manifest.json'), 'utf8'));
}

describe('loadPaifile', () => {
  it('bundles the paifile with what it imports, without type checks', async () => {
    expect(await names()).toEqual(['one']);
    expect(Object.keys((await manifest()).inputs)).toEqual(['paifile.ts', 'tasks/nothing.ts']);
  });

  it('does not ask esbuild again while nothing has changed', async () => {
    await names();
    const { bundle } = await manifest();
    const before = await stat(path.join(cache, 'paifile', bundle), { bigint: true });
    expect(await names()).toEqual(['one']);
    expect(build).toHaveBeenCalledTimes(1);
    expect((await stat(path.join(cache, 'paifile', bundle), { bigint: true })).mtimeNs).toBe(before.mtimeNs);
  });

  it.each([
    ['the paifile', 'paifile.ts', PAIFILE.replace("'one'", "'two'"), ['two']],
    ['an import', 'tasks/nothing.ts', `${TASKS}export const more = 1;\n`, ['one']],
  ])('bundles again when %s has changed, and keeps no old bundle', async (_, file, text, expected) => {
    await names();
    await write(file, text);
    expect(await names()).toEqual(expected);
    expect(build).toHaveBeenCalledTimes(2);
    expect((await readdir(path.join(cache, 'paifile'))).sort()).toEqual(
      [(await manifest()).bundle, 'manifest.json'].sort(),
    );
  });

  it.each([
    ['the manifest is damaged', async () => writeFile(path.join(cache, 'paifile', 'manifest.json'), '{"bundle":')],
    ['the manifest is of another shape', async () => writeFile(path.join(cache, 'paifile', 'manifest.json'), 'null')],
    ['the bundle is gone', async () => rm(path.join(cache, 'paifile', (await manifest()).bundle))],
  ])('bundles again when %s', async (_, damage) => {
    await names();
    await damage();
    expect(await names()).toEqual(['one']);
    expect(build).toHaveBeenCalledTimes(2);
  });

  it('leaves packages out of the bundle, and takes pai from this installation', async () => {
    await write(
      'paifile.ts',
      `import { paifile } from 'pai';\nimport fs from 'node:fs';\nexport default paifile(() => { fs.existsSync('.'); });\n`,
    );
    // Here pai is not built, so the import fails; what it was turned into is in the bundle.
    await names().catch(() => undefined);
    const { bundle } = await manifest();
    const text = await readFile(path.join(cache, 'paifile', bundle), 'utf8');
    expect(text).toContain(`from "${new URL('../../../src/index.js', import.meta.url).href}"`);
    expect(text).toContain('from "node:fs"');
  });

  it('tells where a syntax error is', async () => {
    await write('tasks/nothing.ts', 'export function nothing() {\n  retrun 1;\n}\n');
    expect(await failure()).toMatchObject({ code: 'PAIFILE_INVALID', where: 'tasks/nothing.ts:2:10' });
    expect(existsSync(path.join(cache, 'paifile'))).toBe(false);
  });

  it('tells all errors of a bundle together', async () => {
    await write('paifile.ts', `import './a.js';\nimport './b.js';\n`);
    const error = await failure();
    expect(error.message).toBe('the paifile has 2 errors');
    expect(error.details).toEqual([
      'paifile.ts:1:8: Could not resolve "./a.js"',
      'paifile.ts:2:8: Could not resolve "./b.js"',
    ]);
  });

  it('tells when the bundle can not be kept', async () => {
    await write('.cache', 'a file where a folder should be');
    expect(await failure()).toMatchObject({ code: 'LOCAL_FILE', exitCode: 1 });
  });

  it('refuses another default export', async () => {
    await write('paifile.ts', 'export default 1;\n');
    const error = await failure();
    expect(error).toMatchObject({ code: 'PAIFILE_INVALID', where: 'paifile.ts' });
    expect(error.next).toContain('export default paifile(');
  });

  it('blames the paifile for what its code throws by accident', async () => {
    await write('paifile.ts', 'export default { write({ cluster }: any) { cluster.hosts.none.name; } };\n');
    const error = await failure();
    expect(error).toMatchObject({ code: 'PAIFILE_INVALID', where: 'paifile.ts' });
    expect(error.message).toBe("TypeError: Cannot read properties of undefined (reading 'name')");
  });

  it('passes on errors that tasks throw on purpose', async () => {
    const loaded = await loadPaifile(root, cache);
    const cluster = fakeCluster();
    const error = new PaiError('CONFIG_INVALID', 'on purpose');
    const broken = Object.defineProperty({ ...cluster }, 'hosts', {
      get: () => {
        throw error;
      },
    });
    await write('paifile.ts', 'export default { write({ cluster }: any) { cluster.hosts; } };\n');
    expect(loaded.graph(() => broken).targets.size).toBe(1);
    expect(await failure(async () => (await loadPaifile(root, cache)).graph(() => broken))).toBe(error);
  });
});
