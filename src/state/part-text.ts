import type { Json } from '../model/json.js';
import type { FingerprintPart } from '../model/target.js';

/** The largest content of a part that is kept and shown, in bytes. */
export const LARGEST_TEXT = 64 * 1024;
/** The largest value that is kept beside shown content, in characters of JSON. */
const LARGEST_VALUE = 1024;

/** What people can be shown of a part of a fingerprint. */
export interface PartText {
  /** `json`: the content is a JSON value, as JSON. `bytes`: text or not, whoever shows it looks. */
  readonly kind: 'json' | 'bytes';
  readonly content: Uint8Array;
  /** The part's value, where the content is not the value itself: the mode beside a file's content. */
  readonly value?: Json;
}

/**
 * Why there is nothing to show of a part: it is secret; all that it has is a checksum; it is too large, or its file can't be
 * read as it was any more.
 */
export type NoText = 'secret' | 'checksum' | 'unreadable';

const CHECKSUM = /^[0-9a-f]{64}$/;

/** Why a part never has anything to show; undefined when it may have. */
export function neverShown({ value, secret, shown }: FingerprintPart): NoText | undefined {
  if (secret === true || shown === false) return 'secret';
  return shown === undefined && typeof value === 'string' && CHECKSUM.test(value) ? 'checksum' : undefined;
}

/** What can be shown of a part; may read a file. Does not throw. */
export function partText(part: FingerprintPart): PartText | NoText {
  const never = neverShown(part);
  const { value, shown } = part;
  if (never !== undefined || shown === false) return never ?? 'secret';
  if (shown === undefined) return ofValue(value);
  const content = typeof shown === 'function' ? demand(shown) : shown;
  return content === undefined
    ? 'unreadable'
    : withinSize({ kind: 'bytes', content: bytesOf(content), ...besides(value) });
}

function demand(content: (largest: number) => string | Uint8Array | undefined): string | Uint8Array | undefined {
  try {
    return content(LARGEST_TEXT);
  } catch {
    return undefined;
  }
}

function ofValue(value: Json | Uint8Array): PartText | NoText {
  if (typeof value === 'string' || value instanceof Uint8Array) {
    return withinSize({ kind: 'bytes', content: bytesOf(value) });
  }
  return withinSize({ kind: 'json', content: Buffer.from(JSON.stringify(value)) });
}

function withinSize(text: PartText): PartText | NoText {
  return text.content.byteLength > LARGEST_TEXT ? 'unreadable' : text;
}

function besides(value: Json | Uint8Array): { readonly value?: Json } {
  if (value instanceof Uint8Array || JSON.stringify(value).length > LARGEST_VALUE) return {};
  return { value };
}

function bytesOf(content: string | Uint8Array): Uint8Array {
  return typeof content === 'string' ? Buffer.from(content) : content;
}
