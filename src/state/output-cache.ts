import { lstatSync, readlinkSync, utimesSync } from 'node:fs';
import type { CachedOutput, OutputCache, PutRequest, RestoreRequest } from '../model/output-cache.js';
import { DamagedError, readEntry } from './output-cache/entries.js';
import { measure, prune } from './output-cache/evict.js';
import { eachOf, errorCode, missingIs, removeIfPossible } from './output-cache/files.js';
import { estimate, isNew, isRecorded, recordGrowth, recordHit, recordSize } from './output-cache/growth.js';
import { type Layout, layoutOf, placeOf } from './output-cache/layout.js';
import { formatManifest, isOutputPath, type Manifest } from './output-cache/manifest.js';
import { addObject, MissingError, writeWhole } from './output-cache/objects.js';
import { PlaceError, ProjectFolders } from './output-cache/project-folders.js';
import { type Destination, foldersOf, removeLeftovers, restoreOutputs } from './output-cache/restore.js';
import { formatSize } from './output-cache/size.js';

/** Of the largest size; what a prune at the end of a run leaves, so that not every run has to count. */
const LOW_WATER = 0.8;

/** Options of `openOutputCache`. */
export interface OutputCacheOptions extends Destination {
  /** Folder of the cache, absolute; made when something is kept. */
  readonly directory: string;
  /** How large the cache may be. */
  readonly maxBytes: number;
  /** Told what costs work. Once at most, and once for outputs that are not of a kind to be kept. */
  readonly warn: (text: string) => void;
}

/** Opens the cache of outputs in a folder. Touches nothing before its first use. */
export function openOutputCache(options: OutputCacheOptions): OutputCache {
  const store = new Store(options);
  return {
    restore: (request) => store.restore(request),
    put: (request) => store.put(request),
    close: () => store.close(),
  };
}

/** The outputs are not what they were a moment ago; nothing is wrong with the cache. */
class ChangedError extends Error {}

interface Seen {
  readonly output: CachedOutput;
  /** Absolute. */
  readonly place: string;
}

type Trouble = 'cache' | 'outputs';

class Store {
  readonly #options: OutputCacheOptions;
  readonly #layout: Layout;
  readonly #told = new Set<Trouble>();
  /** Bytes that this process added. */
  #added = 0;
  /** A disk that is full or read-only stays so for the rest of a run. */
  #writable: boolean;
  #tidied = false;
  /** Whether there was nothing in it before this process added something; undefined before that. */
  #new: boolean | undefined;

  constructor(options: OutputCacheOptions) {
    this.#options = options;
    this.#layout = layoutOf(options.directory);
    this.#writable = options.maxBytes > 0;
  }

