import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { PaiError } from '../model/errors.js';
import { guarded } from './file-errors.js';
import { type Answer, failed, type RequestOptions, refused, request, requestText } from './http.js';
import { sha512In, sha512Of } from './sha512.js';

/** A file to be had from the web. */
export interface DownloadRequest extends Omit<RequestOptions, 'headers'> {
  /** http or https. */
  readonly url: string;
  /** Absolute path of where it is to be. */
  readonly file: string;
  /** Hex SHA-512 that it must have. */
  readonly sha512: string;
  readonly log: (line: string) => void;
}

/**
 * Makes sure that a file is there and has its checksum. One that is there already is kept. What a broken download left (`FILE.part`) is gone on
 * with where the server can do that, else it begins anew; only a file with the right checksum gets its name.
 * Throws DOWNLOAD (retryable where it may pass by itself), LOCAL_FILE, CANCELLED.
 */
export async function download(wanted: DownloadRequest): Promise<void> {
  const { file, sha512, log, signal } = wanted;
  await guarded(file, 'write', () => mkdir(path.dirname(file), { recursive: true }));
  if ((await sizeOf(file)) !== undefined) {
    if ((await sha512Of(file, signal)) === sha512) return;
    log(`${path.basename(file)} is not what it was: it is downloaded again`);
    await rm(file, { force: true });
  }
  const part = `${file}.part`;
  const resumed = await fetchInto(part, wanted);
  let digest = await sha512Of(part, signal);
  if (digest !== sha512 && resumed) {
    log('what there was of it does not fit: it is downloaded from the start');
    await rm(part, { force: true });
    await fetchInto(part, wanted);
    digest = await sha512Of(part, signal);
  }
  if (digest !== sha512) {
    await rm(part, { force: true });
    throw new PaiError('DOWNLOAD', `${wanted.url} does not have the checksum that it should have`, {
      details: [`SHA-512 expected: ${sha512}`, `SHA-512 received: ${digest}`],
      next: wanted.cure,
    });
  }
  await guarded(file, 'write', async () => {
    const handle = await open(part, 'r+');
    await handle.sync().finally(() => handle.close());
    await rename(part, file);
  });
}

/**
 * The SHA-512 that is published beside a file: `URL.sha512`, or `URL.mds` as older releases have it; undefined when there is neither.
 * Throws DOWNLOAD, also for a checksum file without one; CANCELLED.
 */
export async function publishedSha512(url: string, options: RequestOptions): Promise<string | undefined> {
  for (const suffix of ['.sha512', '.mds']) {
    const beside = new URL(url);
    beside.pathname += suffix;
    const text = await requestText(beside.href, options);
    if (text === undefined) continue;
    const digest = sha512In(text);
    if (digest === undefined) throw new PaiError('DOWNLOAD', `${beside.href} tells no SHA-512`, { next: options.cure });
    return digest;
  }
  return undefined;
}

/** Downloads to a file, after what is in it. Returns whether something was. */
async function fetchInto(part: string, wanted: DownloadRequest): Promise<boolean> {
  const { url, log } = wanted;
  const there = (await sizeOf(part)) ?? 0;
  const answer = await request(url, { ...wanted, headers: there > 0 ? { range: `bytes=${there}-` } : {} });
  if (answer.statusCode === 416 && there > 0) {
    // There is nothing after what is there: it is the whole file, or of another one.
    answer.destroy();
    return true;
  }
  const resumes = answer.statusCode === 206 && startOf(answer) === there;
  if (!resumes && answer.statusCode !== 200) {
    answer.destroy();
    throw refused(url, answer, wanted.cure);
  }
  const rest = Number(answer.headers['content-length'] ?? Number.NaN);
  const total = Number.isNaN(rest) ? '' : ` (${megabytes(resumes ? there + rest : rest)})`;
  log(resumes ? `going on with ${url} after ${megabytes(there)}${total}` : `downloading ${url}${total}`);
  await write(answer, part, resumes, wanted);
  return resumes;
}

/** Writes what comes. What came before a connection broke stays, for the next try. */
async function write(answer: Answer, part: string, append: boolean, wanted: DownloadRequest): Promise<void> {
  const output = await guarded(part, 'write', () => open(part, append ? 'a' : 'w', 0o600)).catch((error: unknown) => {
    answer.destroy();
    throw error;
  });
  try {
    for await (const chunk of answer) await guarded(part, 'write', () => output.writeFile(chunk));
  } catch (error) {
    // What the disk refuses is told by its own error.
    throw error instanceof PaiError ? error : failed(wanted.url, withProgress(error, await sizeOf(part)), wanted);
  } finally {
    await output.close();
  }
}

function withProgress(error: unknown, size: number | undefined): Error {
  const reason = error instanceof Error ? error.message : String(error);
  return new Error(`the connection broke after ${megabytes(size ?? 0)} (${reason})`, { cause: error });
}

/** Where the bytes of a partial answer begin: `Content-Range: bytes 100-199/200`. */
function startOf(answer: Answer): number | undefined {
  const start = /^bytes (\d+)-/.exec(answer.headers['content-range'] ?? '')?.[1];
  return start === undefined ? undefined : Number(start);
}

async function sizeOf(file: string): Promise<number | undefined> {
  const found = await stat(file).catch(() => undefined);
  return found?.isFile() === true ? found.size : undefined;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
