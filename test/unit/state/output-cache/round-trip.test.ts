import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { formatManifest } from '../../../../src/state/output-cache/manifest.js';
import { type Bench, fingerprint, makeBench, put, readTree, restore, type Tree, trees, writeTree } from './helpers.js';

let bench: Bench;
beforeEach(() => {
  bench = makeBench();
});
afterEach(() => bench.remove());

const FILES: Tree = {
  'dist/main.js': { content: 'main', mode: 0o644 },
  'dist/bin/run': { content: '#!/bin/sh', mode: 0o755 },
  'dist/latest': { to: 'main.js' },
};

describe('outputs that were kept', { timeout: 120_000 }, () => {
  test('come back with the same names, modes and contents, whatever is there, and nothing else stays', async () => {
    await fc.assert(
      fc.asyncProperty(trees, trees, async (kept, there) => {
        const own = makeBench();
        try {
          writeTree(own.root, kept);
          await put(own.open(), 'a', kept);
          writeTree(own.root, there);
          const restored = await restore(own.open(), 'a', Object.keys(there));
          expect(own.warnings).toEqual([]);
          expect(readTree(own.root)).toEqual(kept);
          expect(restored?.map((output) => output.path).sort()).toEqual(Object.keys(kept).sort());
        } finally {
          own.remove();
        }
      }),
      { numRuns: 60 },
    );
  });

  test('are told with size, mode and digest, so that nobody need read them again', async () => {
    writeTree(bench.root, FILES);
    await put(bench.open(), 'a', FILES);
    expect(await restore(bench.open(), 'a')).toEqual([
      { kind: 'file', path: 'dist/bin/run', mode: 0o755, size: 9, digest: fingerprint('#!/bin/sh') },
      { kind: 'link', path: 'dist/latest', to: 'main.js' },
      { kind: 'file', path: 'dist/main.js', mode: 0o644, size: 4, digest: fingerprint('main') },
    ]);
  });

  test('are not reached by hand edits of what was put back, or of what was kept', async () => {
    writeTree(bench.root, FILES);
    await put(bench.open(), 'a', FILES);
    writeFileSync(path.join(bench.root, 'dist/main.js'), 'edited');
    await restore(bench.open(), 'a');
    writeFileSync(path.join(bench.root, 'dist/main.js'), 'edited again');
    await restore(bench.open(), 'a');
    expect(readTree(bench.root)).toEqual(FILES);
    expect(bench.warnings).toEqual([]);
  });

  test('can be read by nobody else, whatever their modes, and leave nothing unfinished', async () => {
    writeTree(bench.root, FILES);
    const cache = bench.open();
    await put(cache, 'a', FILES);
    await restore(cache, 'a');
    await cache.close();
    const all = readdirSync(bench.directory, { recursive: true, withFileTypes: true });
    const modes = new Set(
      all.map((entry) => {
        const mode = statSync(path.join(entry.parentPath, entry.name)).mode & 0o777;
        return `${entry.isDirectory() ? 'folder' : 'file'} ${mode.toString(8)}`;
      }),
    );
    expect([...modes].sort()).toEqual(['file 600', 'folder 700']);
    expect(readdirSync(path.join(bench.directory, 'v1/new'))).toEqual([]);
    expect(readdirSync(path.join(bench.root, '.cache/staging'))).toEqual([]);
  });

  test('share what is the same', async () => {
    const tree: Tree = { a: { content: 'same', mode: 0o644 }, b: { content: 'same', mode: 0o755 } };
    writeTree(bench.root, tree);
    await put(bench.open(), 'a', tree);
    await put(bench.open(), 'b', tree);
    const objects = readdirSync(path.join(bench.directory, 'v1/objects'), { recursive: true, withFileTypes: true });
    expect(objects.filter((entry) => entry.isFile())).toHaveLength(1);
    writeTree(bench.root, {});
    await restore(bench.open(), 'b');
    expect(readTree(bench.root)).toEqual(tree);
  });

  test('are of no use to another fingerprint', async () => {
    writeTree(bench.root, FILES);
    await put(bench.open(), 'a', FILES);
    expect(await restore(bench.open(), 'b')).toBeUndefined();
    expect(bench.warnings).toEqual([]);
  });

  test('replace empty folders that stand where files were', async () => {
    const tree: Tree = { out: { content: 'file', mode: 0o644 } };
    writeTree(bench.root, tree);
    await put(bench.open(), 'a', tree);
    writeTree(bench.root, { 'out/deep/er/old': { content: 'old', mode: 0o644 } });
    await restore(bench.open(), 'a', ['out/deep/er/old']);
    expect(readTree(bench.root)).toEqual(tree);
  });

  test('never replace a folder with something in it that is no output', async () => {
    const tree: Tree = { out: { content: 'file', mode: 0o644 } };
    writeTree(bench.root, tree);
    await put(bench.open(), 'a', tree);
    const mine: Tree = { 'out/notes.txt': { content: 'mine', mode: 0o644 } };
    writeTree(bench.root, mine);
    expect(await restore(bench.open(), 'a', [])).toBeUndefined();
    expect(readTree(bench.root)).toEqual(mine);
    expect(bench.warnings).toEqual([expect.stringContaining('folder out is in the way, with notes.txt in it')]);
  });
});

