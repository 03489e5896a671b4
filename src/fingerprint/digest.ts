import { createHash, createHmac } from 'node:crypto';
import { type Encodable, encodeInto } from './encode.js';

/** Hex SHA-256 over the canonical encoding of a value. */
export function digest(value: Encodable): string {
  const hash = createHash('sha256');
  encodeInto(value, (chunk) => hash.update(chunk));
  return hash.digest('hex');
}

/** Hex HMAC-SHA256 over the canonical encoding of a value: tells nothing of it to those without the key. */
export function keyedDigest(key: Uint8Array, value: Encodable): string {
  const hash = createHmac('sha256', key);
  encodeInto(value, (chunk) => hash.update(chunk));
  return hash.digest('hex');
}
