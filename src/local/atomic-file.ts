import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { errorCode, guarded } from './file-errors.js';

/** What is at a path. */
export interface FoundFile {
  readonly content: Uint8Array;
  /** Permission bits. */
  readonly mode: number;
}

/** Writes a file so that a reader sees the old one or the new one whole: temporary file, fsync, rename. Throws LOCAL_FILE. */
export async function writeAtomically(file: string, content: string | Uint8Array, mode: number): Promise<void> {
  await guarded(file, 'write', async () => {
    await mkdir(path.dirname(file), { recursive: true });
    const temporary = path.join(path.dirname(file), `.${path.basename(file)}-${randomBytes(4).toString('hex')}`);
    try {
      // Never wider than it will be, not even for a moment; chmod after it because of the umask.
      const handle = await open(temporary, 'wx', mode & 0o600);
      try {
        await handle.writeFile(content);
        await handle.chmod(mode);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(temporary, file);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  });
}

/** A file's content and mode; undefined when there is none. Throws LOCAL_FILE. */
export async function readIfThere(file: string): Promise<FoundFile | undefined> {
  return guarded(file, 'read', async () => {
    try {
      const [content, { mode }] = await Promise.all([readFile(file), stat(file)]);
      return { content, mode: mode & 0o777 };
    } catch (error) {
      // ENOTDIR: a folder on the way is a file, so nothing can be there.
      if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return undefined;
      throw error;
    }
  });
}

/** Removes a file; none there is no error. Throws LOCAL_FILE. */
export async function removeFile(file: string): Promise<void> {
  await guarded(file, 'remove', () => rm(file, { force: true }));
}
