import { chmod, copyFile, mkdir, mkdtemp, readdir, rename, rm, stat, symlink } from 'node:fs/promises';
import path from 'node:path';
import type { CachedOutput, RestoreRequest } from '../../model/output-cache.js';
import { contentOf, eachOf, errorCode, removeIfPossible, unlessMissing } from './files.js';
import { freshPath, type Layout } from './layout.js';
import { isOutputPath, type Manifest } from './manifest.js';
import { copyObject } from './objects.js';
import { PlaceError, ProjectFolders, removeEmptyFolder } from './project-folders.js';

const DAY = 86_400_000;

/** Where outputs go. */
export interface Destination {
  /** The project's folder, absolute. */
  readonly root: string;
  /** A folder for what is not whole yet, absolute; on the project's file system where that is possible. */
  readonly staging: string;
}

/**
 * Puts the outputs of a manifest back. First all of them are copied to a staging folder and verified; nothing of the project has
 * changed until then. Then what does not belong to them is removed, and each is renamed into place.
 * Rejects with MissingError, DamagedError, PlaceError, the system's error, or the signal's reason.
 */
export async function restoreOutputs(
  layout: Layout,
  manifest: Manifest,
  request: RestoreRequest,
  destination: Destination,
): Promise<void> {
  const undeclared = manifest.outputs.find((output) => !request.declares(output.path));
  if (undeclared !== undefined) throw new PlaceError(`${undeclared.path} is no output of ${request.target}`);
  await mkdir(destination.staging, { recursive: true, mode: 0o700 });
  const folder = await mkdtemp(path.join(destination.staging, 'restore-'));
  try {
    const staged = await stage(layout, manifest, folder, request.signal);
    await replace(staged, request, destination.root);
  } finally {
    await removeIfPossible(folder);
  }
}

/** Removes what runs that were killed left in a staging folder. */
export async function removeLeftovers(staging: string, now: number): Promise<void> {
  for (const name of (await unlessMissing(readdir(staging))) ?? []) {
    const place = path.join(staging, name);
    const found = await unlessMissing(stat(place));
    if (name.startsWith('restore-') && found !== undefined && now - found.mtimeMs > DAY) await removeIfPossible(place);
  }
}

interface Staged {
  readonly output: CachedOutput;
  readonly place: string;
}

async function stage(
  layout: Layout,
  manifest: Manifest,
  folder: string,
  signal: AbortSignal | undefined,
): Promise<readonly Staged[]> {
  const staged = manifest.outputs.map((output, index) => ({ output, place: path.join(folder, String(index)) }));
  await eachOf(staged, async ({ output, place }) => {
    signal?.throwIfAborted();
    if (output.kind === 'link') {
      await symlink(output.to, place);
    } else {
      await copyObject(layout, output, place);
      await chmod(place, output.mode);
    }
  });
  return staged;
}

async function replace(staged: readonly Staged[], request: RestoreRequest, root: string): Promise<void> {
  const kept = new Set(staged.map(({ output }) => output.path));
  const folders = new ProjectFolders(root);
  for (const extra of request.existing) {
    if (kept.has(extra) || !isOutputPath(extra)) continue;
    request.signal?.throwIfAborted();
    const place = await unlessMissing(folders.existing(extra));
    if (place !== undefined) await rm(place, { force: true });
  }
  // What was a folder, or a link to one, may be gone now.
  const now = new ProjectFolders(root);
  for (const { output, place } of staged) {
    request.signal?.throwIfAborted();
    await move(place, await now.made(output.path), output);
  }
}

async function move(whole: string, place: string, output: CachedOutput, across = moveAcross): Promise<void> {
  try {
    await rename(whole, place);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'EXDEV') return across(whole, place, output);
    if (code !== 'EISDIR') throw error;
    await removeEmptyFolder(place, output.path);
    await move(whole, place, output, across);
  }
}

/** A folder of the project may be another file system; then the file is made whole beside its place. */
async function moveAcross(staged: string, place: string, output: CachedOutput): Promise<void> {
  const beside = path.join(path.dirname(place), `.pai-${path.basename(freshPath(''))}`);
  try {
    if (output.kind === 'link') {
      await symlink(output.to, beside);
    } else {
      await copyFile(staged, beside);
      const { digest } = await contentOf(beside);
      if (digest !== output.digest) throw new PlaceError(`${output.path} can't be written as it is`);
      await chmod(beside, output.mode);
    }
    await move(beside, place, output, () => rename(beside, place));
  } catch (error) {
    await removeIfPossible(beside);
    throw error;
  }
}
