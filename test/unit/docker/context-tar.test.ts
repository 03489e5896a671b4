import { createHash } from 'node:crypto';
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
});
