import { randomBytes } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { download, publishedSha512 } from '../../../src/local/download.js';
import { redirectTarget } from '../../../src/local/http.js';
import { sha512 } from '../tasks/hadoop/fake-release.js';
import { temporaryDirectory } from './helpers.js';

const content = randomBytes(200_000);
const cure = 'Correct the address.';

/** A server of the test's own, on the loopback interface; its base URL. */
async function serve(answer: http.RequestListener): Promise<string> {
  const server = http.createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Answers with the content, or what of it a Range asks for; keeps the ranges that were asked for. */
function ranges(asked: (string | undefined)[], body = content): http.RequestListener {
  return (request, response) => {
    const { range } = request.headers;
    asked.push(range);
    const start = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? Number.NaN);
    if (Number.isNaN(start)) response.writeHead(200, { 'content-length': body.length }).end(body);
    else if (start >= body.length) response.writeHead(416).end();
    else {
      const rest = body.subarray(start);
      const header = {
        'content-length': rest.length,
        'content-range': `bytes ${start}-${body.length - 1}/${body.length}`,
      };
      response.writeHead(206, header).end(rest);
    }
  };
}

/** Says that it sends all, sends so many bytes, and calls `then` once they are in the file. */
function stopsAfter(bytes: number, file: string, then: (response: http.ServerResponse) => void): http.RequestListener {
  return (_, response) => {
    response.writeHead(200, { 'content-length': content.length });
    response.write(content.subarray(0, bytes));
    const looking = setInterval(() => {
      if (!existsSync(file) || statSync(file).size < bytes) return;
      clearInterval(looking);
      then(response);
    }, 5);
  };
}

async function wanted(url: string, file?: string) {
  const lines: string[] = [];
  const place = file ?? path.join(await temporaryDirectory(), 'deep', 'release.tar.gz');
  const { signal } = new AbortController();
  return {
    url,
    file: place,
    sha512: sha512(content),
    cure,
    log: (line: string) => void lines.push(line),
    signal,
    lines,
  };
}

