import { createHash, createHmac } from 'node:crypto';
import path from 'node:path';
import { PaiError } from '../model/errors.js';
import { isObject, parseJson } from '../model/parse-json.js';
import { parseStamp } from '../model/parse-stamp.js';
import type { Stamp } from '../model/stamp.js';
import { type FoundFile, readIfThere, writeAtomically } from './atomic-file.js';

/** A file to write on the dev box. */
export interface LocalFile {
  /** Absolute. */
  readonly path: string;
  /** Permission bits; 0o600 or stricter where anything secret is in it. */
  readonly mode: number;
  readonly content: string | Uint8Array;
  /** Enters fingerprints and stamps keyed. */
  readonly secret?: boolean;
}

/** A file that pai wrote, as its record knows it. */
export interface RecordedFile {
  /** Relative to the record's folder, so that a checkout can be moved. */
  readonly path: string;
  readonly mode: number;
  /** Hex SHA-256 of the content; of a secret one HMAC-SHA256 under the cluster's fingerprint key. */
  readonly digest: string;
  readonly secret: boolean;
}

/**
 * The stamp file of a target whose files are on the dev box: the stamp, and the files that it stands for. Without a stamp
 * it is of a run that did not finish, and lists every file that may be there; a path may then be in it twice.
 */
export interface FileRecord {
  readonly stamp?: Stamp;
  readonly files: readonly RecordedFile[];
  /** Hex: what secret files are digested with, where that is not the cluster's key. */
  readonly key?: string;
}

/** The key for digests of secret files, asked for only when there is one. */
export type KeySource = () => Promise<Uint8Array | undefined>;

/** Reads a record; undefined when there is none. A damaged one lists no file and has no stamp. Throws LOCAL_FILE. */
export async function readRecord(stampPath: string): Promise<FileRecord | undefined> {
  const found = await readIfThere(stampPath);
  if (found === undefined) return undefined;
  const value = parseJson(Buffer.from(found.content).toString('utf8'));
  if (!isObject(value) || !Array.isArray(value.files)) return { files: [] };
  const files: unknown[] = value.files;
  const stamp = parseStamp(value.stamp);
  const known = files.filter(isRecordedFile);
  const key = typeof value.key === 'string' && /^[0-9a-f]{64}$/.test(value.key) ? { key: value.key } : {};
  return stamp === undefined || known.length < files.length
    ? { files: known, ...key }
    : { stamp, files: known, ...key };
}

/** Writes a record, mode 0600. Throws LOCAL_FILE. */
export async function writeRecord(stampPath: string, record: FileRecord): Promise<void> {
  await writeAtomically(stampPath, `${JSON.stringify(record, undefined, 2)}\n`, 0o600);
}

/**
 * What a record says of files once they are written. Throws PKI when one is secret and the cluster has no key yet,
 * LOCAL_FILE when its mode would give it away.
 */
export async function recordFiles(
  stampPath: string,
  files: readonly LocalFile[],
  key: KeySource,
): Promise<RecordedFile[]> {
  return Promise.all(
    files.map(async (file) => {
      const secret = file.secret === true;
      if (secret && (file.mode & 0o077) !== 0) {
        throw new PaiError('LOCAL_FILE', `${file.path} is secret, and mode ${octal(file.mode)} lets others read it`, {
          next: 'Give it mode 0600',
        });
      }
      const digest = await digestOf(file.content, secret, key);
      if (digest !== undefined) return { path: relativePath(stampPath, file.path), mode: file.mode, digest, secret };
      throw new PaiError('PKI', `${file.path} is secret, and the cluster has no key for fingerprints yet`, {
        next: 'Run pai run pki first, and let the target need pki',
      });
    }),
  );
}

/** Where a recorded file is. */
export function absolutePath(stampPath: string, file: RecordedFile): string {
  return path.resolve(path.dirname(stampPath), file.path);
}

/** A path as records and fingerprints name it: the same wherever the checkout is. */
export function relativePath(stampPath: string, file: string): string {
  return path.relative(path.dirname(stampPath), file).split(path.sep).join('/');
}

/** The first thing that is not as recorded, told for people; undefined when all files are there and untouched. */
export async function findProblem(
  stampPath: string,
  files: readonly RecordedFile[],
  key: KeySource,
): Promise<string | undefined> {
  const problems = await Promise.all(
    files.map(async (file) => {
      const place = absolutePath(stampPath, file);
      const found = await readIfThere(place);
      if (found === undefined) return `${place} is missing`;
      if (found.mode !== file.mode) return `${place} has mode ${octal(found.mode)}, not ${octal(file.mode)}`;
      if (!(await isAsRecorded(found, file, key))) return `${place} was changed by hand`;
      return undefined;
    }),
  );
  return problems.find((problem) => problem !== undefined);
}

/** Whether a file still has the content that pai gave it. False for a secret one while there is no key. */
export async function isAsRecorded(found: FoundFile, file: RecordedFile, key: KeySource): Promise<boolean> {
  return (await digestOf(found.content, file.secret, key)) === file.digest;
}

/** Digest of a file's content, keyed for a secret one; undefined while there is no key for that. */
export async function digestOf(
  content: string | Uint8Array,
  secret: boolean,
  key: KeySource,
): Promise<string | undefined> {
  if (!secret) return createHash('sha256').update(content).digest('hex');
  const secretKey = await key();
  return secretKey === undefined ? undefined : createHmac('sha256', secretKey).update(content).digest('hex');
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}

function isRecordedFile(value: unknown): value is RecordedFile {
  if (!isObject(value)) return false;
  const { path: place, mode, digest, secret } = value;
  return (
    typeof place === 'string' && typeof mode === 'number' && typeof digest === 'string' && typeof secret === 'boolean'
  );
}
