import { lstat, rm } from 'node:fs/promises';
import path from 'node:path';
import { DamagedError, listStored, readEntry, type Stored, short } from './entries.js';
import { contentOf, errorCode, unlessMissing } from './files.js';
import { type Layout, placeOf } from './layout.js';
import { objectsOf } from './manifest.js';

/** Something that was not as it was written, and is removed. */
export interface Damage {
  /** Relative to the cache's folder. */
  readonly path: string;
  readonly problem: string;
  /** Of an entry that can still be read. */
  readonly target?: string;
}

/** What was looked at, and what was wrong. */
export interface Verified {
  readonly entries: number;
  readonly objects: number;
  readonly damaged: readonly Damage[];
}

/**
 * Reads everything, compares it with its digest, and removes what is damaged, and entries whose objects are missing.
 * Rejects with the system's error when something damaged can't be removed.
 */
export async function verify(layout: Layout): Promise<Verified> {
  const damaged: Damage[] = [];
  const remove = async (place: string, problem: string, target?: string): Promise<void> => {
    await rm(place, { recursive: true, force: true });
    damaged.push({ path: path.relative(layout.directory, place), problem, ...(target !== undefined && { target }) });
  };
  const objects = await listStored(layout.objects);
  for (const object of objects) {
    const problem = await objectProblem(object);
    if (problem !== undefined) await remove(object.place, problem);
  }
  const entries = await listStored(layout.entries);
  for (const entry of entries) {
    const found = await entryProblem(layout, entry);
    if (found !== undefined) await remove(entry.place, found.problem, found.target);
  }
  return { entries: entries.length, objects: objects.length, damaged };
}

async function objectProblem({ name, place, isFile }: Stored): Promise<string | undefined> {
  if (name === undefined) return 'does not belong there';
  if (!isFile) return 'is not a file';
  try {
    const content = await unlessMissing(contentOf(place));
    // Pruned meanwhile.
    if (content === undefined) return undefined;
    return content.digest === name ? undefined : 'has other content than it had';
  } catch (error) {
    return `can't be read (${errorCode(error) ?? String(error)})`;
  }
}

async function entryProblem(layout: Layout, { name, place }: Stored): Promise<Omit<Damage, 'path'> | undefined> {
  if (name === undefined) return { problem: 'does not belong there' };
  try {
    const manifest = readEntry(layout.entries, name);
    if (manifest === undefined) return undefined;
    for (const [digest, size] of objectsOf(manifest)) {
      const found = await unlessMissing(lstat(placeOf(layout.objects, digest)));
      if (found?.isFile() === true && found.size === size) continue;
      // A prune that goes on at the same time removes entries before their objects.
      if ((await unlessMissing(lstat(place))) === undefined) return undefined;
      return { problem: `its object ${short(digest)} is missing`, target: manifest.target };
    }
    return undefined;
  } catch (error) {
    if (error instanceof DamagedError) return { problem: 'is damaged' };
    return { problem: `can't be read (${errorCode(error) ?? String(error)})` };
  }
}