describe('what is kept', () => {
  test('is nothing when an output changed while it was copied', async () => {
    writeTree(bench.root, { out: { content: 'as it was', mode: 0o644 } });
    const unchanged = (): boolean => {
      writeFileSync(path.join(bench.root, 'out'), 'changed');
      return false;
    };
    await bench.open().put({ target: 'a', fingerprint: fingerprint('a'), run: 'run-1', outputs: ['out'], unchanged });
    expect(await restore(bench.open(), 'a')).toBeUndefined();
    expect(bench.warnings).toEqual([]);
  });

  test('is what was there when it was asked whether all is unchanged', async () => {
    writeTree(bench.root, { out: { content: 'as it was', mode: 0o644 } });
    const unchanged = (): boolean => {
      writeFileSync(path.join(bench.root, 'out'), 'changed later');
      return true;
    };
    await bench.open().put({ target: 'a', fingerprint: fingerprint('a'), run: 'run-1', outputs: ['out'], unchanged });
    await restore(bench.open(), 'a');
    expect(readTree(bench.root)).toEqual({ out: { content: 'as it was', mode: 0o644 } });
  });

  test('is large files too, copied piece by piece', async () => {
    const large: Tree = { large: { content: '0123456789abcdef'.repeat(200_000), mode: 0o640 } };
    writeTree(bench.root, large);
    await put(bench.open(), 'a', large);
    writeTree(bench.root, {});
    await restore(bench.open(), 'a');
    expect(readTree(bench.root)).toEqual(large);
    const name = fingerprint('0123456789abcdef'.repeat(200_000));
    const object = path.join(bench.directory, 'v1/objects', name.slice(0, 2), name.slice(2));
    expect(statSync(object).mode & 0o777).toBe(0o600);
    writeFileSync(object, 'X', { flag: 'r+' });
    writeTree(bench.root, {});
    expect(await restore(bench.open(), 'a')).toBeUndefined();
    expect(readTree(bench.root)).toEqual({});
  });

  test('of a folder that a link leads to is the link, and the folder where it is', async () => {
    const tree: Tree = { 'out/v1/x': { content: 'x', mode: 0o644 }, 'out/now': { to: 'v1' } };
    writeTree(bench.root, tree);
    const outputs = ['out/v1/x', 'out/now', 'out/now/x'];
    await bench.open().put({ target: 'a', fingerprint: fingerprint('a'), run: 'run-1', outputs });
    expect(bench.warnings).toEqual([]);
    const there: Tree = { 'out/v2/y': { content: 'y', mode: 0o644 }, 'out/now': { to: 'v2' } };
    writeTree(bench.root, there);
    expect(await restore(bench.open(), 'a', ['out/v2/y', 'out/now', 'out/now/y'])).toHaveLength(2);
    expect(readTree(bench.root)).toEqual(tree);
  });

  test('is nothing where a link leads to what is no output', async () => {
    writeTree(bench.root, { 'src/x': { content: 'x', mode: 0o644 }, 'out/src': { to: '../src' } });
    const outputs = ['out/src', 'out/src/x'];
    await bench.open().put({ target: 'a', fingerprint: fingerprint('a'), run: 'run-1', outputs });
    expect(bench.warnings).toEqual([expect.stringContaining('out/src is a link to what is no output')]);
    expect(await restore(bench.open(), 'a')).toBeUndefined();
  });

  test('is nothing when an output is gone', async () => {
    const outputs = ['never-made'];
    await bench.open().put({ target: 'a', fingerprint: fingerprint('a'), run: 'run-1', outputs });
    expect(await restore(bench.open(), 'a')).toBeUndefined();
    expect(bench.warnings).toEqual([]);
  });

  test('is nothing when an output is a folder, or lies outside of the project, and that is told once', async () => {
    mkdirSync(path.join(bench.root, 'folder'));
    mkdirSync(path.join(bench.root, '../elsewhere'));
    writeFileSync(path.join(bench.root, '../elsewhere/file'), '');
    symlinkSync('../elsewhere', path.join(bench.root, 'link'));
    const cache = bench.open();
    const run = 'run-1';
    await cache.put({ target: 'a', fingerprint: fingerprint('a'), run, outputs: ['link/file'] });
    expect(bench.warnings).toEqual([
      `output cache ${bench.directory}: outputs of a are not kept: link leads out of the project; \`cache: false\` in its task keeps them out without a word`,
    ]);
    for (const file of ['folder', '../elsewhere/file', '/etc/passwd', 'a/../../elsewhere/file']) {
      await cache.put({ target: file, fingerprint: fingerprint(file), run, outputs: [file] });
      expect(await restore(cache, file)).toBeUndefined();
    }
    expect(bench.warnings).toHaveLength(1);
    expect(await restore(cache, 'a')).toBeUndefined();
  });

  test('is nothing of a target that alone has more than the cache may have', async () => {
    writeTree(bench.root, { out: { content: 'x'.repeat(3000), mode: 0o644 } });
    const cache = bench.open(2048);
    await put(cache, 'a', readTree(bench.root));
    expect(bench.warnings).toEqual([
      expect.stringContaining('they have 2.9 KiB, and the whole cache may have 2.0 KiB'),
    ]);
    expect(await restore(cache, 'a')).toBeUndefined();
  });
});

