import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { extract } from 'tar-stream';
import type { FakeRegistry } from './fake-registry.js';

/** A build as a FakeEngine was asked for it. */
export interface SeenBuild {
  readonly query: URLSearchParams;
  readonly registryConfig: unknown;
  /** Path -> mode and text. */
  readonly files: ReadonlyMap<string, { readonly mode: number; readonly text: string }>;
}

/** An in-process stand-in for Docker Engine's API on a socket; pushes into a FakeRegistry. */
export class FakeEngine {
  readonly builds: SeenBuild[] = [];
  readonly pulled: string[] = [];
  readonly pushed: { readonly reference: string; readonly auth: unknown }[] = [];
  /** Names of images -> labels. */
  readonly images = new Map<string, Record<string, string>>();
  /** `repository@digest` of an image without a tag. */
  digests: string[] = [];
  readonly paths: string[] = [];
  apiVersions = { ApiVersion: '1.41', MinAPIVersion: '1.12' };
  /** JSON lines that a build tells; with `error` in one of them it makes no image. */
  buildOutput: readonly object[] = [{ stream: 'Step 1/1 : FROM scratch\n' }, { stream: 'Successfully built\n' }];
  buildStatus = 200;
  pullError: string | undefined;
  pushError: string | undefined;
  /** Answers a build's request and then says no more. */
  hangs = false;
  /** Set when the client hung up on such a build. */
  aborted = false;
  readonly #registry: FakeRegistry;
  readonly #folder: string;
  readonly #server: http.Server;

  private constructor(registry: FakeRegistry, folder: string) {
    this.#registry = registry;
    this.#folder = folder;
    this.#server = http.createServer((request, response) => void this.#receive(request, response));
  }

  static async start(registry: FakeRegistry): Promise<FakeEngine> {
    const engine = new FakeEngine(registry, await mkdtemp(join(tmpdir(), 'pai-engine-')));
    await new Promise<void>((resolve) => engine.#server.listen(engine.socket, resolve));
    return engine;
  }

  get socket(): string {
    return join(this.#folder, 'docker.sock');
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    await rm(this.#folder, { recursive: true });
  }

  async #receive(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://engine');
    this.paths.push(`${request.method} ${url.pathname}`);
    const path = url.pathname.replace(/^\/v\d+\.\d+/, '');
    const image = decodeURIComponent(/^\/images\/(.+?)(?:\/(?:push|tag))?$/.exec(path)?.[1] ?? '');
    if (path === '/version') this.#json(response, 200, this.apiVersions);
    else if (path === '/build') await this.#build(request, url, response);
    else if (path === '/images/create') this.#pull(url, response);
    else if (path === '/images/json') {
      const filters = JSON.parse(url.searchParams.get('filters') ?? '{}') as { reference?: string[] };
      const tags = [...this.images.keys()].filter((name) => name.startsWith(`${filters.reference?.[0]}:`));
      this.#json(response, 200, [
        ...(tags.length === 0 ? [] : [{ RepoTags: tags }]),
        { RepoTags: ['<none>:<none>'], RepoDigests: this.digests },
      ]);
    } else if (path.endsWith('/push')) this.#push(image, url, request, response);
    else if (path.endsWith('/tag')) {
      this.images.set(`${url.searchParams.get('repo')}:${url.searchParams.get('tag')}`, this.images.get(image) ?? {});
      response.writeHead(201).end();
    } else if (request.method === 'DELETE') {
      this.#json(response, this.#delete(image) ? 200 : 404, { message: `No such image: ${image}` });
    } else this.#json(response, 404, { message: `FakeEngine knows no ${url.pathname}` });
  }

  async #build(request: http.IncomingMessage, url: URL, response: http.ServerResponse): Promise<void> {
    const header = request.headers['x-registry-config'];
    const files = await readTar(request).catch(() => undefined);
    // The client hung up.
    if (files === undefined) return;
    this.builds.push({ query: url.searchParams, registryConfig: decode(header), files });
    if (this.buildStatus !== 200) {
      this.#json(response, this.buildStatus, { message: 'dockerfile parse error line 1' });
      return;
    }
    if (this.hangs) {
      response.on('close', () => {
        this.aborted = true;
      });
      response.write(`${JSON.stringify({ stream: 'Step 1/1 : RUN sleep 1000\n' })}\n`);
      return;
    }
    if (!this.buildOutput.some((message) => 'error' in message)) {
      const labels = JSON.parse(url.searchParams.get('labels') ?? '{}') as Record<string, string>;
      this.images.set(url.searchParams.get('t') ?? '', labels);
    }
    response.end(this.buildOutput.map((message) => `${JSON.stringify(message)}\r\n`).join(''));
  }

  #pull(url: URL, response: http.ServerResponse): void {
    const reference = `${url.searchParams.get('fromImage')}:${url.searchParams.get('tag')}`;
    this.pulled.push(reference);
    response.end(
      `${JSON.stringify(this.pullError === undefined ? { status: 'up to date' } : { error: this.pullError })}\n`,
    );
  }

  #push(image: string, url: URL, request: http.IncomingMessage, response: http.ServerResponse): void {
    const reference = url.searchParams.has('tag') ? `${image}:${url.searchParams.get('tag')}` : image;
    this.pushed.push({ reference, auth: decode(request.headers['x-registry-auth']) });
    if (this.pushError !== undefined) {
      response.end(
        `${JSON.stringify({ status: 'Preparing', id: 'abc' })}\n${JSON.stringify({ error: this.pushError })}\n`,
      );
      return;
    }
    const at = reference.lastIndexOf(':');
    const repository = reference.slice(reference.indexOf('/') + 1, at);
    this.#registry.put(repository, reference.slice(at + 1), this.images.get(reference) ?? {});
    response.end(`${JSON.stringify({ status: 'Pushed', id: 'abc' })}\n`);
  }

  #delete(name: string): boolean {
    const known = this.digests.includes(name);
    this.digests = this.digests.filter((digest) => digest !== name);
    return this.images.delete(name) || known;
  }

  #json(response: http.ServerResponse, status: number, body: unknown): void {
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
  }
}

/** A header as the engine reads it: base64 with the URL alphabet only. */
function decode(header: string | string[] | undefined): unknown {
  if (typeof header !== 'string') return undefined;
  if (!/^[\w-]*=*$/.test(header)) throw new Error('not base64 in the URL alphabet');
  return JSON.parse(Buffer.from(header, 'base64url').toString('utf8'));
}

/** Regular files of a tar. */
export async function readTar(stream: AsyncIterable<Uint8Array>): Promise<Map<string, { mode: number; text: string }>> {
  const files = new Map<string, { mode: number; text: string }>();
  const unpack = extract();
  Readable.from(stream)
    .once('error', (error) => unpack.destroy(error))
    .pipe(unpack);
  for await (const entry of unpack) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of entry) chunks.push(chunk as Uint8Array);
    if (entry.header.type === 'file') {
      files.set(entry.header.name, { mode: entry.header.mode ?? 0, text: Buffer.concat(chunks).toString('utf8') });
    }
  }
  return files;
}
