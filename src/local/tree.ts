import { lstatSync, readdirSync, readlinkSync, realpathSync, type Stats, statSync } from 'node:fs';
import { guardedSync } from './file-errors.js';

const QUIET = { throwIfNoEntry: false } as const;

/** What a folder has. A link is also what it leads to. */
export interface Entry {
  readonly name: string;
  readonly link: boolean;
  /** It can be gone into. */
  readonly folder: boolean;
  /** A regular file, or a link whatever it leads to. */
  readonly file: boolean;
}

/** Where patterns were looked for. */
export interface Walked {
  /** That were listed. */
  readonly folders: Iterable<string>;
  /** What was at paths, a link not followed; undefined for nothing. */
  readonly seen: ReadonlyMap<string, Stats | undefined>;
  /** Links in folders that were listed, with what they lead to; undefined for nothing. */
  readonly links: ReadonlyMap<string, Stats | undefined>;
}

/**
 * The project's files, looked at synchronously: one look costs a third of what it costs through a promise, and a run with
 * nothing to do consists of them. Listings are remembered until `forget`.
 */
export class Tree {
  readonly root: string;
  readonly #prefix: string;
  #realRoot: string | undefined;
  #listings = new Map<string, readonly Entry[]>();
  #seen = new Map<string, Stats | undefined>();
  #links = new Map<string, Stats | undefined>();

  constructor(root: string) {
    this.root = root;
    // The kernel is quicker with a short path.
    this.#prefix = process.cwd() === root ? '' : `${root}/`;
  }

  /** The path to give to the system. */
  place(path: string): string {
    return path.startsWith('/') ? path : `${this.#prefix}${path}`;
  }

  /** What is at a path, a link not followed; undefined when nothing is. */
  lstat(path: string): Stats | undefined {
    try {
      return lstatSync(this.place(path), QUIET);
    } catch (error) {
      return this.#refused(path, error);
    }
  }

  /** The same, remembered: for files that many patterns match. */
  lstatOnce(path: string): Stats | undefined {
    const seen = this.#seen.get(path);
    if (seen !== undefined) return seen;
    const stats = this.lstat(path);
    this.#seen.set(path, stats);
    return stats;
  }

  /** What a path leads to; undefined when nothing is there. */
  stat(path: string): Stats | undefined {
    try {
      return statSync(this.place(path), QUIET);
    } catch (error) {
      return this.#refused(path, error);
    }
  }

  readlink(path: string): string {
    return guardedSync(path, 'read', () => readlinkSync(this.place(path)));
  }

  realpath(path: string): string {
    return guardedSync(path, 'read', () => realpathSync.native(this.place(path === '' ? '.' : path)));
  }

  /** Where the project's root is once links are followed. */
  get realRoot(): string {
    this.#realRoot ??= this.realpath('');
    return this.#realRoot;
  }

  /** What a folder has, by name; empty when there is no such folder. `''` is the root. Throws LOCAL_FILE. */
  list(folder: string): readonly Entry[] {
    const known = this.#listings.get(folder);
    if (known !== undefined) return known;
    const entries = this.#read(folder);
    this.#listings.set(folder, entries);
    return entries;
  }

  /** Where patterns were looked for since `forget`. */
  get walked(): Walked {
    return { folders: this.#listings.keys(), seen: this.#seen, links: this.#links };
  }

  /** Forgets all listings: something may have changed. */
  forget(): void {
    this.#listings = new Map();
    this.#seen = new Map();
    this.#links = new Map();
  }

  #read(folder: string): readonly Entry[] {
    return guardedSync(folder === '' ? '.' : folder, 'read', () => {
      try {
        const found = readdirSync(this.place(folder === '' ? '.' : folder), { withFileTypes: true });
        return found.map((entry) => {
          const link = entry.isSymbolicLink();
          const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
          if (!link) return { name: entry.name, link, folder: entry.isDirectory(), file: entry.isFile() };
          const target = this.stat(path);
          this.#links.set(path, target);
          return { name: entry.name, link, folder: target?.isDirectory() === true, file: true };
        });
      } catch (error) {
        if (isCode(error, 'ENOENT') || isCode(error, 'ENOTDIR')) return [];
        throw error;
      }
    });
  }

  #refused(path: string, error: unknown): undefined {
    // A folder on the way is a file, or links go round in a circle: nothing can be there.
    if (isCode(error, 'ENOTDIR') || isCode(error, 'ELOOP')) return undefined;
    return guardedSync(path, 'read', () => {
      throw error;
    });
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
