import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readArchive } from '../../../src/local/archive.js';
import { packTar } from '../../../src/ssh/payload.js';
import { fakeRelease } from '../tasks/hadoop/fake-release.js';
import { temporaryDirectory } from './helpers.js';

const cure = 'Get another one.';

async function written(content: Uint8Array | string): Promise<string> {
  const file = path.join(await temporaryDirectory(), 'some.tar.gz');
  await writeFile(file, content);
  return file;
}

function read(file: string, wanted = (name: string) => name.endsWith('core-site.xml')) {
  return readArchive(file, { wanted, cure });
}

describe('reading an archive', () => {
  it('gives the wanted files and no others', async () => {
    const found = await read(await written(await fakeRelease({ folder: 'top' })));
    expect([...found.keys()]).toEqual(['top/etc/hadoop/core-site.xml']);
    expect(Buffer.from(found.get('top/etc/hadoop/core-site.xml') ?? []).toString()).toContain('<configuration>');
  });

  it('does not fail for an archive without a wanted file', async () => {
    expect(await read(await written(await fakeRelease()), () => false)).toEqual(new Map());
  });

  it('never takes a truncated archive for a whole one, wherever it was cut', async () => {
    const archive = await fakeRelease();
    const file = await written('');
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: archive.length - 1 }), async (length) => {
        await writeFile(file, archive.subarray(0, length));
        await expect(read(file)).rejects.toMatchObject({
          code: 'ARCHIVE',
          message: `${file} is truncated: it ends in the middle`,
          next: cure,
        });
      }),
      { numRuns: 40 },
    );
  });

  it('says so when the tar in a whole gzip is truncated', async () => {
    const tar = gunzipSync(await fakeRelease());
    const file = await written(gzipSync(tar.subarray(0, 1500)));
    await expect(read(file)).rejects.toMatchObject({
      code: 'ARCHIVE',
      message: `${file} is truncated: it ends in the middle`,
    });
  });

  it('finds a byte that was changed after all wanted files', async () => {
    const archive = await fakeRelease({ ballast: 100_000 });
    const at = archive.length - 50_000;
    archive[at] = (archive[at] ?? 0) ^ 1;
    await expect(read(await written(archive))).rejects.toMatchObject({
      code: 'ARCHIVE',
      message: expect.stringContaining('is damaged'),
    });
  });

  it.each([
    ['an empty file', '', 'is empty'],
    ['text', 'no archive at all', 'is not a tar.gz archive: it is not compressed with gzip'],
    ['gzip of text', gzipSync('x'.repeat(2000)), 'is not a tar.gz archive: what gzip holds is no tar'],
  ])('tells what %s is', async (_, content, what) => {
    const file = await written(content);
    await expect(read(file)).rejects.toMatchObject({ code: 'ARCHIVE', message: `${file} ${what}`, next: cure });
  });

  it('tells a file that is missing and a folder as what they are', async () => {
    const folder = await temporaryDirectory();
    await mkdir(path.join(folder, 'x.tar.gz'));
    await expect(read(path.join(folder, 'x.tar.gz'))).rejects.toMatchObject({
      code: 'LOCAL_FILE',
      message: expect.stringContaining('EISDIR'),
    });
    await expect(read(path.join(folder, 'no'))).rejects.toMatchObject({
      code: 'LOCAL_FILE',
      message: expect.stringContaining('ENOENT'),
    });
  });

  it('refuses a wanted file that is too large to be what it seems', async () => {
    const tar = await packTar([{ path: 'core-site.xml', mode: 0o644, content: Buffer.alloc(9 * 1024 * 1024) }]);
    await expect(read(await written(gzipSync(tar)))).rejects.toMatchObject({
      code: 'ARCHIVE',
      message: expect.stringContaining('core-site.xml in it has'),
    });
  });

  it('takes no folder or link for a wanted file', async () => {
    const tar = await import('tar-stream');
    const pack = tar.pack();
    pack.entry({ name: 'a/core-site.xml', type: 'symlink', linkname: '/etc/passwd' });
    pack.entry({ name: 'core-site.xml', type: 'directory' });
    pack.finalize();
    const chunks: Uint8Array[] = [];
    for await (const chunk of pack) chunks.push(chunk as Uint8Array);
    expect(await read(await written(gzipSync(Buffer.concat(chunks))))).toEqual(new Map());
  });

  it('ends when it is told to', async () => {
    const file = await written(await fakeRelease({ ballast: 1_000_000 }));
    await expect(readArchive(file, { wanted: () => true, cure, signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'CANCELLED',
    });
  });
});
