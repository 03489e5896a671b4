import type { Stamp } from '../model/stamp.js';

/** Label of an image that holds its stamp. */
export const STAMP_LABEL = 'pai.stamp';

/** A stamp without `output`: an image's output is its manifest's digest, which can't be inside of the image. */
export type ImageStamp = Omit<Stamp, 'output'>;

/** The tag under which a registry keeps the image of a fingerprint, so that no machine builds the same twice. */
export function fingerprintTag(fingerprint: string): string {
  return `fp-${fingerprint.slice(0, 40)}`;
}

/** The stamp as a label's value. Digests only: labels are readable by whoever may pull. */
export function encodeStamp(stamp: ImageStamp): string {
  const { format, target, fingerprint, parts, run } = stamp;
  return JSON.stringify({ format, target, fingerprint, parts, run });
}

/** The stamp in a label's value; undefined when it is missing, of another format, or not ours. */
export function decodeStamp(label: string | undefined): ImageStamp | undefined {
  if (label === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(label);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { format, target, fingerprint, parts, run } = value as Record<string, unknown>;
  if (format !== 1 || typeof target !== 'string' || typeof fingerprint !== 'string' || typeof run !== 'string') {
    return undefined;
  }
  if (typeof parts !== 'object' || parts === null) return undefined;
  const digests = Object.entries(parts).filter((part): part is [string, string] => typeof part[1] === 'string');
  return { format, target, fingerprint, parts: Object.fromEntries(digests), run };
}
