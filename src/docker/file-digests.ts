import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';

/** What tells that a file is as it was, without reading it. */
export interface FileState {
  readonly size: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
  readonly ino: number;
}

interface Known extends FileState {
  readonly sha256: string;
}

/** A file that was written to this short before it was read may be written to again without a later date. */
const SETTLED_MILLISECONDS = 2000;

/** Digests of the files of a source tree, remembered in `.cache` as long as the files are as they were. */
export class FileDigests {
  readonly #file: string;
  readonly #known: ReadonlyMap<string, Known>;
  readonly #seen = new Map<string, Known>();
  #changed = false;

  private constructor(file: string, known: ReadonlyMap<string, Known>) {
    this.#file = file;
    this.#known = known;
  }

  /** @param file where they are kept; none there, or a damaged one, is an empty one */
  static async open(file: string): Promise<FileDigests> {
    try {
      const entries = JSON.parse(await readFile(file, 'utf8')) as Record<string, Known>;
      return new FileDigests(file, new Map(Object.entries(entries)));
    } catch {
      return new FileDigests(file, new Map());
    }
  }

  /** Hex SHA-256 of a file's content. */
  async sha256(file: string, state: FileState): Promise<string> {
    const known = this.#known.get(file);
    if (known !== undefined && same(known, state)) {
      this.#seen.set(file, known);
      return known.sha256;
    }
    const begun = Date.now();
    const hash = createHash('sha256');
    await pipeline(createReadStream(file), hash);
    const sha256 = hash.digest('hex');
    const { size, mtimeMs, ctimeMs, ino } = state;
    if (Math.max(mtimeMs, ctimeMs) + SETTLED_MILLISECONDS < begun) {
      this.#seen.set(file, { size, mtimeMs, ctimeMs, ino, sha256 });
      this.#changed = true;
    }
    return sha256;
  }

  /** Keeps what was asked for since it was opened. It only speeds things up: what can't be written is let go. */
  async save(): Promise<void> {
    if (!this.#changed) return;
    const temporary = `${this.#file}.${process.pid}`;
    try {
      await mkdir(path.dirname(this.#file), { recursive: true });
      await writeFile(temporary, JSON.stringify(Object.fromEntries([...this.#known, ...this.#seen])), { mode: 0o600 });
      await rename(temporary, this.#file);
    } catch {
      // The next run reads the files again.
    }
  }
}

function same(a: FileState, b: FileState): boolean {
  return a.size === b.size && a.mtimeMs === b.mtimeMs && a.ctimeMs === b.ctimeMs && a.ino === b.ino;
}
