import { renameSync, rmSync } from 'node:fs';
import { errorCode } from '../local/file-errors.js';

/**
 * Renames a file that is whole to its place in the cache. A folder that stands there belongs to nobody and goes; else what can't be
 * kept once could never be kept again. Throws the system's error.
 */
export function renameOver(whole: string, place: string): void {
  try {
    renameSync(whole, place);
  } catch (error) {
    if (errorCode(error) !== 'EISDIR') throw error;
    rmSync(place, { recursive: true, force: true });
    renameSync(whole, place);
  }
}
