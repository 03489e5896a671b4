import path from 'node:path';
import type { CachedOutput } from '../../model/output-cache.js';
import { isDigest, sha256 } from './layout.js';

/** The outputs that a target had for one fingerprint. */
export interface Manifest {
  readonly format: 1;
  readonly fingerprint: string;
  /** Target and id of the run that made them; for people, never compared. */
  readonly target: string;
  readonly run: string;
  /** Sorted by path. */
  readonly outputs: readonly CachedOutput[];
}

/** A manifest as it lies on disk: the SHA-256 of the second line, and the manifest as JSON. */
export function formatManifest(manifest: Manifest): string {
  const body = JSON.stringify(manifest);
  return `${sha256(body)}\n${body}\n`;
}

/** Reads a manifest; undefined when it is damaged, or not that of `fingerprint`, or names what can't be an output. */
export function parseManifest(text: string, fingerprint: string): Manifest | undefined {
  const [checksum, body = '', ...rest] = text.split('\n');
  if (rest.length !== 1 || rest[0] !== '' || sha256(body) !== checksum) return undefined;
  // The checksum tells damage. It does not tell who wrote it: the folder may come from elsewhere.
  const value = parseJson(body);
  return isManifest(value) && value.fingerprint === fingerprint && distinct(value.outputs) ? value : undefined;
}

/** Bytes of an entry's objects, each object once. */
export function objectsOf(manifest: Manifest): ReadonlyMap<string, number> {
  const objects = new Map<string, number>();
  for (const output of manifest.outputs) if (output.kind === 'file') objects.set(output.digest, output.size);
  return objects;
}

/** Whether a path names something below the project's folder, in one way only. */
export function isOutputPath(file: unknown): file is string {
  return (
    typeof file === 'string' &&
    file !== '' &&
    !file.includes('\0') &&
    !path.posix.isAbsolute(file) &&
    path.posix.normalize(file) === file &&
    !file.endsWith('/') &&
    file !== '.' &&
    file.split('/')[0] !== '..'
  );
}

/** No path is twice in it, and none is the folder of another. */
function distinct(outputs: readonly CachedOutput[]): boolean {
  const paths = new Set(outputs.map((output) => output.path));
  if (paths.size < outputs.length) return false;
  for (const file of paths) {
    for (let folder = path.posix.dirname(file); folder !== '.'; folder = path.posix.dirname(folder)) {
      if (paths.has(folder)) return false;
    }
  }
  return true;
}

function isManifest(value: unknown): value is Manifest {
  if (!isObject(value)) return false;
  const { format, fingerprint, target, run, outputs } = value;
  if (format !== 1 || !isDigest(fingerprint) || typeof target !== 'string' || typeof run !== 'string') return false;
  return Array.isArray(outputs) && outputs.every(isCachedOutput);
}

function isCachedOutput(value: unknown): value is CachedOutput {
  if (!isObject(value) || !isOutputPath(value.path)) return false;
  if (value.kind === 'link') return typeof value.to === 'string' && value.to !== '' && !value.to.includes('\0');
  return (
    value.kind === 'file' && isDigest(value.digest) && isCount(value.size) && isCount(value.mode) && value.mode <= 0o777
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
