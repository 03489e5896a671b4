import { lstat, mkdir, readlink, utimes, writeFile } from 'node:fs/promises';
import type { CachedOutput, OutputCache, PutRequest, RestoreRequest } from '../model/output-cache.js';
import { DamagedError, readEntry } from './output-cache/entries.js';
import { prune } from './output-cache/evict.js';
import { eachOf, errorCode, removeIfPossible, unlessMissing } from './output-cache/files.js';
import { estimate, recordGrowth, recordHit } from './output-cache/growth.js';
import { freshPath, type Layout, layoutOf, placeOf } from './output-cache/layout.js';
import { formatManifest, isOutputPath, type Manifest } from './output-cache/manifest.js';
import { addObject, hasObject, MissingError, moveTo } from './output-cache/objects.js';
import { PlaceError, ProjectFolders } from './output-cache/project-folders.js';
import { type Destination, removeLeftovers, restoreOutputs } from './output-cache/restore.js';
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

  constructor(options: OutputCacheOptions) {
    this.#options = options;
    this.#layout = layoutOf(options.directory);
    this.#writable = options.maxBytes > 0;
  }

  async restore(request: RestoreRequest): Promise<readonly CachedOutput[] | undefined> {
    const { fingerprint, target, signal } = request;
    signal?.throwIfAborted();
    try {
      const manifest = await readEntry(this.#layout.entries, fingerprint);
      if (manifest === undefined) return undefined;
      await this.#tidy();
      await restoreOutputs(this.#layout, manifest, request, this.#options);
      await this.#used(fingerprint);
      return manifest.outputs;
    } catch (error) {
      if (signal?.aborted === true) throw signal.reason;
      await this.#forget(fingerprint, error);
      // A prune of another process may have been at it; that is no damage.
      if (!(error instanceof MissingError)) this.#warn('cache', `can't put back what ${target} had`, error);
      return undefined;
    }
  }

  async put(request: PutRequest): Promise<void> {
    if (!this.#writable || request.outputs.length === 0) return;
    try {
      await this.#put(request);
    } catch (error) {
      if (error instanceof ChangedError) return;
      if (error instanceof PlaceError) return this.#warn('outputs', `outputs of ${request.target} are not kept`, error);
      this.#writable = false;
      this.#warn('cache', 'nothing more is kept', error);
    }
  }

  async close(): Promise<void> {
    if (this.#added === 0) return;
    const { maxBytes } = this.#options;
    const now = Date.now();
    try {
      await recordGrowth(this.#layout, this.#added);
      this.#added = 0;
      const { bytes, reliable } = await estimate(this.#layout, now);
      if (bytes <= maxBytes && reliable) return;
      await prune(this.#layout, bytes > maxBytes ? maxBytes * LOW_WATER : maxBytes, now);
    } catch (error) {
      this.#warn('cache', "can't be kept within its size", error);
    }
  }

  async #put({ target, fingerprint, run, outputs }: PutRequest): Promise<void> {
    for (const folder of [this.#layout.fresh, this.#layout.objects, this.#layout.entries]) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
    }
    const folders = new ProjectFolders(this.#options.root);
    const kept: CachedOutput[] = [];
    let total = 0;
    await eachOf(outputs, async (output) => {
      const { path } = output;
      if (!isOutputPath(path)) throw new PlaceError(`${path} is no path in the project`);
      const place = await folders.existing(path);
      const found = await unlessMissing(lstat(place));
      if (found === undefined) throw new ChangedError(`${path} is gone`);
      if (found.isSymbolicLink()) {
        kept.push({ kind: 'link', path, to: await readlink(place) });
        return;
      }
      if (!found.isFile()) throw new PlaceError(`${path} is neither a file nor a symbolic link`);
      total += found.size;
      if (total > this.#options.maxBytes) {
        throw new PlaceError(`they have more than ${formatSize(this.#options.maxBytes)}, the size of the whole cache`);
      }
      const content = await this.#keep(place, found.size, output.digest);
      kept.push({ kind: 'file', path, mode: found.mode & 0o777, ...content });
    });
    kept.sort((a, b) => (a.path < b.path ? -1 : 1));
    const manifest: Manifest = { format: 1, fingerprint, target, run, outputs: kept };
    const text = formatManifest(manifest);
    const fresh = freshPath(this.#layout.fresh);
    try {
      await writeFile(fresh, text, { mode: 0o600, flag: 'wx' });
      await moveTo(fresh, placeOf(this.#layout.entries, fingerprint));
    } catch (error) {
      await removeIfPossible(fresh);
      throw error;
    }
    this.#added += Buffer.byteLength(text);
  }

  async #keep(place: string, size: number, digest: string | undefined): Promise<{ digest: string; size: number }> {
    if (digest !== undefined && (await hasObject(this.#layout, { digest, size }))) return { digest, size };
    const { added, ...content } = await addObject(this.#layout, place);
    if (added) this.#added += content.size;
    if (digest !== undefined && content.digest !== digest) throw new ChangedError(`${place} changed`);
    return content;
  }

  async #used(fingerprint: string): Promise<void> {
    const now = new Date();
    await utimes(placeOf(this.#layout.entries, fingerprint), now, now).catch(() => undefined);
    await recordHit(this.#layout);
  }

  /** Removes what is damaged, and the entry that needs it, so that it is kept anew. */
  async #forget(fingerprint: string, error: unknown): Promise<void> {
    if (error instanceof DamagedError) await removeIfPossible(error.place);
    if (error instanceof DamagedError || error instanceof MissingError) {
      await removeIfPossible(placeOf(this.#layout.entries, fingerprint));
    }
  }

  async #tidy(): Promise<void> {
    if (this.#tidied) return;
    this.#tidied = true;
    await removeLeftovers(this.#options.staging, Date.now()).catch(() => undefined);
  }

  #warn(what: Trouble, happened: string, error: unknown): void {
    if (this.#told.has(what)) return;
    this.#told.add(what);
    const { directory } = this.#options;
    const hint = error instanceof DamagedError ? '; `pai cache verify` finds and removes all that is damaged' : '';
    this.#options.warn(`output cache ${directory}: ${happened}: ${describe(error)}${hint}`);
  }
}

function describe(error: unknown): string {
  const code = errorCode(error);
  const message = error instanceof Error ? error.message : String(error);
  // Node's own messages start with the code.
  return code === undefined || message.startsWith(code) ? message : `${code}: ${message}`;
}
