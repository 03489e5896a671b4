import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import type { Survey } from '../model/local.js';
import { renameOver } from './rename-over.js';
import { readWhole, removeQuietly } from './whole-file.js';

/*
 * A snapshot is one file in the machine's own byte order:
 *
 *     HEADER bytes   magic, byte order, checksum (of all that follows it), number of rows' numbers, lengths of texts in bytes
 *     rows           doubles
 *     texts          UTF-8, one behind the other
 */

/** Raise the digit when the format or its meaning changes: another one counts as no file. */
const MAGIC = 'pai-sn1\n';
const ORDER = 0x01020304;
const HEADER = 40;
/** Words of the header. */
const AT = { order: 2, checksum: 3, rows: 4, texts: 5 } as const;
/** Where that begins which the checksum is of. */
const CHECKED = 4 * (AT.checksum + 1);

/** A project in which everything that was asked for was fresh. */
export interface Snapshot {
  /** Which installation of pai made it, for which selection: equal or of no use. */
  readonly about: string;
  /** What was declared. */
  readonly declared: string;
  /** Names of the targets that were asked for, in order. */
  readonly selected: readonly string[];
  /** The same with all that they need, needs first. */
  readonly order: readonly string[];
  readonly survey: Survey;
}

/** A snapshot that was read; nothing of it is decoded before it is asked for. */
export interface KeptSnapshot extends Omit<Snapshot, 'declared'> {
  /** Whether it is of these declarations. */
  isOf(declared: string): boolean;
}

/** Reads the snapshot of a project; undefined when there is none that is whole. */
export function readSnapshot(cacheDirectory: string): KeptSnapshot | undefined {
  const bytes = readWhole(fileOf(cacheDirectory));
  if (bytes === undefined || bytes.length < HEADER || bytes.toString('latin1', 0, MAGIC.length) !== MAGIC)
    return undefined;
  const words = new Uint32Array(bytes.buffer, 0, HEADER / 4);
  if (words[AT.order] !== ORDER || words[AT.checksum] !== crc32(bytes.subarray(CHECKED))) return undefined;
  return new SnapshotFile(bytes, words);
}

/** Keeps a snapshot in the place of the one before. What goes wrong costs no more than time: then there is none. */
export function writeSnapshot(cacheDirectory: string, snapshot: Snapshot): void {
  const file = fileOf(cacheDirectory);
  const temporary = `${file}.${process.pid}`;
  try {
    mkdirSync(cacheDirectory, { recursive: true, mode: 0o700 });
    writeFileSync(temporary, encode(snapshot), { mode: 0o600 });
    renameOver(temporary, file);
  } catch {
    removeQuietly(temporary);
  }
}

/** Removes the snapshot of a project, if there is one. */
export function removeSnapshot(cacheDirectory: string): void {
  removeQuietly(fileOf(cacheDirectory));
}

function fileOf(cacheDirectory: string): string {
  return path.join(cacheDirectory, 'snapshot');
}

class SnapshotFile implements KeptSnapshot {
  readonly #bytes: Buffer;
  readonly #words: Uint32Array;

  constructor(bytes: Buffer, words: Uint32Array) {
    this.#bytes = bytes;
    this.#words = words;
  }

  get about(): string {
    return this.#text(0).toString();
  }

  isOf(declared: string): boolean {
    return this.#text(1).equals(Buffer.from(declared));
  }

  get selected(): readonly string[] {
    return linesOf(this.#text(2));
  }

  get order(): readonly string[] {
    return linesOf(this.#text(3));
  }

  get survey(): Survey {
    const rows = new Float64Array(this.#bytes.buffer, HEADER, this.#words[AT.rows]);
    return { paths: linesOf(this.#text(4)), rows };
  }

  #text(which: number): Buffer {
    let start = HEADER + 8 * (this.#words[AT.rows] ?? 0);
    for (let text = 0; text < which; text++) start += this.#words[AT.texts + text] ?? 0;
    return this.#bytes.subarray(start, start + (this.#words[AT.texts + which] ?? 0));
  }
}

function encode({ about, declared, selected, order, survey }: Snapshot): Buffer {
  const texts = [about, declared, selected.join('\n'), order.join('\n'), survey.paths.join('\n')].map((text) =>
    Buffer.from(text),
  );
  const { rows } = survey;
  // Not of a pool: numbers have to be where the machine wants them.
  const bytes = Buffer.alloc(HEADER + 8 * rows.length + texts.reduce((sum, { length }) => sum + length, 0));
  bytes.write(MAGIC, 'latin1');
  new Float64Array(bytes.buffer, HEADER, rows.length).set(rows);
  let at = HEADER + 8 * rows.length;
  for (const text of texts) at += text.copy(bytes, at);
  const words = new Uint32Array(bytes.buffer, 0, HEADER / 4);
  words.set([ORDER, 0, rows.length, ...texts.map(({ length }) => length)], AT.order);
  words[AT.checksum] = crc32(bytes.subarray(CHECKED));
  return bytes;
}

function linesOf(text: Buffer): string[] {
  return text.length === 0 ? [] : text.toString().split('\n');
}
