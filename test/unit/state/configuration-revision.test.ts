import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readRevision, writeRevision } from '../../../src/state/configuration-revision.js';

let cache: string;
beforeEach(() => {
  cache = mkdtempSync(path.join(tmpdir(), 'pai-revision-'));
});
afterEach(() => rmSync(cache, { recursive: true, force: true }));

const here = { folder: '/a', clusterId: 'one' };
const file = () => path.join(cache, 'configuration-revisions.json');

it('is remembered for each folder and cluster', async () => {
  expect(await readRevision(cache, here)).toBeUndefined();
  await writeRevision(cache, here, 3);
  await writeRevision(cache, { ...here, folder: '/b' }, 4);
  await writeRevision(cache, { ...here, clusterId: 'two' }, 5);
  expect(await readRevision(cache, here)).toBe(3);
  expect(await readRevision(cache, { ...here, folder: '/b' })).toBe(4);
  expect(await readRevision(cache, { ...here, clusterId: 'two' })).toBe(5);
  expect(statSync(file()).mode & 0o077).toBe(0);
});

it.each(['', 'x', '[]', '{"one /a": "3"}'])('is unknown where what is kept is damaged: %s', async (text) => {
  writeFileSync(file(), text);
  expect(await readRevision(cache, here)).toBeUndefined();
  await writeRevision(cache, here, 7);
  expect(await readRevision(cache, here)).toBe(7);
});