describe('a download', () => {
  it('is there under its name once it has its checksum', async () => {
    const one = await wanted(`${await serve(ranges([]))}/release.tar.gz`);
    await download(one);
    expect((await readFile(one.file)).equals(content)).toBe(true);
    expect(existsSync(`${one.file}.part`)).toBe(false);
    expect(one.lines).toEqual([`downloading ${one.url} (0.2 MB)`]);
  });

  it('asks nobody when it is there already', async () => {
    const asked: (string | undefined)[] = [];
    const one = await wanted(await serve(ranges(asked)));
    await download(one);
    await download(one);
    expect(asked).toHaveLength(1);
  });

  it('is made again when what is there was damaged', async () => {
    const one = await wanted(await serve(ranges([])));
    await download(one);
    await writeFile(one.file, 'damaged');
    await download(one);
    expect((await readFile(one.file)).equals(content)).toBe(true);
    expect(one.lines).toContain('release.tar.gz is not what it was: it is downloaded again');
  });

  it('keeps what came before the connection broke, and goes on from there', async () => {
    const asked: (string | undefined)[] = [];
    let answer: http.RequestListener = () => undefined;
    const url = await serve((request, response) => answer(request, response));
    const one = await wanted(url);
    answer = stopsAfter(50_000, `${one.file}.part`, (response) => response.destroy());
    await expect(download(one)).rejects.toMatchObject({
      code: 'DOWNLOAD',
      retryable: true,
      next: cure,
      message: expect.stringContaining('the connection broke after 0.1 MB'),
    });
    expect(existsSync(one.file)).toBe(false);
    expect((await readFile(`${one.file}.part`)).equals(content.subarray(0, 50_000))).toBe(true);
    answer = ranges(asked);
    await download(one);
    expect(asked).toEqual(['bytes=50000-']);
    expect((await readFile(one.file)).equals(content)).toBe(true);
    expect(one.lines.at(-1)).toBe(`going on with ${url} after 0.1 MB (0.2 MB)`);
  });

  it('begins anew where the server can not go on', async () => {
    const one = await wanted(await serve((_, response) => response.writeHead(200).end(content)));
    await download({ ...one, sha512: sha512(content) });
    await writeFile(`${one.file}.part`, content.subarray(0, 1000));
    await writeFile(one.file, 'damaged');
    await download(one);
    expect((await readFile(one.file)).equals(content)).toBe(true);
  });

  it('begins anew when the rest does not fit to what was there', async () => {
    const asked: (string | undefined)[] = [];
    const one = await wanted(await serve(ranges(asked)));
    await download(one);
    await writeFile(one.file, 'damaged');
    await writeFile(`${one.file}.part`, randomBytes(1000));
    await download(one);
    expect(asked).toEqual([undefined, 'bytes=1000-', undefined]);
    expect((await readFile(one.file)).equals(content)).toBe(true);
  });

  it.each([
    ['the whole file', content],
    ['more than the file', Buffer.concat([content, content])],
  ])('gets on when what was there is %s', async (_, there) => {
    const one = await wanted(await serve(ranges([])), path.join(await temporaryDirectory(), 'release.tar.gz'));
    await writeFile(`${one.file}.part`, there);
    await download(one);
    expect((await readFile(one.file)).equals(content)).toBe(true);
  });

  it('with the wrong checksum is refused, told with both, and not kept', async () => {
    const one = await wanted(await serve(ranges([], Buffer.from('something else'))));
    await expect(download(one)).rejects.toMatchObject({
      code: 'DOWNLOAD',
      retryable: false,
      message: `${one.url} does not have the checksum that it should have`,
      details: [`SHA-512 expected: ${one.sha512}`, `SHA-512 received: ${sha512(Buffer.from('something else'))}`],
      next: cure,
    });
    expect([existsSync(one.file), existsSync(`${one.file}.part`)]).toEqual([false, false]);
  });

  it('that ends too early without anybody noticing fails by its checksum', async () => {
    // Without a length the end of the connection is the end of the body.
    const one = await wanted(
      await serve((_, response) => {
        response.writeHead(200, { connection: 'close' });
        response.useChunkedEncodingByDefault = false;
        response.end(content.subarray(0, 1000));
      }),
    );
    await expect(download(one)).rejects.toMatchObject({
      code: 'DOWNLOAD',
      message: expect.stringContaining('checksum'),
    });
  });

  it.each([
    [404, 'Not Found', false],
    [403, 'Forbidden', false],
    [429, 'Too Many Requests', true],
    [503, 'Service Unavailable', true],
  ])('that is answered with %i fails, and is tried again only where that may pass', async (status, text, retryable) => {
    const one = await wanted(await serve((_, response) => response.writeHead(status).end('page')));
    await expect(download(one)).rejects.toMatchObject({
      code: 'DOWNLOAD',
      message: `${one.url}: ${status} ${text}`,
      retryable,
      next: cure,
    });
    expect(existsSync(`${one.file}.part`)).toBe(false);
  });

  it('from where nobody listens may be tried again', async () => {
    const one = await wanted('http://127.0.0.1:9/release.tar.gz');
    await expect(download(one)).rejects.toMatchObject({
      code: 'DOWNLOAD',
      retryable: true,
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });

  it('follows redirects, and gives up where they go round', async () => {
    const target = await serve(ranges([]));
    const one = await wanted(
      await serve((_, response) => response.writeHead(302, { location: `${target}/there` }).end()),
    );
    await download(one);
    expect((await readFile(one.file)).equals(content)).toBe(true);
    const round = await wanted(await serve((_, response) => response.writeHead(302, { location: '/again' }).end()));
    await expect(download(round)).rejects.toMatchObject({
      code: 'DOWNLOAD',
      message: `${round.url} redirects more than 5 times`,
    });
  });

  it('gives up a server that says nothing, at once or in the middle', async () => {
    const silent = await wanted(`${await serve(() => undefined)}/r.tar.gz`);
    await expect(download({ ...silent, silence: 100 })).rejects.toMatchObject({
      code: 'DOWNLOAD',
      message: `${silent.url}: no answer for 0.1 s`,
      retryable: true,
    });
    const stuck = await wanted(
      await serve((_, response) => {
        response.writeHead(200, { 'content-length': content.length });
        response.write(content.subarray(0, 50_000));
      }),
    );
    await expect(download({ ...stuck, silence: 100 })).rejects.toMatchObject({ code: 'DOWNLOAD', retryable: true });
    expect(existsSync(stuck.file)).toBe(false);
  });

  it('leaves alone what a server calls an encoding: the archive is what has the checksum', async () => {
    const one = await wanted(
      await serve((_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(content)),
    );
    await download(one);
    expect((await readFile(one.file)).equals(content)).toBe(true);
  });

  it('ends when it is told to, and keeps what came', async () => {
    const abort = new AbortController();
    const file = path.join(await temporaryDirectory(), 'release.tar.gz');
    const url = await serve(stopsAfter(60_000, `${file}.part`, () => abort.abort()));
    const one = await wanted(url, file);
    await expect(download({ ...one, signal: abort.signal })).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(existsSync(one.file)).toBe(false);
    expect((await readFile(`${one.file}.part`)).equals(content.subarray(0, 60_000))).toBe(true);
  });

  it('to where nothing can be written is an error of the file, not of the web', async () => {
    const folder = await temporaryDirectory();
    await writeFile(path.join(folder, 'file'), '');
    const one = await wanted(await serve(ranges([])), path.join(folder, 'file', 'release.tar.gz'));
    await expect(download(one)).rejects.toMatchObject({
      code: 'LOCAL_FILE',
      message: expect.stringContaining('EEXIST'),
    });
    await mkdir(path.join(folder, 'release.tar.gz.part'));
    const other = await wanted(await serve(ranges([])), path.join(folder, 'release.tar.gz'));
    await expect(download(other)).rejects.toMatchObject({
      code: 'LOCAL_FILE',
      message: expect.stringContaining('EISDIR'),
    });
  });

  it.skipIf(!existsSync('/dev/full'))('on a full disk says so', async () => {
    const one = await wanted(await serve(ranges([])), path.join(await temporaryDirectory(), 'release.tar.gz'));
    await symlink('/dev/full', `${one.file}.part`);
    await expect(download(one)).rejects.toMatchObject({
      code: 'LOCAL_FILE',
      message: `can't write ${one.file}.part: ENOSPC`,
    });
  });
});

describe('a redirect', () => {
  it.each([
    ['https://a/x', 'https://b/y', 'https://b/y'],
    ['https://a/x', '/y', 'https://a/y'],
    ['http://a/x', 'https://b/y', 'https://b/y'],
    ['http://a/x', 'http://b/y', 'http://b/y'],
    ['https://a/x', 'http://b/y', undefined],
    ['http://a/x', 'file:///etc/passwd', undefined],
    ['http://a/x', 'http://', undefined],
  ])('from %s to %s leads to %s', (from, location, to) => {
    expect(redirectTarget(new URL(from), location)?.href).toBe(to);
  });
});

describe('a published checksum', () => {
  const options = { cure, signal: new AbortController().signal };
  const digest = 'ab'.repeat(64);

  it.each(['.sha512', '.mds'])('is found beside the release, in %s', async (suffix) => {
    const url = await serve((request, response) => {
      const there = request.url === `/r.tar.gz${suffix}`;
      response.writeHead(there ? 200 : 404).end(there ? `SHA512 (r.tar.gz) = ${digest}\n` : 'no');
    });
    expect(await publishedSha512(`${url}/r.tar.gz`, options)).toBe(digest);
  });

  it('is undefined where there is none', async () => {
    const url = await serve((_, response) => response.writeHead(404).end());
    expect(await publishedSha512(`${url}/r.tar.gz`, options)).toBeUndefined();
  });

  it.each([
    [
      'a page instead of it',
      (_: http.IncomingMessage, response: http.ServerResponse) => response.end('<html>'),
      /\.sha512 tells no SHA-512$/,
      false,
    ],
    [
      'far more than a checksum',
      (_: http.IncomingMessage, response: http.ServerResponse) => response.end('x'.repeat(70_000)),
      /more than 65536 bytes$/,
      false,
    ],
    [
      'a server that is in trouble',
      (_: http.IncomingMessage, response: http.ServerResponse) => response.writeHead(500).end(),
      /: 500 /,
      true,
    ],
  ])('fails for %s', async (_, answer, message, retryable) => {
    const url = await serve(answer);
    await expect(publishedSha512(`${url}/r.tar.gz`, options)).rejects.toMatchObject({
      code: 'DOWNLOAD',
      message: expect.stringMatching(message),
      retryable,
    });
  });
});
