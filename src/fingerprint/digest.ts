import { createHash, createHmac, type Hash, hash } from 'node:crypto';
import { type Encodable, encodeInto } from './encode.js';

/** Hex SHA-256 over the canonical encoding of a value. */
export function digest(value: Encodable): string {
  let whole: string | undefined;
  let parts: Hash | undefined;
  encodeInto(value, (chunk, last) => {
    // Nearly everything fits into one chunk, and to hash that at once takes a third of the time.
    if (last && parts === undefined) whole = hash('sha256', chunk, 'hex');
    else {
      parts ??= createHash('sha256');
      parts.update(chunk);
    }
  });
  if (whole !== undefined) return whole;
  return (parts ?? createHash('sha256')).digest('hex');
}

/** Hex HMAC-SHA256 over the canonical encoding of a value: tells nothing of it to those without the key. */
export function keyedDigest(key: Uint8Array, value: Encodable): string {
  const keyed = createHmac('sha256', key);
  encodeInto(value, (chunk) => keyed.update(chunk));
  return keyed.digest('hex');
}
