import {
  closeSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import type { FingerprintPart } from '../model/target.js';
import { neverShown, type PartText, partText } from './part-text.js';
import { decodeRecord, encodeRecord, indexRecords } from './text-records.js';

/** Bounds of what is kept. */
export interface TextLimits {
  /** Size of the file above which its older half is dropped, in bytes. */
  readonly fileSize: number;
  /** Bytes and texts that one run adds at most: a first run of a large project must not be slowed down by its size. */
  readonly addedSize: number;
  readonly addedTexts: number;
}

const LIMITS: TextLimits = { fileSize: 32 * 1024 * 1024, addedSize: 4 * 1024 * 1024, addedTexts: 1024 };
const FLUSH_SIZE = 256 * 1024;

/** Texts of what was last applied, in the local cache. For people who ask what changed; never decides anything. */
export interface PartTexts {
  /**
   * Keeps what can be shown of the parts of a fingerprint that was applied. Does not throw: what can't be kept is not.
   * @param digests digest of each part by its name
   */
  readonly keep: (parts: readonly FingerprintPart[], digests: Readonly<Record<string, string>>) => void;
  /** Writes what is not yet written. */
  close(): void;
}

/** Where texts are kept. May be deleted at any time: then only digests can be told. */
export function textsFile(cacheDirectory: string): string {
  return path.join(cacheDirectory, 'part-texts');
}

/** The kept texts of parts by their digests; those that are not there or damaged are left out. Does not throw. */
export function findTexts(cacheDirectory: string, digests: Iterable<string>): ReadonlyMap<string, PartText> {
  const found = new Map<string, PartText>();
  try {
    const file = readFileSync(textsFile(cacheDirectory));
    const places = indexRecords(file);
    for (const digest of digests) {
      const place = places.get(digest);
      const text = place && decodeRecord(file, place);
      if (text !== undefined) found.set(digest, text);
    }
  } catch {
    // No file, or one that can't be read: the same as one that has none of them.
  }
  return found;
}

/** Opens the file at the first text that is kept: a run that applies nothing does not touch it. */
export function createPartTexts(cacheDirectory: string, limits: TextLimits = LIMITS): PartTexts {
  return new TextsWriter(textsFile(cacheDirectory), limits);
}

class TextsWriter implements PartTexts {
  readonly #path: string;
  readonly #limits: TextLimits;
  #descriptor: number | undefined;
  #known: Set<string> | undefined;
  #waiting: Buffer[] = [];
  #waitingSize = 0;
  #addedSize = 0;
  #addedTexts = 0;
  #broken = false;

  constructor(file: string, limits: TextLimits) {
    this.#path = file;
    this.#limits = limits;
  }

  readonly keep: PartTexts['keep'] = (parts, digests) => {
    for (const part of parts) {
      const digest = digests[part.name];
      if (digest !== undefined && !this.#full()) this.#guarded(() => this.#keepOne(part, digest));
    }
  };

  close(): void {
    this.#guarded(() => this.#flush());
    this.#guarded(() => this.#dropOld());
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
    this.#broken = true;
  }

  #keepOne(part: FingerprintPart, digest: string): void {
    if (neverShown(part) !== undefined) return;
    const known = this.#open();
    if (known.has(digest)) return;
    known.add(digest);
    const text = partText(part);
    // A file that is read in vain costs as much as one that is kept.
    this.#addedTexts++;
    if (typeof text === 'string') return;
    const record = encodeRecord(digest, text);
    this.#waiting.push(record);
    this.#waitingSize += record.length;
    this.#addedSize += record.length;
    if (this.#waitingSize > FLUSH_SIZE) this.#flush();
  }

  #open(): Set<string> {
    if (this.#known !== undefined) return this.#known;
    mkdirSync(path.dirname(this.#path), { recursive: true });
    // A folder in its place belongs to nobody.
    if (statSync(this.#path, { throwIfNoEntry: false })?.isDirectory() === true)
      rmSync(this.#path, { recursive: true });
    this.#descriptor = openSync(this.#path, 'a+', 0o600);
    const file = readFileSync(this.#descriptor);
    const places = indexRecords(file);
    const end = [...places.values()].at(-1)?.end ?? 0;
    // What a crash left behind the last record could be taken for the beginning of the next one.
    if (end < file.length) ftruncateSync(this.#descriptor, end);
    this.#known = new Set(places.keys());
    return this.#known;
  }

  #flush(): void {
    if (this.#descriptor === undefined || this.#waiting.length === 0) return;
    const records = Buffer.concat(this.#waiting);
    this.#waiting = [];
    this.#waitingSize = 0;
    for (let written = 0; written < records.length; ) {
      written += writeSync(this.#descriptor, records, written);
    }
  }

  /** Keeps the newest texts, up to half of what the file may hold. */
  #dropOld(): void {
    if (this.#descriptor === undefined || fstatSync(this.#descriptor).size <= this.#limits.fileSize) return;
    const file = readFileSync(this.#path);
    const newest = [...indexRecords(file).values()].reverse();
    const kept: Buffer[] = [];
    let size = 0;
    for (const { start, end } of newest) {
      size += end - start;
      if (size > this.#limits.fileSize / 2) break;
      kept.push(file.subarray(start, end));
    }
    const temporary = `${this.#path}.new`;
    try {
      const descriptor = openSync(temporary, 'w', 0o600);
      try {
        for (const record of kept.reverse()) writeSync(descriptor, record);
      } finally {
        closeSync(descriptor);
      }
      renameSync(temporary, this.#path);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
  }

  #full(): boolean {
    const { addedSize, addedTexts } = this.#limits;
    return this.#broken || this.#addedSize >= addedSize || this.#addedTexts >= addedTexts;
  }

  /** A disk that is full or read-only costs the texts, not the run. */
  #guarded(work: () => void): void {
    if (this.#broken) return;
    try {
      work();
    } catch {
      this.#broken = true;
    }
  }
}
