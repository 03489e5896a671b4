import { access, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { PaiError } from '../../model/errors.js';
import { loadCluster } from '../load.js';
import type { Cluster } from '../model.js';
import type { Problem } from '../problems.js';
import { type ConfigurationTexts, configurationTexts, type Wishes } from './configuration-texts.js';

/** Where a configuration is written, and how. */
export interface WriteOptions {
  /** The folder, absolute. */
  readonly folder: string;
  readonly serviceListFile: string;
  /** Replace files that are there. */
  readonly force: boolean;
  readonly warn?: (warnings: readonly Problem[]) => void;
}

/** What was written. */
export interface Written extends Pick<ConfigurationTexts, 'placeholders'> {
  readonly cluster: Cluster;
}

/**
 * Writes the four files, each readable only by its owner, once they are valid together. Throws USAGE when one of them is there already, and
 * CONFIG_INVALID; then nothing was written.
 */
export async function writeConfiguration(wishes: Wishes, options: WriteOptions): Promise<Written> {
  const { folder, serviceListFile, force, warn } = options;
  const { texts, placeholders } = await configurationTexts(wishes, folder);
  if (!force) await refuseOverwriting(folder, [...texts.keys()]);
  const made = await mkdir(folder, { recursive: true, mode: 0o700 });
  // Within it, so that relative paths can be told and files are moved, not copied.
  const fresh = await mkdtemp(path.join(folder, '.new-'));
  try {
    for (const [name, text] of texts) await writeFile(path.join(fresh, name), text, { mode: 0o600 });
    const cluster = await loadCluster({ configurationDirectory: fresh, serviceListFile, ...(warn && { warn }) });
    for (const name of texts.keys()) await rename(path.join(fresh, name), path.join(folder, name));
    return { placeholders, cluster };
  } catch (error) {
    await rm(made ?? fresh, { recursive: true, force: true });
    throw error instanceof PaiError ? asIn(folder, fresh, error) : error;
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

/** An error about files that were to be. */
function asIn(folder: string, fresh: string, error: PaiError): PaiError {
  const details = error.details.map((line) => line.replaceAll(fresh, folder));
  return new PaiError(error.code, `${error.message}, so nothing was written`, {
    details,
    next: 'Correct what it was to be made of.',
    cause: error,
  });
}

/** Throws USAGE when a file is there. */
export async function refuseOverwriting(folder: string, names: readonly string[]): Promise<void> {
  const there: string[] = [];
  for (const name of names) {
    await access(path.join(folder, name)).then(
      () => there.push(name),
      () => undefined,
    );
  }
  if (there.length === 0) return;
  throw new PaiError('USAGE', `${folder} has ${there.join(', ')} already; nothing was written`, {
    where: folder,
    next: 'Give another folder, or replace them with --force.',
  });
}
