import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { removeLeftovers } from '../../../src/state/leftovers.js';

let cache: string;

beforeEach(() => {
  cache = mkdtempSync(path.join(tmpdir(), 'pai-leftovers-'));
});

afterEach(() => rmSync(cache, { recursive: true }));

function write(...files: string[]): void {
  for (const file of files) {
    mkdirSync(path.dirname(path.join(cache, file)), { recursive: true });
    writeFileSync(path.join(cache, file), '');
  }
}

it('what a killed run did not finish is removed, all else stays', async () => {
  write(
    'local-state',
    'local-state.12',
    'snapshot',
    'snapshot.12',
    'durations.json',
    'durations.json.12',
    'part-texts',
    'part-texts.new',
  );
  write('staging/restore-abc/0', 'staging/other', 'outputs/v1/new/old', 'outputs/v1/new/young', 'mine.12');
  const longAgo = new Date(Date.now() - 2 * 3_600_000);
  utimesSync(path.join(cache, 'outputs/v1/new/old'), longAgo, longAgo);
  await removeLeftovers(cache, path.join(cache, 'outputs'));
  expect(readdirSync(cache).sort()).toEqual([
    'durations.json',
    'local-state',
    'mine.12',
    'outputs',
    'part-texts',
    'snapshot',
    'staging',
  ]);
  expect(readdirSync(path.join(cache, 'staging'))).toEqual(['other']);
  expect(readdirSync(path.join(cache, 'outputs/v1/new'))).toEqual(['young']);
});

it('a cache that is not there is no trouble', async () => {
  await removeLeftovers(path.join(cache, 'none'), path.join(cache, 'none/outputs'));
  await removeLeftovers(path.join(cache, 'none'), undefined);
  expect(readdirSync(cache)).toEqual([]);
});
