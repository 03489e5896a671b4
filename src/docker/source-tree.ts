import { createHash } from 'node:crypto';
import { lstat, readdir, readlink, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import type { ContextFile, ImageSource } from '../model/drivers.js';
import { PaiError, toPaiError } from '../model/errors.js';
import { FileDigests } from './file-digests.js';
import { GitSources } from './git-source.js';

/** Folder of a build context in which what is copied of a source tree lies. */
const COPIED = 'copied_file';
/** Files that are read at the same time. */
const READERS = 8;

/** What source trees are read with. */
export interface SourceOptions {
  /** Folder for clones and digests, absolute: `.cache/sources`. */
  readonly folder: string;
  /** A tree that is not there is taken as one file, which says so: for simulated builds. */
  readonly simulateMissing?: boolean;
}

/** Reads the trees that images take files from. */
export class SourceTrees {
  readonly #options: SourceOptions;
  readonly #git: GitSources;

  constructor(options: SourceOptions) {
    this.#options = options;
    this.#git = new GitSources(options.folder);
  }

  /** See `ImageDriver.sourceFiles`. */
  async files(source: ImageSource, copy: readonly string[], signal: AbortSignal): Promise<readonly ContextFile[]> {
    try {
      return await this.#files(source, copy, signal);
    } catch (error) {
      if (this.#options.simulateMissing !== true || !(error instanceof PaiError)) throw error;
      return copy.map((entry) => ({
        path: path.posix.join(placeOf(entry), 'simulated'),
        mode: 0o644,
        content: 'stands for a source that is not there (simulated)\n',
      }));
    }
  }

  /** See `ImageDriver.missingSource`. Whether a repository has the revision is told when it is cloned. */
  async missing(source: ImageSource, copy: readonly string[]): Promise<PaiError | undefined> {
    if (this.#options.simulateMissing === true || source.kind === 'git') return undefined;
    return placesIn(source, source.path, copy).then(
      () => undefined,
      (thrown) => toPaiError(thrown),
    );
  }

  async #files(source: ImageSource, copy: readonly string[], signal: AbortSignal): Promise<readonly ContextFile[]> {
    const root = source.kind === 'git' ? await this.#git.checkout(source, signal) : source.path;
    const places = await placesIn(source, root, copy);
    const known = createHash('sha256').update(root).digest('hex').slice(0, 16);
    const digests = await FileDigests.open(path.join(this.#options.folder, `digests-${known}.json`));
    const found: Found[] = [];
    for (const [entry, from] of places) {
      const some = await listBelow(from, placeOf(entry), placeOf(entry) === COPIED ? '.git' : undefined);
      if (some.length === 0) throw emptyPath(source, entry);
      found.push(...some);
    }
    const files = await eachOf(found, (one) => contextFile(one, digests, signal));
    await digests.save();
    return files;
  }
}

/** Where the entries of `copy` are: entry -> absolute path. What is named may be a link to a tree; what is in it goes as it is. */
async function placesIn(source: ImageSource, root: string, copy: readonly string[]): Promise<Map<string, string>> {
  if (!(await isFolder(root))) throw missingTree(source, root);
  const places = new Map<string, string>();
  for (const entry of copy) {
    const place = await realpath(path.join(root, entry)).catch(() => undefined);
    if (place === undefined) throw missingPath(source, entry, root);
    places.set(entry, place);
  }
  return places;
}

/** A file or link of a tree, by its path in the build context and on this machine. */
interface Found {
  readonly path: string;
  readonly file: string;
}

function placeOf(entry: string): string {
  const last = path.posix.basename(path.posix.normalize(entry));
  return last === '.' ? COPIED : `${COPIED}/${last}`;
}

/** Files and links below a path, or the file that it is. Folders without files are left out. */
async function listBelow(file: string, place: string, left?: string): Promise<readonly Found[]> {
  const state = await lstat(file);
  if (!state.isDirectory()) return state.isFile() || state.isSymbolicLink() ? [{ path: place, file }] : [];
  const names = (await readdir(file)).filter((name) => name !== left).sort();
  const found: Found[] = [];
  for (const name of names) found.push(...(await listBelow(path.join(file, name), `${place}/${name}`)));
  return found;
}

async function contextFile(found: Found, digests: FileDigests, signal: AbortSignal): Promise<ContextFile> {
  signal.throwIfAborted();
  const state = await lstat(found.file);
  if (state.isSymbolicLink()) return { path: found.path, target: await readlink(found.file) };
  const sha256 = await digests.sha256(found.file, state);
  return { path: found.path, file: found.file, mode: state.mode & 0o777, bytes: state.size, sha256 };
}

/** Results in the order of what they are of; some at the same time. */
async function eachOf<From, To>(list: readonly From[], work: (one: From) => Promise<To>): Promise<readonly To[]> {
  const results = new Map<number, To>();
  const rest = list.entries();
  const worker = async () => {
    for (const [index, one] of rest) results.set(index, await work(one));
  };
  await Promise.all(Array.from({ length: READERS }, worker));
  return list.map((_, index) => results.get(index) as To);
}

function isFolder(place: string): Promise<boolean> {
  return stat(place).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

function nameOf(source: ImageSource): string {
  return source.kind === 'git' ? `${source.url} at ${source.revision}` : source.shown;
}

function missingTree(source: ImageSource, root: string): PaiError {
  return new PaiError('IMAGE_SOURCE', `there is no folder ${nameOf(source)} to take files from`, {
    where: source.where,
    next: `Put the tree at ${root}, or name it at ${source.where}: path, or git and revision.`,
  });
}

function missingPath(source: ImageSource, entry: string, root: string): PaiError {
  return new PaiError('IMAGE_SOURCE', `${nameOf(source)} has no ${entry}`, {
    where: source.where,
    next: `Correct copy below ${source.where}, or the source there${source.kind === 'folder' ? ` (${root})` : ''}.`,
  });
}

function emptyPath(source: ImageSource, entry: string): PaiError {
  return new PaiError('IMAGE_SOURCE', `${entry} of ${nameOf(source)} has no file`, {
    where: source.where,
    next: 'Fill it; submodules of a repository are not fetched.',
  });
}
