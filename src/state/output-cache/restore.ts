import { chmodSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import path from 'node:path';
import type { CachedOutput, RestoreRequest } from '../../model/output-cache.js';
import { contentOf, eachOf, errorCode, missingIs, removeIfPossible } from './files.js';
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
  mkdirSync(destination.staging, { recursive: true, mode: 0o700 });
  const folder = mkdtempSync(path.join(destination.staging, 'restore-'));
  try {
    const staged = await stage(layout, manifest, folder, request.signal);
    removeExtras(manifest, request, destination.root);
    const folders = new ProjectFolders(destination.root);
    for (const { output, place } of staged) {
      request.signal?.throwIfAborted();
      await move(place, folders.made(output.path), output);
    }
  } finally {
    removeIfPossible(folder);
  }
}

/** Removes what runs that were killed left in a staging folder. */
export function removeLeftovers(staging: string, now: number): void {
  for (const name of missingIs([], () => readdirSync(staging))) {
    const place = path.join(staging, name);
    const found = statSync(place, { throwIfNoEntry: false });
    if (name.startsWith('restore-') && found !== undefined && now - found.mtimeMs > DAY) removeIfPossible(place);
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
      symlinkSync(output.to, place);
    } else {
      await copyObject(layout, output, place);
      chmodSync(place, output.mode);
    }
  });
  return staged;
}

/** What was matched through a link is removed with the link; what the link leads to may be anything, so it stays. */
function removeExtras(manifest: Manifest, { existing, signal }: RestoreRequest, root: string): void {
  const kept = new Set(manifest.outputs.map((output) => output.path));
  const there = new Set(existing);
  const folders = new ProjectFolders(root);
  for (const extra of existing) {
    if (kept.has(extra) || !isOutputPath(extra) || foldersOf(extra).some((folder) => there.has(folder))) continue;
    signal?.throwIfAborted();
    missingIs(undefined, () => rmSync(folders.existing(extra), { force: true }));
  }
}

/** `a/b/c` is in `a/b` and `a`. */
export function foldersOf(output: string): string[] {
  const folders: string[] = [];
  for (let end = output.lastIndexOf('/'); end > 0; end = output.lastIndexOf('/', end - 1))
    folders.push(output.slice(0, end));
  return folders;
}

async function move(whole: string, place: string, output: CachedOutput, across = moveAcross): Promise<void> {
  try {
    renameSync(whole, place);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'EXDEV') return across(whole, place, output);
    if (code !== 'EISDIR') throw error;
    removeEmptyFolder(place, output.path);
    await move(whole, place, output, across);
  }
}

/** A folder of the project may be another file system; then the file is made whole beside its place. */
async function moveAcross(staged: string, place: string, output: CachedOutput): Promise<void> {
  const beside = path.join(path.dirname(place), `.pai-${path.basename(freshPath(''))}`);
  try {
    if (output.kind === 'link') {
      symlinkSync(output.to, beside);
    } else {
      await copyFile(staged, beside);
      const { digest } = await contentOf(beside);
      if (digest !== output.digest) throw new PlaceError(`${output.path} can't be written as it is`);
      chmodSync(beside, output.mode);
    }
    await move(beside, place, output, async () => renameSync(beside, place));
  } catch (error) {
    removeIfPossible(beside);
    throw error;
  }
}
