import { crc32 } from 'node:zlib';
import { startsOf } from '../local/file-table.js';
import type { KeptRecord, TargetRecord } from '../local/records.js';
import { isLinkRow, ROW } from '../local/rows.js';
import type { Stamp } from '../model/stamp.js';

/*
 * A state file is a header and records, one behind the other, all in the machine's own byte order (the header has a number
 * that tells it). The header:
 *
 *     8 bytes   magic
 *     4 bytes   byte order
 *     4 bytes   checksum of the next
 *     8 bytes   a double: how long the file is at least. What ends before was cut, maybe between two records
 *
 * A record is padded to 8 bytes, so that its rows can be read in place:
 *
 *     18 numbers of 4 bytes   magic, length in bytes (all of it), checksum (of all that follows it), kind, ...
 *     rows                    5 doubles each
 *     digests                 32 bytes a file
 *     text                    what the lengths in front say, UTF-8, one behind the other
 */

/** First bytes of a state file. Raise the digit when the format changes: another one counts as no file. */
const MAGIC = 'pai-st2\n';
const ORDER = 0x01020304;
/** First bytes of each record. */
export const RECORD_MAGIC = 0x52494150;
export const FILE_HEADER = 24;
/** Where the part of the header begins that says how long the file is, in bytes. */
export const LENGTH_PART = 12;
export const RECORD_HEADER = 72;
const DIGEST = 32;
const FILE_PART = 'file ';

/** What a record says: a target is done; one was begun; one is forgotten. */
export const KIND = { done: 1, begun: 2, gone: 3 } as const;

const AT = {
  magic: 0,
  length: 1,
  checksum: 2,
  kind: 3,
  rows: 4,
  inputs: 5,
  outputs: 6,
  literal: 7,
  // Lengths of texts, in the order in which they lie.
  name: 8,
  fingerprint: 9,
  output: 10,
  declared: 11,
  needs: 12,
  surroundings: 13,
  inputText: 14,
  outputText: 15,
  rest: 16,
} as const;

/** What a stamp has besides what is written elsewhere in its record. */
interface Rest {
  readonly run: string;
  /** Parts that are no input files. */
  readonly parts: Readonly<Record<string, string>>;
}

/** The header of a state file of at least `length` bytes. */
export function encodeFileHeader(length: number): Uint8Array {
  const bytes = new Uint8Array(FILE_HEADER);
  Buffer.from(bytes.buffer).write(MAGIC, 'latin1');
  new Uint32Array(bytes.buffer)[2] = ORDER;
  bytes.set(encodeLength(length), LENGTH_PART);
  return bytes;
}

/** The part of the header, from `LENGTH_PART` on, that says that the file has at least `length` bytes. */
export function encodeLength(length: number): Uint8Array {
  const bytes = Buffer.from(Float64Array.of(length).buffer);
  return Buffer.concat([Buffer.from(Uint32Array.of(crc32(bytes)).buffer), bytes]);
}

/** Whether a file begins as one of this format and this machine. */
export function isStateFile(bytes: Buffer): boolean {
  if (bytes.length < FILE_HEADER) return false;
  return bytes.subarray(0, LENGTH_PART).equals(encodeFileHeader(0).subarray(0, LENGTH_PART));
}

/** Whether a state file is as long as its header says, which has to be whole for that. */
export function isLongEnough(bytes: Buffer): boolean {
  const length = new Float64Array(bytes.buffer, bytes.byteOffset + FILE_HEADER - 8, 1)[0] ?? Number.NaN;
  return length <= bytes.length && bytes.subarray(LENGTH_PART, FILE_HEADER).equals(encodeLength(length));
}

/** A record that says only that a target was begun, or is forgotten. */
export function encodeMark(kind: 'begun' | 'gone', target: string): Uint8Array {
  return assemble({ [AT.kind]: KIND[kind] }, [], [], [Buffer.from(target)]);
}

