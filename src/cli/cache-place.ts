import path from 'node:path';
import { PaiError } from '../model/errors.js';
import { DEFAULT_MAX_BYTES, parseSize } from '../state/output-cache/size.js';
import type { Options } from './command.js';

/** An output cache, and how large it may be. */
export interface CachePlace {
  /** Absolute. */
  readonly directory: string;
  readonly maxBytes: number;
}

/** Folder of the output cache: `--cache-dir`, else `PAI_CACHE_DIR`, both relative to the working directory; else undefined. */
export function givenCacheDirectory(options: Options, cwd: string): string | undefined {
  const given = options.cacheDir ?? process.env.PAI_CACHE_DIR ?? '';
  return given === '' ? undefined : path.resolve(cwd, given);
}

/** Folder of a project's output cache unless another is given. */
export function ownCacheDirectory(cacheDirectory: string): string {
  return path.join(cacheDirectory, 'outputs');
}

/** How large the output cache may be, in bytes: `--max-size`, else `PAI_CACHE_MAX_SIZE`, else 2 GiB. Throws USAGE. */
export function maxCacheBytes(options: Options): number {
  if (options.maxSize !== undefined) return sizeOf('--max-size', options.maxSize);
  const set = process.env.PAI_CACHE_MAX_SIZE ?? '';
  return set === '' ? DEFAULT_MAX_BYTES : sizeOf('PAI_CACHE_MAX_SIZE', set);
}

function sizeOf(name: string, text: string): number {
  const bytes = parseSize(text);
  if (bytes !== undefined) return bytes;
  throw new PaiError('USAGE', `${name}: '${text}' is not a size`, { next: 'Write it like 500MB or 2GiB.' });
}
