import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { PaiError } from '../model/errors.js';
import { guarded } from './file-errors.js';

/** Hex SHA-512 of a file. Throws LOCAL_FILE, CANCELLED. */
export async function sha512Of(file: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha512');
  await guarded(file, 'read', async () => {
    try {
      await pipeline(createReadStream(file), hash, { signal });
    } catch (error) {
      throw signal?.aborted === true ? new PaiError('CANCELLED', `reading ${file} was cancelled`) : error;
    }
  });
  return hash.digest('hex');
}

/** So many hex digits, whatever white space is between them, and no more. */
const SHA512 = /(?<![0-9a-f])[0-9a-f](?:\s*[0-9a-f]){127}(?![0-9a-f])/gi;

/**
 * The SHA-512 that a checksum file tells, lower-case hex; undefined when it tells none, or several. It may be as sha512sum writes it (`HEX  NAME`), as BSD
 * does (`SHA512 (NAME) = HEX`), or as gpg --print-md does (`NAME: SHA512 = HHHHHHHH HHHHHHHH ...`, also among other digests): Apache's releases
 * have had all three.
 */
export function sha512In(text: string): string | undefined {
  const found = new Set([...text.matchAll(SHA512)].map(([digits]) => digits.replaceAll(/\s/g, '').toLowerCase()));
  const [only] = found;
  return found.size === 1 ? only : undefined;
}