/** A record of a target that is done. */
export function encodeRecord(record: TargetRecord): Uint8Array {
  const { stamp, inputs, outputs } = record;
  const files = new Set(inputs.paths.map((path) => FILE_PART + path));
  const parts = Object.fromEntries(Object.entries(stamp.parts).filter(([name]) => !files.has(name)));
  const rest: Rest = { run: stamp.run, parts };
  const texts = [
    stamp.target,
    stamp.fingerprint,
    stamp.output,
    record.declared,
    record.needs,
    record.surroundings,
    inputs.paths.join('\n'),
    outputs.paths.join('\n'),
    JSON.stringify(rest),
  ].map((text) => Buffer.from(text));
  const numbers = {
    [AT.kind]: KIND.done,
    [AT.inputs]: inputs.paths.length,
    [AT.outputs]: outputs.paths.length,
    [AT.literal]: record.literal ? 1 : 0,
  };
  const rows = [...rowsOf(inputs), ...rowsOf(outputs)];
  return assemble(numbers, rows, [...inputs.digests, ...outputs.digests], texts);
}

/** The record of a target that is done with other rows of the same files. `bytes`: of the record; they are not changed. */
export function replaceRows(bytes: Uint8Array, { inputs, outputs }: Pick<TargetRecord, 'inputs' | 'outputs'>): Buffer {
  const rows = [...rowsOf(inputs), ...rowsOf(outputs)];
  // Not of a pool: numbers have to be where the machine wants them.
  const copy = Buffer.alloc(bytes.length);
  copy.set(bytes);
  const words = new Uint32Array(copy.buffer, copy.byteOffset, RECORD_HEADER / 4);
  if (words[AT.rows] !== rows.length) throw new Error('a record has other files than were looked at');
  new Float64Array(copy.buffer, copy.byteOffset + RECORD_HEADER, rows.length).set(rows);
  words[AT.checksum] = crc32(copy.subarray(4 * AT.kind));
  return copy;
}

/** A record in the bytes of a state file. Its header must have been checked. */
export class DecodedRecord implements KeptRecord {
  readonly rows: Float64Array;
  readonly rowStart: number;
  readonly inputCount: number;
  readonly outputCount: number;
  readonly literal: boolean;
  readonly #bytes: Buffer;
  readonly #words: Uint32Array;
  /** Index of the header in `words`. */
  readonly #header: number;
  #stamp: Stamp | undefined;

  /** `offset`: of the record in the file's bytes. The three views are of one buffer, from its begin. */
  constructor(bytes: Buffer, words: Uint32Array, rows: Float64Array, offset: number) {
    this.#bytes = bytes;
    this.#words = words;
    this.#header = offset / 4;
    this.rows = rows;
    this.rowStart = (offset + RECORD_HEADER) / 8;
    this.inputCount = this.#number(AT.inputs);
    this.outputCount = this.#number(AT.outputs);
    this.literal = this.#number(AT.literal) === 1;
  }

  get target(): string {
    return this.#text(AT.name);
  }

  get declared(): string {
    return this.#text(AT.declared);
  }

  get needs(): string {
    return this.#text(AT.needs);
  }

  get surroundings(): string {
    return this.#text(AT.surroundings);
  }

  get inputText(): string {
    return this.#text(AT.inputText);
  }

  get outputText(): string {
    return this.#text(AT.outputText);
  }

  get stamp(): Stamp {
    this.#stamp ??= new KeptStamp(this, this.#text(AT.fingerprint), this.#text(AT.output));
    return this.#stamp;
  }

  get inputs(): { paths: string[]; rows: Float64Array; starts: number[]; digests: string[] } {
    return this.#table(this.inputText, 0, this.inputCount);
  }

  get outputs(): { paths: string[]; rows: Float64Array; starts: number[]; digests: string[] } {
    return this.#table(this.outputText, this.inputCount, this.outputCount);
  }

  #table(text: string, from: number, count: number) {
    const starts = startsOf(this.rows, this.rowStart, this.inputCount + this.outputCount).slice(from, from + count);
    const first = this.#digestsAt() + from * DIGEST;
    const digests = Array.from({ length: count }, (_, index) =>
      this.#bytes.toString('hex', first + index * DIGEST, first + (index + 1) * DIGEST),
    );
    return { paths: count === 0 ? [] : text.split('\n'), rows: this.rows, starts, digests };
  }

  /** What the stamp has besides. */
  get rest(): Rest {
    return JSON.parse(this.#text(AT.rest));
  }

  #digestsAt(): number {
    return this.#header * 4 + RECORD_HEADER + this.#number(AT.rows) * 8;
  }

  #text(which: number): string {
    let start = this.#digestsAt() + (this.inputCount + this.outputCount) * DIGEST;
    for (let text = AT.name; text < which; text++) start += this.#number(text);
    return this.#bytes.toString('utf8', start, start + this.#number(which));
  }

  #number(which: number): number {
    return this.#words[this.#header + which] ?? 0;
  }
}

