import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { removeUnfinished } from './output-cache/evict.js';
import { layoutOf } from './output-cache/layout.js';

/** What only who holds the project's lock writes, to be renamed when it is whole: of a dead run it serves nobody. */
const UNFINISHED = /^((local-state|snapshot|durations\.json)\.\d+|part-texts\.new)$/;

/**
 * Removes what a run that was killed did not finish writing. Only for who holds the project's lock. In the cache of outputs, which
 * others may share, only what is old. Does not throw: what can't be removed is in nobody's way.
 */
export async function removeLeftovers(cacheDirectory: string, outputCache: string | undefined): Promise<void> {
  await removeMatching(cacheDirectory, UNFINISHED);
  await removeMatching(path.join(cacheDirectory, 'staging'), /^restore-/);
  if (outputCache !== undefined) await removeUnfinished(layoutOf(outputCache), Date.now()).catch(() => undefined);
}

async function removeMatching(folder: string, pattern: RegExp): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names.filter((name) => pattern.test(name))) {
    await rm(path.join(folder, name), { recursive: true, force: true }).catch(() => undefined);
  }
}
