import { parseStamp } from '../model/parse-stamp.js';
import type { Stamp } from '../model/stamp.js';

/** Label of an image that holds its stamp. */
export const STAMP_LABEL = 'pai.stamp';

/** The tag under which a registry keeps the image of a fingerprint, so that no machine builds the same twice. */
export function fingerprintTag(fingerprint: string): string {
  return `fp-${fingerprint.slice(0, 40)}`;
}

/**
 * The stamp as a label's value: digests only, for labels are readable by whoever may pull. Its `output` is left empty:
 * an image's output is its manifest's digest, which can't be inside of the image.
 */
export function encodeStamp(stamp: Stamp): string {
  return JSON.stringify({ ...stamp, output: '' });
}

/** The stamp in the label of the image with this manifest; undefined when there is none of our format. */
export function decodeStamp(label: string | undefined, manifestDigest: string): Stamp | undefined {
  const stamp = parseStamp(label);
  return stamp === undefined ? undefined : { ...stamp, output: manifestDigest };
}
