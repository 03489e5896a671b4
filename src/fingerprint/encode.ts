/** What can be encoded: JSON, bytes, and lists of these. */
export type Encodable = null | boolean | number | string | Uint8Array | readonly Encodable[] | EncodableObject;

/** An object of what can be encoded. Order of its keys does not matter. */
export interface EncodableObject {
  readonly [key: string]: Encodable;
}

/** One byte before each value, so that no two values of different types encode alike. */
const TAG = {
  null: 0x6e,
  false: 0x66,
  true: 0x74,
  number: 0x64,
  text: 0x73,
  illFormedText: 0x75,
  bytes: 0x62,
  list: 0x61,
  object: 0x6f,
} as const;

const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * Canonical encoding: equal values give equal bytes and different values different bytes, whatever the order of keys.
 * Each value is a type tag; then its length (4 bytes, big-endian) where it has one; then its content.
 * Throws TypeError for what is not data: -0, NaN, infinities, undefined, functions.
 */
export function encode(value: Encodable): Uint8Array {
  const chunks: Uint8Array[] = [];
  encodeInto(value, (chunk) => chunks.push(Uint8Array.from(chunk)));
  return Buffer.concat(chunks);
}

/** Is given a chunk of an encoding; `last` tells that it is the last one. */
export type Take = (chunk: Uint8Array, last: boolean) => void;

/** Hands the canonical encoding out in chunks, each valid only until the next. */
export function encodeInto(value: Encodable, take: Take): void {
  const writer = new Writer(take);
  write(writer, value);
  writer.flush(true);
}

function write(writer: Writer, value: Encodable): void {
  if (value === null) writer.byte(TAG.null);
  else if (typeof value === 'string') writeText(writer, value);
  else if (typeof value === 'boolean') writer.byte(value ? TAG.true : TAG.false);
  else if (typeof value === 'number') writeNumber(writer, value);
  else if (value instanceof Uint8Array) writeBytes(writer, TAG.bytes, value);
  else if (isList(value)) writeList(writer, value);
  else if (isPlainObject(value)) writeObject(writer, value);
  else throw new TypeError(`cannot fingerprint ${describe(value)}: it is not JSON or bytes`);
}

function writeNumber(writer: Writer, value: number): void {
  // -0 equals 0 for everyone who compares, and NaN equals nothing: neither can stand for one state of the world.
  if (!Number.isFinite(value) || Object.is(value, -0)) {
    throw new TypeError(`cannot fingerprint the number ${Object.is(value, -0) ? '-0' : String(value)}`);
  }
  writer.byte(TAG.number);
  writer.double(value);
}

function writeText(writer: Writer, value: string): void {
  if (value.length <= SHORT_TEXT && writer.text(value)) return;
  const bytes = Buffer.from(value, 'utf8');
  // UTF-8 turns every lone surrogate into the same replacement character, so such text is written as its code units.
  // Only text with bytes beyond ASCII can have one; the quick comparison spares the search in nearly all text.
  if (bytes.byteLength !== value.length && LONE_SURROGATE.test(value)) {
    writeBytes(writer, TAG.illFormedText, Buffer.from(value, 'utf16le'));
  } else writeBytes(writer, TAG.text, bytes);
}

function writeBytes(writer: Writer, tag: number, value: Uint8Array): void {
  writer.byte(tag);
  writer.length(value.byteLength);
  writer.bytes(value);
}

function writeList(writer: Writer, value: readonly Encodable[]): void {
  writer.byte(TAG.list);
  writer.length(value.length);
  for (const item of value) write(writer, item);
}

function writeObject(writer: Writer, value: EncodableObject): void {
  const keys = Object.keys(value).sort();
  writer.byte(TAG.object);
  writer.length(keys.length);
  for (const key of keys) {
    writeText(writer, key);
    write(writer, value[key] as Encodable); // `undefined` ends in the TypeError of write()
  }
}

// Array.isArray narrows a readonly array to any[].
function isList(value: Encodable): value is readonly Encodable[] {
  return Array.isArray(value);
}

function isPlainObject(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function describe(value: unknown): string {
  return typeof value === 'object' && value !== null ? `a ${value.constructor.name}` : typeof value;
}

const BUFFER_SIZE = 2048;
/** Text of so many code units is written straight into the buffer: a unit takes three bytes at most. */
const SHORT_TEXT = 512;

/** Buffers that no encoding uses at the moment. One a digest would be the most garbage of a plan. */
const scratch: Buffer[] = [];

/** Gathers small writes into chunks; large ones are handed on without a copy. */
class Writer {
  readonly #take: Take;
  readonly #buffer = scratch.pop() ?? Buffer.allocUnsafeSlow(BUFFER_SIZE);
  #used = 0;

  constructor(take: Take) {
    this.#take = take;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#used = this.#buffer.writeUInt8(value, this.#used);
  }

  length(value: number): void {
    this.#reserve(4);
    this.#used = this.#buffer.writeUInt32BE(value, this.#used);
  }

  double(value: number): void {
    this.#reserve(8);
    this.#used = this.#buffer.writeDoubleBE(value, this.#used);
  }

  bytes(value: Uint8Array): void {
    this.#reserve(value.byteLength);
    if (value.byteLength > BUFFER_SIZE) this.#take(value, false);
    else {
      this.#buffer.set(value, this.#used);
      this.#used += value.byteLength;
    }
  }

  /** Short text with its tag and length; false, and nothing written, for text that has no UTF-8. */
  text(value: string): boolean {
    this.#reserve(5 + 3 * value.length);
    const length = this.#buffer.write(value, this.#used + 5);
    if (length !== value.length && LONE_SURROGATE.test(value)) return false;
    this.byte(TAG.text);
    this.length(length);
    this.#used += length;
    return true;
  }

  flush(last = false): void {
    if (this.#used > 0) this.#take(this.#buffer.subarray(0, this.#used), last);
    this.#used = 0;
    if (last) scratch.push(this.#buffer);
  }

  #reserve(more: number): void {
    if (this.#used + more > BUFFER_SIZE) this.flush();
  }
}
