import { createHash, createHmac } from 'node:crypto';
import { type Encodable, encode } from './encode.js';

/** Hex SHA-256 over the canonical encoding of a value. */
export function digest(value: Encodable): string {
  return createHash('sha256').update(encode(value)).digest('hex');
}

/** Hex HMAC-SHA256 over the canonical encoding of a value: tells nothing of it to those without the key. */
export function keyedDigest(key: Uint8Array, value: Encodable): string {
  return createHmac('sha256', key).update(encode(value)).digest('hex');
}
