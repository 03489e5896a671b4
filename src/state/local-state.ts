import { closeSync, fdatasyncSync, ftruncateSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { errorCode, guarded } from '../local/file-errors.js';
import type { FileTable } from '../local/file-table.js';
import type { Known, LocalState, TargetRecord } from '../local/records.js';
import {
  checkRecord,
  DecodedRecord,
  encodeFileHeader,
  encodeLength,
  encodeMark,
  encodeRecord,
  FILE_HEADER,
  isLongEnough,
  isStateFile,
  isTorn,
  KIND,
  LENGTH_PART,
  RECORD_HEADER,
  RECORD_MAGIC,
  replaceRows,
  targetOfRecord,
} from './record-format.js';
import { renameOver } from './rename-over.js';
import { readWhole, removeQuietly } from './whole-file.js';

/** A file below this size is never written anew only to be shorter. */
const SMALL = 256 * 1024;

/** The same memory in several ways; records of the file share one, each that was added has its own. */
interface Views {
  readonly bytes: Buffer;
  readonly words: Uint32Array;
  readonly rows: Float64Array;
}

/** Where a record lies. */
class Place {
  readonly views: Views;
  readonly offset: number;
  #known: Known | undefined;

  constructor(views: Views, offset: number) {
    this.views = views;
    this.offset = offset;
  }

  get length(): number {
    return this.views.words[this.offset / 4 + 1] ?? 0;
  }

  get kind(): number {
    return this.views.words[this.offset / 4 + 3] ?? 0;
  }

  get known(): Known {
    const { bytes, words, rows } = this.views;
    this.#known ??=
      this.kind === KIND.done
        ? { kind: 'done', record: new DecodedRecord(bytes, words, rows, this.offset) }
        : { kind: 'begun' };
    return this.#known;
  }
}

/**
 * Records of local targets in one file, `<cacheDirectory>/local-state`. It is read whole at the first question, and added to;
 * the last record of a target counts. Each has a checksum: one that is damaged takes all before it along (it may have
 * been what made them void), and a torn end is no record. Where a stamp is taken back, the header says from then on how far the
 * file reaches, so that a file that was cut before that has no record that counts. Only one run at a time may write.
 */
export function createLocalState(cacheDirectory: string): LocalState {
  return new StateFile(cacheDirectory);
}

class StateFile implements LocalState {
  readonly file: string;
  readonly #directory: string;
  #places: Map<string, Place> | undefined;
  /** Targets whose stamp a crash would find again. */
  readonly #stamped = new Set<string>();
  readonly #waiting = new Map<string, Uint8Array>();
  #size = 0;
  #live = 0;
  /** The file can't be added to: it is damaged, of another format, or not there. */
  #anew = false;
  #descriptor: number | undefined;
  #syncing: Promise<void> | undefined;
  #owners: Map<string, string> | undefined;

  constructor(cacheDirectory: string) {
    this.#directory = cacheDirectory;
    this.file = path.join(cacheDirectory, 'local-state');
  }

  get(target: string): Known | undefined {
    return this.#read().get(target)?.known;
  }

  async begin(target: string): Promise<void> {
    await this.#mark('begun', target);
  }

  async remove(target: string): Promise<void> {
    if (this.#read().has(target)) await this.#mark('gone', target);
    this.#places?.delete(target);
  }

  put(record: TargetRecord): string | undefined {
    const bytes = encodeRecord(record);
    this.#waiting.delete(record.stamp.target);
    this.#keep(record.stamp.target, bytes);
    const problem = this.#append(bytes);
    if (problem === undefined) this.#stamped.add(record.stamp.target);
    return problem;
  }

  refresh(record: TargetRecord): void {
    const bytes = encodeRecord(record);
    this.#waiting.set(record.stamp.target, bytes);
    this.#keep(record.stamp.target, bytes);
  }

  refreshRows(target: string, inputs: FileTable, outputs: FileTable): void {
    const place = this.#read().get(target);
    if (place?.kind !== KIND.done) return;
    const { views, offset, length } = place;
    const bytes = replaceRows(views.bytes.subarray(offset, offset + length), { inputs, outputs });
    this.#waiting.set(target, bytes);
    this.#read().set(target, new Place(viewsOf(bytes), 0));
  }

  owners(): ReadonlyMap<string, string> {
    if (this.#owners !== undefined) return this.#owners;
    const owners = new Map<string, string>();
    for (const [target, place] of this.#read()) for (const output of outputsOf(place)) owners.set(output, target);
    this.#owners = owners;
    return owners;
  }

  async close(): Promise<string | undefined> {
    let problem: string | undefined;
    if (this.#waiting.size > 0) problem = this.#append(Buffer.concat([...this.#waiting.values()]));
    this.#waiting.clear();
    const wasted = this.#size - this.#live;
    if (problem === undefined && this.#descriptor !== undefined && this.#size > SMALL && wasted > this.#size / 2) {
      problem = this.#rewrite();
    }
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
    return problem;
  }

  /** Takes a target's stamp away, for good before this resolves. */
  async #mark(kind: 'begun' | 'gone', target: string): Promise<void> {
    const bytes = encodeMark(kind, target);
    this.#waiting.delete(target);
    const stamped = this.#read().get(target)?.kind === KIND.done || this.#stamped.has(target);
    this.#keep(target, bytes);
    const problem = this.#append(bytes);
    if (!stamped) return;
    // Until it is gone for good: a second try must not take it for gone because the first one failed.
    this.#stamped.add(target);
    await guarded(this.file, 'write', async () => {
      if (problem !== undefined) throw Object.assign(new Error(problem), { code: problem });
      await this.#sync();
    });
    this.#stamped.delete(target);
  }

  /** Those who wait at the same time share one sync. */
  async #sync(): Promise<void> {
    this.#syncing ??= new Promise((resolve) => setImmediate(resolve)).then(async () => {
      this.#syncing = undefined;
      const handle = await open(this.file, 'r+');
      try {
        // At once, so that the header of a later sync is written later.
        writeWhole(handle.fd, encodeLength(this.#size), LENGTH_PART);
        await handle.datasync();
      } finally {
        await handle.close();
      }
    });
    await this.#syncing;
  }

  #keep(target: string, bytes: Uint8Array): void {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const places = this.#read();
    const before = places.get(target);
    const after = new Place(viewsOf(buffer), 0);
    this.#live += after.length - (before?.length ?? 0);
    places.set(target, after);
    if (this.#owners === undefined) return;
    for (const output of outputsOf(before)) if (this.#owners.get(output) === target) this.#owners.delete(output);
    for (const output of outputsOf(after)) this.#owners.set(output, target);
  }

  #read(): Map<string, Place> {
    if (this.#places !== undefined) return this.#places;
    const bytes = readWhole(this.file);
    const places = new Map<string, Place>();
    this.#places = places;
    this.#size = bytes?.length ?? 0;
    this.#live = FILE_HEADER;
    if (bytes === undefined || !isStateFile(bytes)) this.#anew = true;
    else this.#anew = !collect(bytes, places);
    for (const [target, place] of places) {
      this.#live += place.length;
      if (place.kind === KIND.gone) places.delete(target);
    }
    return places;
  }

  /** Adds to the file. Returns the code of what went wrong; then the file is as it was. */
  #append(bytes: Uint8Array): string | undefined {
    this.#read();
    if (this.#anew) return this.#rewrite();
    try {
      this.#descriptor ??= openSync(this.file, 'a', 0o600);
      try {
        writeWhole(this.#descriptor, bytes);
      } catch (error) {
        // What was written of it would keep records behind it from being found.
        this.#anew = true;
        ftruncateSync(this.#descriptor, this.#size);
        this.#anew = false;
        throw error;
      }
      this.#size += bytes.byteLength;
      return undefined;
    } catch (error) {
      return errorCode(error) ?? String(error);
    }
  }

  /** Writes the file anew with the records that count. Whoever reads meanwhile sees the old one or the new one whole. */
  #rewrite(): string | undefined {
    const temporary = `${this.file}.${process.pid}`;
    try {
      mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
      const descriptor = openSync(temporary, 'w', 0o600);
      try {
        const records = [...this.#read().values()].map((place) =>
          place.views.bytes.subarray(place.offset, place.offset + place.length),
        );
        const length = records.reduce((sum, record) => sum + record.length, FILE_HEADER);
        const all = Buffer.concat([encodeFileHeader(length), ...records], length);
        writeWhole(descriptor, all);
        // What the old file took back must not come again with a crash of the system.
        fdatasyncSync(descriptor);
        renameOver(temporary, this.file);
        this.#size = all.length;
        this.#live = all.length;
      } finally {
        closeSync(descriptor);
      }
      if (this.#descriptor !== undefined) closeSync(this.#descriptor);
      this.#descriptor = undefined;
      this.#anew = false;
      return undefined;
    } catch (error) {
      removeQuietly(temporary);
      return errorCode(error) ?? String(error);
    }
  }
}

function outputsOf(place: Place | undefined): readonly string[] {
  const known = place?.known;
  return known?.kind === 'done' && known.record.outputCount > 0 ? known.record.outputText.split('\n') : [];
}

/** Collects the last record of each target. Returns whether all of the file could be read. */
function collect(bytes: Buffer, places: Map<string, Place>): boolean {
  const views = viewsOf(bytes);
  let whole = true;
  for (let offset = FILE_HEADER; offset < bytes.length; ) {
    const record = checkRecord(bytes, views.words, offset);
    if (record !== undefined) {
      places.set(targetOfRecord(bytes, views.words, offset), new Place(views, offset));
      offset += record;
      continue;
    }
    whole = false;
    const next = nextRecord(views, offset);
    // What is damaged may have taken back any stamp before it; what was never written whole has not.
    if (next !== undefined || !isTorn(bytes, views.words, offset)) places.clear();
    if (next === undefined) break;
    offset = next;
  }
  if (isLongEnough(bytes)) return whole;
  // What is missing took a stamp back.
  places.clear();
  return false;
}

/** Where the next whole record behind a damaged one begins. */
function nextRecord({ bytes, words }: Views, offset: number): number | undefined {
  for (let at = offset / 4 + 2; at <= words.length - RECORD_HEADER / 4; at += 2) {
    if (words[at] === RECORD_MAGIC && checkRecord(bytes, words, at * 4) !== undefined) return at * 4;
  }
  return undefined;
}

/** The same memory, from its first byte on; what does not fill a word at the end is left out. */
function viewsOf(bytes: Buffer): Views {
  const { buffer, byteOffset, length } = bytes;
  return {
    bytes,
    words: new Uint32Array(buffer, byteOffset, Math.floor(length / 4)),
    rows: new Float64Array(buffer, byteOffset, Math.floor(length / 8)),
  };
}

/** Writes all of it, at the end of what was written last or at a place of the file. */
function writeWhole(descriptor: number, bytes: Uint8Array, place?: number): void {
  for (let written = 0; written < bytes.byteLength; ) {
    const position = place === undefined ? null : place + written;
    written += writeSync(descriptor, bytes, written, bytes.byteLength - written, position);
  }
}