test('what an old link leads to is never removed with it', async () => {
  const sources: Tree = { 'src/x': { content: 'x', mode: 0o644 } };
  const outputs: Tree = { 'out/main': { content: 'main', mode: 0o644 } };
  writeTree(bench.root, outputs);
  await put(bench.open(), 'a', outputs);
  writeTree(bench.root, { ...sources, 'out/src': { to: '../src' } });
  await restore(bench.open(), 'a', ['out/src', 'out/src/x']);
  expect(readTree(bench.root)).toEqual({ ...sources, ...outputs });
});

describe('what comes back never leaves the declared outputs', () => {
  /** Writes an entry as somebody would who wants to harm: with a checksum that is right. */
  function forge(outputs: Parameters<typeof formatManifest>[0]['outputs']): void {
    const name = fingerprint('a');
    const place = path.join(bench.directory, 'v1/entries', name.slice(0, 2), name.slice(2));
    mkdirSync(path.dirname(place), { recursive: true });
    writeFileSync(place, formatManifest({ format: 1, fingerprint: name, target: 'a', run: 'x', outputs }));
  }
  const link = (file: string, to: string) => ({ kind: 'link', path: file, to }) as const;

  test.each([
    ['outside', [link('../out', 'x')]],
    ['absolute', [link('/tmp/pai-forged', 'x')]],
    ['through a link that is restored too', [link('out', '/tmp'), link('out/x', 'x')]],
    ['twice', [link('out', 'a'), link('out', 'b')]],
    ['roundabout', [link('a/../../x', 'x')]],
    ['the project itself', [link('.', 'x')]],
  ])('paths that are %s are damage', async (_, outputs) => {
    forge(outputs);
    expect(await restore(bench.open(), 'a')).toBeUndefined();
    expect(bench.warnings).toEqual([expect.stringContaining('is damaged')]);
    expect(readTree(path.join(bench.root, '..'))).not.toHaveProperty('out');
  });

  test('not even inside of the project', async () => {
    forge([link('.git/hooks/pre-commit', '/tmp/evil')]);
    const cache = bench.open();
    const declares = (file: string): boolean => file.startsWith('dist/');
    expect(await cache.restore({ target: 'a', fingerprint: fingerprint('a'), declares, existing: [] })).toBeUndefined();
    expect(readTree(bench.root)).toEqual({});
  });

  test('through a link that leads out of the project', async () => {
    writeTree(bench.root, FILES);
    await put(bench.open(), 'a', FILES);
    writeTree(bench.root, {});
    mkdirSync(path.join(bench.root, '../elsewhere'));
    symlinkSync('../elsewhere', path.join(bench.root, 'dist'));
    expect(await restore(bench.open(), 'a')).toBeUndefined();
    expect(readdirSync(path.join(bench.root, '../elsewhere'))).toEqual([]);
    expect(bench.warnings).toEqual([expect.stringContaining('dist leads out of the project')]);
  });

  test('and folders of the project that are links inside of it are followed', async () => {
    mkdirSync(path.join(bench.root, 'build'));
    symlinkSync('build', path.join(bench.root, 'dist'));
    writeFileSync(path.join(bench.root, 'dist/x'), 'x');
    await bench.open().put({ target: 'a', fingerprint: fingerprint('a'), run: '', outputs: ['dist/x'] });
    writeFileSync(path.join(bench.root, 'dist/x'), 'y');
    expect(await restore(bench.open(), 'a')).toHaveLength(1);
    expect(readFileSync(path.join(bench.root, 'build/x'), 'utf8')).toBe('x');
  });
});
