import { lstatSync, readFileSync, type Stats } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import path from 'node:path';
import { missingIs, unlessMissing } from './files.js';
import { isDigest, placeOf } from './layout.js';
import { type Manifest, parseManifest } from './manifest.js';

/** Something of the cache is not as it was written. */
export class DamagedError extends Error {
  /** What has to go, so that it is made anew. */
  readonly place: string;

  constructor(place: string, what: string) {
    super(what);
    this.name = 'DamagedError';
    this.place = place;
  }
}

/** Reads the manifest of a fingerprint; undefined when there is none. Throws DamagedError, or the system's error. */
export function readEntry(entries: string, fingerprint: string): Manifest | undefined {
  const place = placeOf(entries, fingerprint);
  const found = lstatSync(place, { throwIfNoEntry: false });
  if (found === undefined) return undefined;
  // Reading what is no file might never end.
  if (!found.isFile()) throw new DamagedError(place, `entry ${short(fingerprint)} is not a file`);
  const text = missingIs(undefined, () => readFileSync(place, 'utf8'));
  if (text === undefined) return undefined;
  const manifest = parseManifest(text, fingerprint);
  if (manifest === undefined) throw new DamagedError(place, `entry ${short(fingerprint)} is damaged`);
  return manifest;
}

/** An object or entry, or something that does not belong there. */
export interface Stored {
  /** Digest or fingerprint; undefined for what does not belong there. */
  readonly name: string | undefined;
  readonly place: string;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly used: number;
  readonly isFile: boolean;
}

/** Everything below `objects` or `entries`; what goes away meanwhile is left out. */
export async function listStored(folder: string): Promise<Stored[]> {
  const top = await unlessMissing(lstat(folder));
  if (top === undefined) return [];
  if (!top.isDirectory()) return [storedAt(folder, top, undefined)];
  const stored: Stored[] = [];
  for (const [shelf, stat] of await statsIn(folder)) {
    if (!stat.isDirectory()) {
      stored.push(storedAt(path.join(folder, shelf), stat, undefined));
      continue;
    }
    for (const [name, found] of await statsIn(path.join(folder, shelf))) {
      const full = shelf + name;
      stored.push(
        storedAt(path.join(folder, shelf, name), found, shelf.length === 2 && isDigest(full) ? full : undefined),
      );
    }
  }
  return stored;
}

function storedAt(place: string, stat: Stats, name: string | undefined): Stored {
  return { name, place, size: stat.isFile() ? stat.size : 0, used: stat.mtimeMs, isFile: stat.isFile() };
}

async function statsIn(folder: string): Promise<[string, Stats][]> {
  const names = ((await unlessMissing(readdir(folder))) ?? []).sort();
  const stats = await Promise.all(names.map((name) => unlessMissing(lstat(path.join(folder, name)))));
  return names.flatMap((name, index): [string, Stats][] => {
    const found = stats[index];
    return found === undefined ? [] : [[name, found]];
  });
}

/** The first digits, enough for people. */
export function short(digest: string): string {
  return digest.slice(0, 12);
}
