import { access } from 'node:fs/promises';
import path from 'node:path';
import { PaiError } from '../model/errors.js';
import { PAIFILE } from '../paifile/load.js';

/** The nearest folder upwards that has a paifile. Throws USAGE when there is none. */
export async function findRoot(from: string): Promise<string> {
  for (let folder = path.resolve(from); ; folder = path.dirname(folder)) {
    if (await exists(path.join(folder, PAIFILE))) return folder;
    if (folder === path.dirname(folder)) break;
  }
  throw new PaiError('USAGE', `there is no ${PAIFILE} in ${from} or above it`, {
    next: `Change to the folder of a project, one with a ${PAIFILE}.`,
  });
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
