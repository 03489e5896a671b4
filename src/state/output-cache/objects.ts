import { chmod, constants, copyFile, lstat, mkdir, rename, rm, utimes } from 'node:fs/promises';
import path from 'node:path';
import { DamagedError, short } from './entries.js';
import { type Content, contentOf, errorCode, removeIfPossible, unlessMissing } from './files.js';
import { freshPath, type Layout, placeOf } from './layout.js';

/** An object is not there (any more). */
export class MissingError extends Error {}

/**
 * Copies a file into the cache: what is digested is the copy, so that its name is right whatever happens to the original meanwhile.
 * Never a hard link: a hand edit of an output must not reach the cache. Rejects with the system's error.
 */
export async function addObject(layout: Layout, file: string): Promise<Content & { readonly added: boolean }> {
  const fresh = freshPath(layout.fresh);
  try {
    await copyFile(file, fresh, constants.COPYFILE_FICLONE);
    // Before it is read: others may have had no right to.
    await chmod(fresh, 0o600);
    const content = await contentOf(fresh);
    if (await hasObject(layout, content)) {
      await removeIfPossible(fresh);
      return { ...content, added: false };
    }
    await moveTo(fresh, placeOf(layout.objects, content.digest));
    return { ...content, added: true };
  } catch (error) {
    await removeIfPossible(fresh);
    throw error;
  }
}

/** Whether an object is there, by its size; if so it is kept from being removed as a leftover. */
export async function hasObject(layout: Layout, { digest, size }: Content): Promise<boolean> {
  const place = placeOf(layout.objects, digest);
  const found = await unlessMissing(lstat(place));
  if (found === undefined || !found.isFile() || found.size !== size) return false;
  const now = new Date();
  await unlessMissing(utimes(place, now, now));
  return true;
}

/** Renames something whole to its place; whatever else stands there goes. */
export async function moveTo(fresh: string, place: string): Promise<void> {
  await mkdir(path.dirname(place), { recursive: true, mode: 0o700 });
  try {
    await rename(fresh, place);
  } catch (error) {
    if (errorCode(error) !== 'EISDIR') throw error;
    await rm(place, { recursive: true });
    await rename(fresh, place);
  }
}

/**
 * Copies an object to a path where nothing is, and makes sure that the copy is what it must be. Rejects with MissingError,
 * DamagedError, or the system's error.
 */
export async function copyObject(layout: Layout, wanted: Content, to: string): Promise<void> {
  const { digest, size } = wanted;
  const place = placeOf(layout.objects, digest);
  const found = await unlessMissing(lstat(place));
  if (found === undefined) throw new MissingError(`object ${short(digest)} is missing`);
  const damaged = (what: string): DamagedError => new DamagedError(place, `object ${short(digest)} ${what}`);
  if (!found.isFile()) throw damaged('is not a file');
  if (found.size !== size) throw damaged(`has ${found.size} bytes, not ${size}`);
  try {
    await copyFile(place, to, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT') throw new MissingError(`object ${short(digest)} is missing`);
    if (code === 'EACCES' || code === 'EIO') throw damaged(`can't be read (${code})`);
    throw error;
  }
  const copied = await contentOf(to);
  if (copied.digest !== digest) throw damaged('has other content than it had');
}
