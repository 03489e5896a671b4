import { createHash } from 'node:crypto';
import { constants, lstatSync, mkdirSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { chmod, copyFile } from 'node:fs/promises';
import path from 'node:path';
import { DamagedError, short } from './entries.js';
import { type Content, contentOf, errorCode, missingIs, removeIfPossible } from './files.js';
import { freshPath, type Layout, placeOf } from './layout.js';

/** Bytes of a file that is handled whole and at once: a promise for each step would take longer than the steps. */
const SMALL = 256 * 1024;

/** An object is not there (any more). */
export class MissingError extends Error {}

/**
 * Copies a file of `size` bytes into the cache. What is digested is what is kept, so that its name is right whatever happens to the
 * original meanwhile. Never a hard link: a hand edit of an output must not reach the cache. Rejects with the system's error.
 */
export async function addObject(
  layout: Layout,
  file: string,
  size: number,
): Promise<Content & { readonly added: boolean }> {
  if (size > SMALL) return addLarge(layout, file);
  const bytes = readFileSync(file);
  const content = { digest: createHash('sha256').update(bytes).digest('hex'), size: bytes.length };
  if (hasObject(layout, content)) return { ...content, added: false };
  writeWhole(layout, placeOf(layout.objects, content.digest), bytes);
  return { ...content, added: true };
}

async function addLarge(layout: Layout, file: string): Promise<Content & { readonly added: boolean }> {
  mkdirSync(layout.fresh, { recursive: true, mode: 0o700 });
  const fresh = freshPath(layout.fresh);
  try {
    await copyFile(file, fresh, constants.COPYFILE_FICLONE);
    await chmod(fresh, 0o600);
    const content = await contentOf(fresh);
    const added = !hasObject(layout, content);
    if (added) moveTo(fresh, placeOf(layout.objects, content.digest));
    else removeIfPossible(fresh);
    return { ...content, added };
  } catch (error) {
    removeIfPossible(fresh);
    throw error;
  }
}

/** Writes a file of the cache so that others see nothing or all of it. Throws the system's error. */
export function writeWhole(layout: Layout, place: string, content: string | Uint8Array): void {
  const fresh = freshPath(layout.fresh);
  try {
    writeFresh(layout, fresh, content);
    moveTo(fresh, place);
  } catch (error) {
    removeIfPossible(fresh);
    throw error;
  }
}

function writeFresh(layout: Layout, fresh: string, content: string | Uint8Array): void {
  const options = { mode: 0o600, flag: 'wx' } as const;
  try {
    writeFileSync(fresh, content, options);
  } catch (error) {
    // Its folder is made where it is missing, and not asked for each time.
    if (errorCode(error) !== 'ENOENT') throw error;
    mkdirSync(layout.fresh, { recursive: true, mode: 0o700 });
    writeFileSync(fresh, content, options);
  }
}

/** Whether an object is there, by its size; if so it is kept from being removed as a leftover. */
function hasObject(layout: Layout, { digest, size }: Content): boolean {
  const place = placeOf(layout.objects, digest);
  const found = lstatSync(place, { throwIfNoEntry: false });
  if (found === undefined || !found.isFile() || found.size !== size) return false;
  const now = new Date();
  return missingIs(false, () => {
    utimesSync(place, now, now);
    return true;
  });
}

/** Renames something whole to its place; whatever else stands there goes. */
function moveTo(fresh: string, place: string): void {
  try {
    renameSync(fresh, place);
  } catch (error) {
    switch (errorCode(error)) {
      case 'ENOENT':
        mkdirSync(path.dirname(place), { recursive: true, mode: 0o700 });
        break;
      case 'EISDIR':
        rmSync(place, { recursive: true });
        break;
      default:
        throw error;
    }
    renameSync(fresh, place);
  }
}

/**
 * Copies an object to a path where nothing is, and makes sure that the copy is what it must be. Rejects with MissingError,
 * DamagedError, or the system's error.
 */
export async function copyObject(layout: Layout, wanted: Content, to: string): Promise<void> {
  const { digest, size } = wanted;
  const place = placeOf(layout.objects, digest);
  const damaged = (what: string): DamagedError => new DamagedError(place, `object ${short(digest)} ${what}`);
  const found = lstatSync(place, { throwIfNoEntry: false });
  if (found === undefined) throw new MissingError(`object ${short(digest)} is missing`);
  // Reading what is no file might never end.
  if (!found.isFile()) throw damaged('is not a file');
  if (found.size !== size) throw damaged(`has ${found.size} bytes, not ${size}`);
  try {
    const copied = size <= SMALL ? copySmall(place, digest, to) : await copyVerified(place, to);
    if (copied !== digest) throw damaged('has other content than it had');
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT') throw new MissingError(`object ${short(digest)} is missing`);
    if (code === 'EACCES' || code === 'EIO') throw damaged(`can't be read (${code})`);
    throw error;
  }
}

function copySmall(place: string, wanted: string, to: string): string {
  const bytes = readFileSync(place);
  const digest = createHash('sha256').update(bytes).digest('hex');
  if (digest === wanted) writeFileSync(to, bytes, { mode: 0o600, flag: 'wx' });
  return digest;
}

async function copyVerified(place: string, to: string): Promise<string> {
  await copyFile(place, to, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
  return (await contentOf(to)).digest;
}
