import { hash } from 'node:crypto';
import type { Json } from '../model/json.js';
import type { PartText } from './part-text.js';

/**
 * Format of the file that keeps texts: records one after another. A record is a line of fixed width
 *
 *     pai-text 1 <checksum, 16 letters> <digest of the part, 64 letters> <size of the rest, 8 digits>
 *
 * and the rest: a line of JSON (kind, value), the content, a line end. The checksum is over all that follows it. Nothing is
 * ever changed in place, so a crash can only leave a torn record at the end; whoever reads goes on at the next MAGIC.
 */
const MAGIC = 'pai-text 1 ';
const DIGEST = MAGIC.length + 16 + 1;
const SIZE = DIGEST + 64 + 1;
const REST = SIZE + 8 + 1;

/** Where a record is in the file. */
export interface Place {
  readonly start: number;
  readonly end: number;
}

/** A record of the text of the part with this digest (hex SHA-256). */
export function encodeRecord(digest: string, { kind, content, value }: PartText): Buffer {
  const about = `${JSON.stringify({ kind, ...(value !== undefined && { value }) })}\n`;
  const aboutSize = Buffer.byteLength(about);
  const size = aboutSize + content.byteLength + 1;
  const record = Buffer.allocUnsafe(REST + size);
  record.write(`${MAGIC}${' '.repeat(16)} ${digest} ${String(size).padStart(8, '0')}\n`, 'latin1');
  record.write(about, REST);
  record.set(content, REST + aboutSize);
  record.write('\n', REST + size - 1);
  record.write(checksumOf(record), MAGIC.length);
  return record;
}

/** Places of all records that are whole, by digest; the last one counts. Contents are not checked, `decodeRecord` does. */
export function indexRecords(file: Buffer): Map<string, Place> {
  const places = new Map<string, Place>();
  let start = file.indexOf(MAGIC);
  while (start !== -1) {
    const size = sizeAt(file, start);
    const end = start + REST + size;
    const whole = size > 0 && (end === file.length || startsAt(file, end));
    if (whole) {
      const digest = file.toString('latin1', start + DIGEST, start + SIZE - 1);
      // Again at the end of the map, so that its order is that of the file.
      places.delete(digest);
      places.set(digest, { start, end });
    }
    start = whole ? (end === file.length ? -1 : end) : file.indexOf(MAGIC, start + 1);
  }
  return places;
}

/** The text at a place; undefined when it is damaged. */
export function decodeRecord(file: Buffer, { start, end }: Place): PartText | undefined {
  const record = file.subarray(start, end);
  if (record.toString('latin1', MAGIC.length, DIGEST - 1) !== checksumOf(record)) return undefined;
  const aboutEnd = record.indexOf('\n', REST);
  // Written by us, as the checksum tells.
  const about: { readonly kind: PartText['kind']; readonly value?: Json } = JSON.parse(
    record.toString('utf8', REST, aboutEnd),
  );
  return { ...about, content: record.subarray(aboutEnd + 1, record.length - 1) };
}

/** Size of the rest of a record; 0 where it can't be read. */
function sizeAt(file: Buffer, start: number): number {
  const digits = file.toString('latin1', start + SIZE, start + REST - 1);
  return /^\d{8}$/.test(digits) ? Number(digits) : 0;
}

function startsAt(file: Buffer, offset: number): boolean {
  return file.toString('latin1', offset, offset + MAGIC.length) === MAGIC;
}

/** Over digest and size too: a hole in the file may join the beginning of one record to the rest of another. */
function checksumOf(record: Buffer): string {
  return hash('sha256', record.subarray(DIGEST), 'hex').slice(0, 16);
}
