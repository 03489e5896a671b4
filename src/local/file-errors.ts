import path from 'node:path';
import { PaiError } from '../model/errors.js';

/** Runs work on a file of the dev box; what the file system refuses becomes LOCAL_FILE with the path and what to do. */
export async function guarded<T>(file: string, verb: 'read' | 'write' | 'remove', work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw explained(file, verb, error);
  }
}

/** The same for work that is done at once. */
export function guardedSync<T>(file: string, verb: 'read' | 'write' | 'remove', work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw explained(file, verb, error);
  }
}

function explained(file: string, verb: string, error: unknown): unknown {
  const code = errorCode(error);
  if (code === undefined || error instanceof PaiError) return error;
  return new PaiError('LOCAL_FILE', `can't ${verb} ${file}: ${code}`, { next: nextStep(code, file), cause: error });
}

/** `ENOENT` and the like; undefined for errors that are not the system's. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

function nextStep(code: string, file: string): string {
  const folder = path.dirname(file);
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return `Give yourself permission for ${file} and its folder, or run as their owner`;
    case 'ENOTDIR':
    case 'EEXIST':
      return `Move away the file that stands where a folder of ${folder} must be`;
    case 'EISDIR':
    case 'ENOTEMPTY':
      return `Move away the folder ${file}: a file must be there`;
    case 'EROFS':
      return `Make ${folder} writable: its file system is read-only`;
    case 'ENOSPC':
      return 'Free some space on the disk and run again';
    default:
      return `Look at ${file} and run again`;
  }
}
