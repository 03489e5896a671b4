import { createHash } from 'node:crypto';
import type { Json } from '../model/json.js';
import type { PartText } from './part-text.js';

/**
 * Format of the file that keeps texts: records one after another, each a line of JSON that begins with MAGIC and tells the
 * size and checksum of the content that follows it, then a line end. Nothing is ever changed in place, so a crash can only
 * leave a torn record at the end; whoever reads goes on at the next MAGIC.
 */
const MAGIC = '{"pai-text":1,';

interface Header {
  readonly digest: string;
  readonly kind: PartText['kind'];
  readonly size: number;
  readonly checksum: string;
  readonly value?: Json;
}

/** Where a record is in the file: all of it, and its content. */
export interface Place {
  readonly start: number;
  readonly content: number;
  readonly end: number;
}

/** A record of the text of the part with this digest. */
export function encodeRecord(digest: string, { kind, content, value }: PartText): Buffer {
  const about = { digest, kind, size: content.byteLength, ...(value !== undefined && { value }) };
  const header: Header = { ...about, checksum: checksumOf(about, content) };
  // The magic stands first in the object, so that it can be searched for.
  return Buffer.concat([Buffer.from(`${MAGIC}${JSON.stringify(header).slice(1)}\n`), content, Buffer.from('\n')]);
}

/** Places of all records that are whole, by digest; the last one counts. Contents are not checked, `decodeRecord` does. */
export function indexRecords(file: Buffer): Map<string, Place> {
  const places = new Map<string, Place>();
  let start = file.indexOf(MAGIC);
  while (start !== -1) {
    const lineEnd = file.indexOf('\n', start);
    if (lineEnd === -1) break;
    const header = parseHeader(file.toString('utf8', start, lineEnd));
    const end = lineEnd + 1 + (header?.size ?? 0) + 1;
    const whole = header !== undefined && (end === file.length || startsAt(file, end));
    if (whole) {
      // Again at the end of the map, so that its order is that of the file.
      places.delete(header.digest);
      places.set(header.digest, { start, content: lineEnd + 1, end });
    }
    start = whole ? (end === file.length ? -1 : end) : file.indexOf(MAGIC, lineEnd + 1);
  }
  return places;
}

/** The text at a place; undefined when it is damaged. */
export function decodeRecord(file: Buffer, { start, content, end }: Place): PartText | undefined {
  const header = parseHeader(file.toString('utf8', start, content - 1));
  const bytes = file.subarray(content, end - 1);
  if (header === undefined || checksumOf(header, bytes) !== header.checksum) return undefined;
  return { kind: header.kind, content: bytes, ...(header.value !== undefined && { value: header.value }) };
}

function startsAt(file: Buffer, offset: number): boolean {
  return file.length >= offset + MAGIC.length && file.toString('latin1', offset, offset + MAGIC.length) === MAGIC;
}

/** Over the header too: a hole in the file may join the header of one record to the content of another. */
function checksumOf({ digest, kind, size, value }: Omit<Header, 'checksum'>, content: Uint8Array): string {
  const about = JSON.stringify([digest, kind, size, value ?? null]);
  return createHash('sha256').update(`${about}\n`).update(content).digest('hex').slice(0, 16);
}

function parseHeader(line: string): Header | undefined {
  try {
    const { digest, kind, size, checksum, value }: Partial<Record<keyof Header, Json>> = JSON.parse(line);
    if (typeof digest !== 'string' || typeof size !== 'number' || typeof checksum !== 'string') return undefined;
    if ((kind !== 'json' && kind !== 'bytes') || !Number.isInteger(size) || size < 0) return undefined;
    return { digest, kind, size, checksum, ...(value !== undefined && { value }) };
  } catch {
    return undefined;
  }
}
