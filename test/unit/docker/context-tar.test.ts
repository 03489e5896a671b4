import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { contextTar } from '../../../src/docker/context-tar.js';
import { readTar } from './fake-engine.js';

const FILES = [
  { path: 'Dockerfile', mode: 0o600, content: 'FROM scratch\n' },
  { path: 'a/b/run', mode: 0o700, content: Buffer.from([0, 255, 10]) },
  { path: 'a/c', mode: 0o664, content: 'ä' },
];

describe('contextTar', () => {
  it('holds every file with a mode that no umask changes', async () => {
    const files = await readTar(await contextTar(FILES));
    expect([...files].map(([path, { mode }]) => [path, mode.toString(8)])).toEqual([
      ['Dockerfile', '644'],
      ['a/b/run', '755'],
      ['a/c', '644'],
    ]);
    expect(files.get('a/c')?.text).toBe('ä');
  });

  it('gives equal bytes for equal files', async () => {
    const digest = async () =>
      createHash('sha256')
        .update(await buffer(await contextTar(FILES)))
        .digest('hex');
    expect(await digest()).toBe(await digest());
  });

  it('names folders before what is in them, with the epoch as their date', async () => {
    const bytes = await buffer(await contextTar(FILES));
    const text = bytes.toString('latin1');
    expect(text.indexOf('a/b/\0')).toBeGreaterThan(text.indexOf('a/\0'));
    expect(text.indexOf('a/b/run\0')).toBeGreaterThan(text.indexOf('a/b/\0'));
    expect(bytes.subarray(136, 148).toString('latin1')).toMatch(/^0+[ \0]$/);
  });

  it('keeps names of more than a hundred characters', async () => {
    const path = `${'long/'.repeat(40)}ü`;
    const files = await readTar(await contextTar([{ path, mode: 0o644, content: 'x' }]));
    expect(files.get(path)?.text).toBe('x');
  });

  it('streams files of source trees, and keeps links', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'pai-tar-'));
    try {
      const large = Buffer.alloc(3_000_000, 'pai');
      await writeFile(join(folder, 'large'), large);
      const tar = await contextTar([
        { path: 'copied_file/large', mode: 0o700, file: join(folder, 'large'), bytes: large.length, sha256: '' },
        { path: 'copied_file/link', target: 'large' },
        { path: 'z', mode: 0o600, content: 'last' },
      ]);
      await writeFile(join(folder, 'tar'), tar);
      const listed = execFileSync('tar', ['-tvf', join(folder, 'tar')], { encoding: 'utf8', env: { TZ: 'UTC' } });
      const lines = listed
        .trim()
        .split('\n')
        .map((line) => line.replace(/\s+/g, ' '));
      expect(lines).toEqual([
        'drwxr-xr-x root/root 0 1970-01-01 00:00 copied_file/',
        '-rwxr-xr-x root/root 3000000 1970-01-01 00:00 copied_file/large',
        'lrwxrwxrwx root/root 0 1970-01-01 00:00 copied_file/link -> large',
        '-rw-r--r-- root/root 4 1970-01-01 00:00 z',
      ]);
      const content = execFileSync('tar', ['-xOf', join(folder, 'tar'), 'copied_file/large'], { maxBuffer: 1 << 23 });
      expect(content.equals(large)).toBe(true);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it.each([
    ['grown', 5],
    ['shrunk', 2_000_000],
  ])('fails when a file has %s meanwhile, and names it', async (_, bytes) => {
    const folder = await mkdtemp(join(tmpdir(), 'pai-tar-'));
    try {
      const file = join(folder, 'a');
      await writeFile(file, Buffer.alloc(100_000));
      const tar = await contextTar([{ path: 'a', mode: 0o600, file, bytes, sha256: '' }]);
      await expect(buffer(tar)).rejects.toMatchObject({ code: 'IMAGE_SOURCE', message: /changed while it was sent/ });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
