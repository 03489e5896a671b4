// What tasks do with archives and the web. The modules behind it are loaded at the first call, so that a run with nothing to do needs none of them.
import type { ArchiveRequest } from './archive.js';
import type { DownloadRequest } from './download.js';
import type { RequestOptions } from './http.js';

export type { ArchiveRequest, DownloadRequest, RequestOptions };

/** Wanted files of a tar.gz; see archive.ts. */
export async function readArchive(file: string, request: ArchiveRequest): Promise<ReadonlyMap<string, Uint8Array>> {
  return (await import('./archive.js')).readArchive(file, request);
}

/** Makes sure that a file of the web is there and has its checksum; see download.ts. */
export async function download(request: DownloadRequest): Promise<void> {
  return (await import('./download.js')).download(request);
}

/** The SHA-512 that is published beside a file of the web; see download.ts. */
export async function publishedSha512(url: string, options: RequestOptions): Promise<string | undefined> {
  return (await import('./download.js')).publishedSha512(url, options);
}

/** Hex SHA-512 of a file; see sha512.ts. */
export async function sha512Of(file: string, signal?: AbortSignal): Promise<string> {
  return (await import('./sha512.js')).sha512Of(file, signal);
}