/** The target that a record is about. */
export function targetOfRecord(bytes: Buffer, words: Uint32Array, offset: number): string {
  const number = (which: number): number => words[offset / 4 + which] ?? 0;
  const start = offset + RECORD_HEADER + number(AT.rows) * 8 + (number(AT.inputs) + number(AT.outputs)) * DIGEST;
  return bytes.toString('utf8', start, start + number(AT.name));
}

/** Length of the record at `offset` when it is whole; undefined when it is not. */
export function checkRecord(bytes: Buffer, words: Uint32Array, offset: number): number | undefined {
  const at = offset / 4;
  const length = words[at + AT.length] ?? 0;
  if (words[at + AT.magic] !== RECORD_MAGIC || length < RECORD_HEADER || length % 8 !== 0) return undefined;
  if (offset + length > bytes.length) return undefined;
  const checksum = crc32(bytes.subarray(offset + 4 * AT.kind, offset + length));
  return checksum === words[at + AT.checksum] ? length : undefined;
}

/** Whether the bytes from there on are too few to be a whole record, as an interrupted write leaves them. */
export function isTorn(bytes: Buffer, words: Uint32Array, offset: number): boolean {
  const left = bytes.length - offset;
  const at = offset / 4;
  return left < RECORD_HEADER || (words[at + AT.magic] === RECORD_MAGIC && (words[at + AT.length] ?? 0) > left);
}

/** A stamp of which nothing is put together before somebody compares its parts. */
class KeptStamp implements Stamp {
  readonly format = 1;
  readonly fingerprint: string;
  readonly output: string;
  readonly #record: DecodedRecord;

  constructor(record: DecodedRecord, fingerprint: string, output: string) {
    this.#record = record;
    this.fingerprint = fingerprint;
    this.output = output;
  }

  get target(): string {
    return this.#record.target;
  }

  get run(): string {
    return this.#record.rest.run;
  }

  get parts(): Readonly<Record<string, string>> {
    const { paths, digests } = this.#record.inputs;
    const files = paths.map((path, index) => [FILE_PART + path, digests[index] ?? ''] as const);
    return { ...this.#record.rest.parts, ...Object.fromEntries(files) };
  }

  /** As it is stored and told elsewhere. */
  toJSON(): Stamp {
    const { format, target, fingerprint, output, parts, run } = this;
    return { format, target, fingerprint, output, parts, run };
  }
}

function rowsOf({ rows, starts }: TargetRecord['inputs']): number[] {
  const all: number[] = [];
  for (const start of starts) {
    const end = start + (isLinkRow(rows, start) ? 2 * ROW : ROW);
    for (let at = start; at < end; at++) all.push(rows[at] ?? 0);
  }
  return all;
}

function assemble(
  numbers: Readonly<Record<number, number>>,
  rows: readonly number[],
  digests: readonly string[],
  texts: readonly Buffer[],
): Uint8Array {
  const size =
    RECORD_HEADER + rows.length * 8 + digests.length * DIGEST + texts.reduce((sum, text) => sum + text.length, 0);
  const bytes = Buffer.alloc(Math.ceil(size / 8) * 8);
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  words[AT.magic] = RECORD_MAGIC;
  words[AT.length] = bytes.length;
  words[AT.rows] = rows.length;
  for (const [index, number] of Object.entries(numbers)) words[Number(index)] = number;
  for (const [index, text] of texts.entries()) words[AT.name + index] = text.length;
  new Float64Array(bytes.buffer, bytes.byteOffset + RECORD_HEADER, rows.length).set(rows);
  let at = RECORD_HEADER + rows.length * 8;
  for (const digest of digests) at += bytes.write(digest, at, 'hex');
  for (const text of texts) at += text.copy(bytes, at);
  words[AT.checksum] = crc32(bytes.subarray(4 * AT.kind));
  return bytes;
}
