import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { releaseArchive } from '../../../../tasks/hadoop/release.js';
import { temporaryDirectory } from '../../local/helpers.js';
import { sha512 } from './fake-release.js';

const archive = Buffer.from('stands for an archive');

/** A mirror of the test's own: path -> content. `asked` has the paths that were asked for. */
async function mirror(
  files: Record<string, string | Uint8Array>,
): Promise<{ readonly url: string; readonly asked: string[] }> {
  const asked: string[] = [];
  const server = http.createServer(({ url = '' }, response) => {
    asked.push(url);
    const content = files[url];
    response.writeHead(content === undefined ? 404 : 200).end(content);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

async function options(cache?: string) {
  return { cache: cache ?? (await temporaryDirectory()), log: () => undefined, signal: new AbortController().signal };
}

describe('the archive of a release that is downloaded', () => {
  it('is verified with the published checksum, and neither is asked for again', async () => {
    const { url, asked } = await mirror({
      '/h/r.tar.gz': archive,
      '/h/r.tar.gz.sha512': `SHA512 (r.tar.gz) = ${sha512(archive)}\n`,
    });
    const at = await options();
    const file = await releaseArchive({ hadoopDownloadUrl: `${url}/h/r.tar.gz` }, at);
    expect(path.basename(file)).toBe('r.tar.gz');
    expect((await readFile(file)).equals(archive)).toBe(true);
    expect(await releaseArchive({ hadoopDownloadUrl: `${url}/h/r.tar.gz` }, at)).toBe(file);
    expect(asked).toEqual(['/h/r.tar.gz.sha512', '/h/r.tar.gz']);
  });

  it('is verified with the configured checksum, which needs no published one', async () => {
    const { url, asked } = await mirror({ '/r.tar.gz': archive });
    await releaseArchive({ hadoopDownloadUrl: `${url}/r.tar.gz`, hadoopSha512: sha512(archive) }, await options());
    expect(asked).toEqual(['/r.tar.gz']);
  });

  it('is refused when it has another checksum', async () => {
    const { url } = await mirror({ '/r.tar.gz': archive, '/r.tar.gz.sha512': `${'0'.repeat(128)}  r.tar.gz\n` });
    await expect(releaseArchive({ hadoopDownloadUrl: `${url}/r.tar.gz` }, await options())).rejects.toMatchObject({
      code: 'DOWNLOAD',
      message: expect.stringContaining('does not have the checksum that it should have'),
      next: expect.stringContaining('hadoop-download-url'),
    });
  });

  it('is not taken without a checksum', async () => {
    const { url, asked } = await mirror({ '/r.tar.gz': archive });
    await expect(releaseArchive({ hadoopDownloadUrl: `${url}/r.tar.gz` }, await options())).rejects.toMatchObject({
      code: 'DOWNLOAD',
      message: `neither ${url}/r.tar.gz.sha512 nor ${url}/r.tar.gz.mds exists`,
      next: expect.stringContaining('hadoop-sha512'),
    });
    expect(asked).not.toContain('/r.tar.gz');
  });

  it('from one address is not taken for that of another', async () => {
    const other = Buffer.from('another archive of the same name');
    const files = {
      '/a/r.tar.gz': archive,
      '/a/r.tar.gz.sha512': sha512(archive),
      '/b/r.tar.gz': other,
      '/b/r.tar.gz.sha512': sha512(other),
    };
    const { url } = await mirror(files);
    const at = await options();
    await releaseArchive({ hadoopDownloadUrl: `${url}/a/r.tar.gz` }, at);
    expect((await readFile(await releaseArchive({ hadoopDownloadUrl: `${url}/b/r.tar.gz` }, at))).equals(other)).toBe(
      true,
    );
  });

  it('is made again, with its checksum, when the cache was damaged', async () => {
    const { url } = await mirror({ '/r.tar.gz': archive, '/r.tar.gz.sha512': sha512(archive) });
    const at = await options();
    const file = await releaseArchive({ hadoopDownloadUrl: `${url}/r.tar.gz` }, at);
    await writeFile(file, 'x');
    await writeFile(`${file}.sha512`, 'x');
    expect((await readFile(await releaseArchive({ hadoopDownloadUrl: `${url}/r.tar.gz` }, at))).equals(archive)).toBe(
      true,
    );
    await rm(at.cache, { recursive: true });
    expect(existsSync(await releaseArchive({ hadoopDownloadUrl: `${url}/r.tar.gz` }, at))).toBe(true);
  });
});

describe('the archive of a release that is configured', () => {
  const hadoopDownloadUrl = 'http://127.0.0.1:9/nobody-asks';

  it('is the file itself, and nobody is asked', async () => {
    const file = path.join(await temporaryDirectory(), 'mine.tar.gz');
    await writeFile(file, archive);
    expect(await releaseArchive({ customHadoopBinaryPath: file, hadoopDownloadUrl }, await options())).toBe(file);
    expect(
      await releaseArchive(
        { customHadoopBinaryPath: file, hadoopDownloadUrl, hadoopSha512: sha512(archive) },
        await options(),
      ),
    ).toBe(file);
  });

  it('is refused when it does not have the configured checksum', async () => {
    const file = path.join(await temporaryDirectory(), 'mine.tar.gz');
    await writeFile(file, archive);
    await expect(
      releaseArchive(
        { customHadoopBinaryPath: file, hadoopDownloadUrl, hadoopSha512: '0'.repeat(128) },
        await options(),
      ),
    ).rejects.toMatchObject({
      code: 'ARCHIVE',
      message: `${file} does not have the checksum of hadoop-sha512`,
    });
  });

  it('is told when it is missing, with the file that may be meant', async () => {
    const folder = await temporaryDirectory();
    await writeFile(path.join(folder, 'hadoop-2.9.0.tar.gz'), archive);
    const wrong = path.join(folder, 'hadoop-2.9.O.tar.gz');
    await expect(
      releaseArchive({ customHadoopBinaryPath: wrong, hadoopDownloadUrl }, await options()),
    ).rejects.toMatchObject({
      code: 'LOCAL_FILE',
      message: `custom-hadoop-binary-path ${wrong}: there is no such file; did you mean hadoop-2.9.0.tar.gz?`,
      next: expect.stringContaining('services-configuration.yaml'),
    });
    await expect(
      releaseArchive({ customHadoopBinaryPath: '/no/such/folder/x', hadoopDownloadUrl }, await options()),
    ).rejects.toMatchObject({
      message: 'custom-hadoop-binary-path /no/such/folder/x: there is no such file',
    });
  });

  it('is told when it is a folder', async () => {
    const folder = path.join(await temporaryDirectory(), 'unpacked');
    await mkdir(folder);
    await expect(
      releaseArchive({ customHadoopBinaryPath: folder, hadoopDownloadUrl }, await options()),
    ).rejects.toMatchObject({
      code: 'LOCAL_FILE',
      message: `custom-hadoop-binary-path ${folder}: it is not a file`,
    });
  });
});
