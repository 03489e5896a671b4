import { randomBytes } from 'node:crypto';
import { lstat, mkdir, mkdtemp, open, readdir, readFile, realpath, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { PaiError } from '../model/errors.js';
import { MATERIAL_FILES, type Material, normalise, OPTIONAL_FILES } from './material.js';

// The local copy. Its folder appears with a complete set in it or not at all; it ignores itself in git, because a key that
// was once pushed is lost, and the user's .gitignore may not know of it.

const GIT_IGNORE = '.gitignore';

/** The files of a set that are in a directory; empty when there is no such directory. Throws PKI. */
export async function readDirectory(directory: string): Promise<Material> {
  return guarded(directory, 'read', async () => {
    const found = await Promise.all([...MATERIAL_FILES, ...OPTIONAL_FILES].map((file) => readEntry(directory, file)));
    return new Map(found.flatMap((entry) => (entry === undefined ? [] : [entry])));
  });
}

/**
 * Writes a complete set where there is no directory yet, or an empty one: to a temporary directory beside it, which is then
 * renamed, so that a crash leaves all or nothing. Returns false, and writes nothing, when another process was faster. Throws PKI.
 */
export async function writeDirectory(directory: string, files: Material): Promise<boolean> {
  return guarded(directory, 'write', async () => {
    await mkdir(path.dirname(directory), { recursive: true });
    const place = await realpath(directory).catch(() => directory);
    const parent = path.dirname(place);
    const temporary = await mkdtemp(path.join(parent, `.${path.basename(place)}-`)); // mode 0700
    try {
      await writeNew(path.join(temporary, GIT_IGNORE), '*\n');
      for (const [file, content] of files) await writeNew(path.join(temporary, file), content);
      await rename(temporary, place);
    } catch (error) {
      await rm(temporary, { recursive: true, force: true });
      if (errorCode(error) !== 'ENOTEMPTY' && errorCode(error) !== 'EEXIST') throw error;
      return lostOrOccupied(place);
    }
    await syncDirectory(parent);
    return true;
  });
}

/** Adds or replaces single files of an existing directory, each at once (temporary file, fsync, rename). Throws PKI. */
export async function writeFiles(directory: string, files: Material): Promise<void> {
  await guarded(directory, 'write', async () => {
    for (const [file, content] of files) {
      const temporary = path.join(directory, `.${file}-${randomBytes(4).toString('hex')}`);
      try {
        await writeNew(temporary, content);
        await rename(temporary, path.join(directory, file));
      } catch (error) {
        await rm(temporary, { force: true });
        throw error;
      }
    }
    await syncDirectory(directory);
  });
}

/**
 * Removes what pai keeps in a directory; the directory as well, and then all at once, when nothing else is in it. A
 * symbolic link stays, with an empty directory behind it. Throws PKI.
 */
export async function removeDirectory(directory: string): Promise<void> {
  await guarded(directory, 'remove', async () => {
    const ours = [...OPTIONAL_FILES, ...MATERIAL_FILES, GIT_IGNORE];
    const entries = await entriesOf(directory);
    if (entries === undefined) return;
    if (entries.every((entry) => ours.includes(entry)) && !(await lstat(directory)).isSymbolicLink()) {
      const aside = await mkdtemp(path.join(path.dirname(directory), `.${path.basename(directory)}-`));
      await rename(directory, aside);
      await rm(aside, { recursive: true, force: true });
    } else {
      for (const file of ours) await rm(path.join(directory, file), { force: true });
    }
  });
}

async function entriesOf(directory: string): Promise<string[] | undefined> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function readEntry(directory: string, file: string): Promise<[string, string] | undefined> {
  try {
    return [file, normalise(file, await readFile(path.join(directory, file), 'utf8'))];
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** False when another process put a set there meanwhile; an error when the directory holds something else. */
async function lostOrOccupied(directory: string): Promise<false> {
  const entries = await readdir(directory);
  if (MATERIAL_FILES.every((file) => entries.includes(file))) return false;
  throw new PaiError('PKI', 'the folder for certificate authorities holds other files', {
    where: directory,
    details: entries.sort(),
    next: `Move them away: pai makes ${directory} itself`,
  });
}

async function writeNew(file: string, content: string): Promise<void> {
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Turns errors of the file system into PKI errors that say what to do. */
async function guarded<T>(directory: string, verb: 'read' | 'write' | 'remove', work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const code = errorCode(error);
    if (code === undefined || error instanceof PaiError) throw error;
    const failed = error instanceof Error && 'path' in error ? String(error.path) : directory;
    throw new PaiError('PKI', `can't ${verb} the certificate authorities: ${code} at ${failed}`, {
      where: directory,
      next: NEXT[code] ?? `Make ${directory} a folder that you can read and write`,
      cause: error,
    });
  }
}

const NEXT: Readonly<Record<string, string>> = {
  ENOSPC: 'Free some space on the disk and run again',
  EROFS: 'Make the configuration folder writable: the file system is read-only',
};

function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
