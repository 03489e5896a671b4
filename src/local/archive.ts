import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import { PaiError } from '../model/errors.js';
import { errorCode, guarded } from './file-errors.js';

/** What of an archive is wanted. */
export interface ArchiveRequest {
  /** Whether a regular file is wanted, by its path in the archive. */
  readonly wanted: (path: string) => boolean;
  /** What to do about an archive that can't be read, as an imperative sentence. */
  readonly cure: string;
  readonly signal?: AbortSignal;
}

/** Bytes that a wanted file may have: they are held in memory. */
const LARGEST = 8 * 1024 * 1024;

/**
 * The wanted files of a tar.gz: path in the archive -> content. It is streamed, and always read to its end: only there gzip has its checksum, so a
 * truncated or damaged archive is never taken for a whole one, wherever in it the wanted files are.
 * Throws ARCHIVE for what is no whole tar.gz, LOCAL_FILE when it can't be read, CANCELLED.
 */
export async function readArchive(
  file: string,
  { wanted, cure, signal }: ArchiveRequest,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const found = new Map<string, Uint8Array>();
  const tar = extract();
  tar.on('entry', (header, content, next) => {
    // Whatever breaks the archive breaks the file that is being read too; it is told once, by the pipeline.
    content.on('error', () => undefined);
    const take = header.type === 'file' && wanted(header.name);
    if (take && (header.size ?? 0) > LARGEST) {
      tar.destroy(new Error(`${header.name} in it has ${header.size} bytes, more than ${LARGEST}`));
      return;
    }
    const chunks: Uint8Array[] = [];
    content.on('data', (chunk) => {
      if (take && chunk instanceof Uint8Array) chunks.push(chunk);
    });
    content.on('end', () => {
      if (take) found.set(header.name, Buffer.concat(chunks));
      next();
    });
  });
  await guarded(file, 'read', async () => {
    if ((await stat(file)).size === 0) throw new PaiError('ARCHIVE', `${file} is empty`, { next: cure });
    try {
      await pipeline(createReadStream(file), createGunzip(), tar, { signal });
    } catch (error) {
      if (signal?.aborted === true) throw new PaiError('CANCELLED', `reading ${file} was cancelled`);
      throw isOfTheDisk(error) ? error : broken(file, error, cure);
    }
  });
  return found;
}

/** An error of the file system, which says itself what it is about. */
function isOfTheDisk(error: unknown): boolean {
  return /^E[A-Z]+$/.test(errorCode(error) ?? '');
}

function broken(file: string, error: unknown, cure: string): PaiError {
  const message = error instanceof Error ? error.message : String(error);
  return new PaiError('ARCHIVE', `${file} ${whatIsWrong(errorCode(error), message)}`, { next: cure, cause: error });
}

/** Codes are zlib's, "Unexpected end of data" and "Invalid tar header" tar-stream's. */
function whatIsWrong(code: string | undefined, message: string): string {
  if (code === 'Z_BUF_ERROR' || message === 'Unexpected end of data') return 'is truncated: it ends in the middle';
  if (message === 'incorrect header check') return 'is not a tar.gz archive: it is not compressed with gzip';
  if (code?.startsWith('Z_') === true) return `is damaged: ${message}`;
  if (message.startsWith('Invalid tar header')) return 'is not a tar.gz archive: what gzip holds is no tar';
  return `can't be read: ${message}`;
}
