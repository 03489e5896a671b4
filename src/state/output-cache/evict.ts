import { readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { DamagedError, listStored, readEntry, type Stored } from './entries.js';
import { unlessMissing } from './files.js';
import { recordSize } from './growth.js';
import type { Layout } from './layout.js';
import { type Manifest, objectsOf } from './manifest.js';

const HOUR = 3_600_000;

/** What is in a cache. */
export interface CacheSize {
  readonly entries: number;
  readonly objects: number;
  /** Of objects and entries. */
  readonly bytes: number;
}

/** What a prune left, and what it removed. */
export interface Pruned extends CacheSize {
  readonly removedEntries: number;
  readonly removedObjects: number;
  readonly freedBytes: number;
}

/**
 * Removes the entries that were used least recently until at most `maxBytes` remain, and the objects that no entry names.
 * Others may use the cache meanwhile: what they miss they make. An object that no entry ever named may belong to outputs that
 * are just being kept, so it stays for an hour.
 */
export async function prune(layout: Layout, maxBytes: number, now: number): Promise<Pruned> {
  const { kept, evicted } = await choose(layout, maxBytes);
  // Entries first: an entry without its objects would look like damage.
  for (const { place } of evicted) await rm(place, { recursive: true, force: true });
  const keptObjects = new Set(kept.flatMap(({ manifest }) => [...objectsOf(manifest).keys()]));
  const oldObjects = new Set(evicted.flatMap(({ manifest }) => [...(manifest ? objectsOf(manifest).keys() : [])]));
  const left: Stored[] = [];
  const gone: Stored[] = [];
  for (const object of await listStored(layout.objects)) {
    const { name, used, place } = object;
    const young = name !== undefined && !oldObjects.has(name) && now - used < HOUR;
    if (young || (name !== undefined && keptObjects.has(name))) {
      left.push(object);
    } else {
      gone.push(object);
      await rm(place, { recursive: true, force: true });
    }
  }
  await removeUnfinished(layout, now);
  const bytes = bytesOf(kept) + bytesOf(left);
  await recordSize(layout, bytes, now);
  return {
    entries: kept.length,
    objects: left.length,
    bytes,
    removedEntries: evicted.length,
    removedObjects: gone.length,
    freedBytes: bytesOf(evicted) + bytesOf(gone),
  };
}

/** Counts what is there. */
export async function measure(layout: Layout): Promise<CacheSize> {
  const [entries, objects] = await Promise.all([listStored(layout.entries), listStored(layout.objects)]);
  return { entries: entries.length, objects: objects.length, bytes: bytesOf(entries) + bytesOf(objects) };
}

interface Entry extends Stored {
  readonly manifest: Manifest;
}

/** The newest entries that fit; what alone is too large does not push out the rest. */
async function choose(
  layout: Layout,
  maxBytes: number,
): Promise<{ kept: Entry[]; evicted: (Stored & { manifest?: Manifest })[] }> {
  const entries = await listStored(layout.entries);
  entries.sort((a, b) => b.used - a.used || (a.place < b.place ? -1 : 1));
  const kept: Entry[] = [];
  const evicted: (Stored & { manifest?: Manifest })[] = [];
  const counted = new Set<string>();
  let bytes = 0;
  let full = false;
  for (const entry of entries) {
    const manifest = entry.name === undefined ? undefined : readable(layout, entry.name);
    if (manifest === undefined) {
      evicted.push(entry);
      continue;
    }
    const objects = objectsOf(manifest);
    const alone = entry.size + sum(objects.values());
    const added = entry.size + sum([...objects].map(([digest, size]) => (counted.has(digest) ? 0 : size)));
    full ||= alone <= maxBytes && bytes + added > maxBytes;
    if (full || alone > maxBytes) {
      evicted.push({ ...entry, manifest });
      continue;
    }
    bytes += added;
    for (const digest of objects.keys()) counted.add(digest);
    kept.push({ ...entry, manifest });
  }
  return { kept, evicted };
}

function readable(layout: Layout, fingerprint: string): Manifest | undefined {
  try {
    return readEntry(layout.entries, fingerprint);
  } catch (error) {
    if (error instanceof DamagedError) return undefined;
    throw error;
  }
}

/** What processes that were killed did not finish. */
export async function removeUnfinished(layout: Layout, now: number): Promise<void> {
  for (const name of (await unlessMissing(readdir(layout.fresh))) ?? []) {
    const place = path.join(layout.fresh, name);
    const found = await unlessMissing(stat(place));
    if (found !== undefined && now - found.mtimeMs > HOUR) await rm(place, { recursive: true, force: true });
  }
}

function bytesOf(stored: readonly Stored[]): number {
  return sum(stored.map(({ size }) => size));
}

function sum(numbers: Iterable<number>): number {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
}