  async restore(request: RestoreRequest): Promise<readonly CachedOutput[] | undefined> {
    const { fingerprint, target, signal } = request;
    signal?.throwIfAborted();
    try {
      const manifest = readEntry(this.#layout.entries, fingerprint);
      if (manifest === undefined) return undefined;
      this.#tidy();
      await restoreOutputs(this.#layout, manifest, request, this.#options);
      this.#used(fingerprint);
      return manifest.outputs;
    } catch (error) {
      if (signal?.aborted === true) throw signal.reason;
      this.#forget(fingerprint, error);
      // A prune of another process may have been at it; that is no damage.
      if (!(error instanceof MissingError)) this.#warn('cache', `can't put back what ${target} had`, error);
      return undefined;
    }
  }

  async put(request: PutRequest): Promise<void> {
    if (!this.#writable || request.outputs.length === 0) return;
    try {
      this.#new ??= isNew(this.#layout);
      await this.#put(request);
    } catch (error) {
      if (error instanceof ChangedError) return;
      if (error instanceof PlaceError || this.#isOfOutput(error)) {
        this.#warn('outputs', `outputs of ${request.target} are not kept`, error);
        return;
      }
      this.#writable = false;
      this.#warn('cache', 'nothing more is kept', error);
    }
  }

  async close(): Promise<void> {
    if (this.#added === 0) return;
    const { maxBytes } = this.#options;
    const now = Date.now();
    try {
      // All that is in it need not be counted where it is known.
      if (this.#new === true && !isRecorded(this.#layout)) await recordSize(this.#layout, this.#added, now);
      else recordGrowth(this.#layout, this.#added);
      this.#added = 0;
      const { bytes, reliable } = await estimate(this.#layout, now);
      if (bytes <= maxBytes && reliable) return;
      const { bytes: counted } = await measure(this.#layout);
      await prune(this.#layout, counted > maxBytes ? maxBytes * LOW_WATER : maxBytes, now);
    } catch (error) {
      this.#warn('cache', "can't be kept within its size", error);
    }
  }

  async #put({ target, fingerprint, run, outputs, unchanged }: PutRequest): Promise<void> {
    const seen = this.#look(outputs);
    const total = seen.reduce((sum, { output }) => sum + (output.kind === 'file' ? output.size : 0), 0);
    if (total > this.#options.maxBytes) {
      const size = formatSize(this.#options.maxBytes);
      throw new PlaceError(`they have ${formatSize(total)}, and the whole cache may have ${size}`);
    }
    const kept: CachedOutput[] = [];
    await eachOf(seen, async ({ output, place }) => {
      if (output.kind === 'link') {
        kept.push(output);
        return;
      }
      const { added, ...content } = await addObject(this.#layout, place, output.size);
      if (added) this.#added += content.size;
      kept.push({ ...output, ...content });
    });
    // Asked after they were copied: what was copied is what was seen before.
    if (unchanged?.() === false) throw new ChangedError('they changed');
    kept.sort((a, b) => (a.path < b.path ? -1 : 1));
    this.#write({ format: 1, fingerprint, target, run, outputs: kept });
  }

  #look(outputs: readonly string[]): Seen[] {
    const folders = new ProjectFolders(this.#options.root);
    const all = new Set(outputs);
    return outputs.flatMap((path): Seen[] => {
      if (!isOutputPath(path)) throw new PlaceError(`${path} is no path in the project`);
      const place = missingIs(undefined, () => folders.existing(path));
      const found = place === undefined ? undefined : lstatSync(place, { throwIfNoEntry: false });
      if (place === undefined || found === undefined) throw new ChangedError(`${path} is gone`);
      const link = foldersOf(path).find((folder) => all.has(folder));
      if (link !== undefined) {
        // The link comes back, so what it leads to has to come back in its own place.
        if (all.has(folders.realPath(path))) return [];
        throw new PlaceError(`${link} is a link to what is no output`);
      }
      if (found.isSymbolicLink()) return [{ output: { kind: 'link', path, to: readlinkSync(place) }, place }];
      if (!found.isFile()) throw new PlaceError(`${path} is neither a file nor a symbolic link`);
      return [{ output: { kind: 'file', path, mode: found.mode & 0o777, size: found.size, digest: '' }, place }];
    });
  }

  #write(manifest: Manifest): void {
    const text = formatManifest(manifest);
    writeWhole(this.#layout, placeOf(this.#layout.entries, manifest.fingerprint), text);
    this.#added += Buffer.byteLength(text);
  }

  /** Whether an output could not be read, and not the cache written. */
  #isOfOutput(error: unknown): boolean {
    const place = error instanceof Error && 'path' in error ? error.path : undefined;
    return errorCode(error) === 'EACCES' && typeof place === 'string' && !place.startsWith(this.#layout.directory);
  }

  #used(fingerprint: string): void {
    try {
      const now = new Date();
      utimesSync(placeOf(this.#layout.entries, fingerprint), now, now);
      recordHit(this.#layout);
    } catch {
      // The cache is read-only, and may be.
    }
  }

  /** Removes what is damaged, and the entry that needs it, so that it is kept anew. */
  #forget(fingerprint: string, error: unknown): void {
    if (error instanceof DamagedError) removeIfPossible(error.place);
    if (error instanceof DamagedError || error instanceof MissingError) {
      removeIfPossible(placeOf(this.#layout.entries, fingerprint));
    }
  }

  #tidy(): void {
    if (this.#tidied) return;
    this.#tidied = true;
    removeLeftovers(this.#options.staging, Date.now());
  }

  #warn(what: Trouble, happened: string, error: unknown): void {
    if (this.#told.has(what)) return;
    this.#told.add(what);
    const { directory } = this.#options;
    let hint = error instanceof DamagedError ? '; `pai cache verify` finds and removes all that is damaged' : '';
    if (what === 'outputs') hint = '; `cache: false` in its task keeps them out without a word';
    this.#options.warn(`output cache ${directory}: ${happened}: ${describe(error)}${hint}`);
  }
}

function describe(error: unknown): string {
  const code = errorCode(error);
  const message = error instanceof Error ? error.message : String(error);
  // Node's own messages start with the code.
  return code === undefined || message.startsWith(code) ? message : `${code}: ${message}`;
}
