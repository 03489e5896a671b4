import { createHash } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import {
  didYouMean,
  download,
  type HadoopConfiguration,
  PaiError,
  publishedSha512,
  sha512Of,
  type Workshop,
} from 'pai';

/** Where the archive of a release comes from. */
export type ReleaseSource = Pick<HadoopConfiguration, 'customHadoopBinaryPath' | 'hadoopDownloadUrl' | 'hadoopSha512'>;

/** What a release is got with. */
export interface ReleaseOptions extends Pick<Workshop, 'log' | 'signal'> {
  /** Absolute path of the folder where downloads are kept. */
  readonly cache: string;
}

/** How to get on without an archive. */
export function cureOf({ customHadoopBinaryPath }: ReleaseSource): string {
  return customHadoopBinaryPath === undefined
    ? 'Correct hadoop-version or hadoop-download-url in services-configuration.yaml, or give an archive of yours as custom-hadoop-binary-path.'
    : 'Give a whole tar.gz of a Hadoop binary release as custom-hadoop-binary-path in services-configuration.yaml, or None to download one.';
}

/**
 * The archive of a release: the configured one, or the one that was downloaded and has its checksum. That is the configured one, else the one that
 * is published beside the release; it is remembered, so that what is in the cache needs no network. Throws LOCAL_FILE, ARCHIVE, DOWNLOAD, CANCELLED.
 */
export async function releaseArchive(source: ReleaseSource, options: ReleaseOptions): Promise<string> {
  return source.customHadoopBinaryPath === undefined
    ? downloaded(source, options)
    : given(source.customHadoopBinaryPath, source, options);
}

async function given(archive: string, source: ReleaseSource, { signal }: ReleaseOptions): Promise<string> {
  const found = statSync(archive, { throwIfNoEntry: false });
  if (found?.isFile() !== true) {
    const hint = found === undefined ? nearestFile(archive) : undefined;
    const what = found === undefined ? 'there is no such file' : 'it is not a file';
    throw new PaiError('LOCAL_FILE', `custom-hadoop-binary-path ${archive}: ${what}${hint ? `; ${hint}` : ''}`, {
      next: cureOf(source),
    });
  }
  if (source.hadoopSha512 === undefined) return archive;
  const digest = await sha512Of(archive, signal);
  if (digest !== source.hadoopSha512) {
    throw new PaiError('ARCHIVE', `${archive} does not have the checksum of hadoop-sha512`, {
      details: [`SHA-512 expected: ${source.hadoopSha512}`, `SHA-512 found:    ${digest}`],
      next: 'Get the archive again, or correct hadoop-sha512 in services-configuration.yaml.',
    });
  }
  return archive;
}

async function downloaded(source: ReleaseSource, { cache, log, signal }: ReleaseOptions): Promise<string> {
  const url = source.hadoopDownloadUrl;
  // By address: an archive from elsewhere may be another one of the same name.
  const folder = path.join(cache, createHash('sha256').update(url).digest('hex').slice(0, 12));
  const file = path.join(folder, path.posix.basename(new URL(url).pathname) || 'release');
  const cure = cureOf(source);
  const sha512 =
    source.hadoopSha512 ?? (await rememberedSha512(`${file}.sha512`, () => publishedSha512(url, { signal, cure })));
  if (sha512 === undefined) {
    throw new PaiError('DOWNLOAD', `neither ${url}.sha512 nor ${url}.mds exists`, {
      next: `${cure} If just the checksum is missing there, give it as hadoop-sha512.`,
    });
  }
  await download({ url, file, sha512, cure, log, signal });
  return file;
}

/** A checksum that was published once stays: archives of releases do not change. */
async function rememberedSha512(file: string, ask: () => Promise<string | undefined>): Promise<string | undefined> {
  const known = await readFile(file, 'utf8').catch(() => '');
  if (/^[0-9a-f]{128}\n$/.test(known)) return known.trim();
  const sha512 = await ask();
  if (sha512 === undefined) return undefined;
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(`${file}.new`, `${sha512}\n`);
  await rename(`${file}.new`, file);
  return sha512;
}

function nearestFile(file: string): string | undefined {
  try {
    return didYouMean(path.basename(file), readdirSync(path.dirname(file)));
  } catch {
    return undefined;
  }
}
