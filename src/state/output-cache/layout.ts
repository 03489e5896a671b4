import { createHash, randomBytes } from 'node:crypto';
import path from 'node:path';

/**
 * Where things are in the folder of an output cache. Names tell the content, so that no two processes can disagree on one:
 *
 *     v1/objects/ab/cdef...   content of files, by SHA-256
 *     v1/entries/ab/cdef...   outputs of a target, by fingerprint (see manifest.ts); its mtime is when it was last used
 *     v1/new/                 what is being written; renamed when it is whole
 *     v1/hits                 one byte for each time that outputs were put back
 *     v1/growth               bytes in it when they were last counted, and added since; one line each
 *
 * Folders have mode 0700 and files 0600, whatever the outputs have: they may hold secrets.
 */
export interface Layout {
  readonly directory: string;
  readonly objects: string;
  readonly entries: string;
  readonly fresh: string;
  readonly hits: string;
  readonly growth: string;
}

const HEX_SHA256 = /^[0-9a-f]{64}$/;

/** The layout of the cache in a folder (absolute). */
export function layoutOf(directory: string): Layout {
  const root = path.join(directory, 'v1');
  return {
    directory,
    objects: path.join(root, 'objects'),
    entries: path.join(root, 'entries'),
    fresh: path.join(root, 'new'),
    hits: path.join(root, 'hits'),
    growth: path.join(root, 'growth'),
  };
}

/** Where the object or entry with this name is, below `objects` or `entries`. */
export function placeOf(folder: string, name: string): string {
  return path.join(folder, name.slice(0, 2), name.slice(2));
}

/** Whether a text is the name of an object or entry. */
export function isDigest(text: unknown): text is string {
  return typeof text === 'string' && HEX_SHA256.test(text);
}

let prefix: string | undefined;
let count = 0;

/** A path in a folder that nothing else uses: random for this process, and counted on. */
export function freshPath(folder: string): string {
  prefix ??= randomBytes(12).toString('hex');
  return path.join(folder, `${prefix}${(count++).toString(16)}`);
}

/** Hex SHA-256 of a text. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
