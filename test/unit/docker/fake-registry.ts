import { createHash } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import type { RegistryAccess } from '../../../src/docker/registry-access.js';

const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';

/** How a FakeRegistry behaves. */
export interface FakeRegistryOptions {
  readonly auth?: 'none' | 'basic' | 'bearer';
  readonly username?: string;
  readonly password?: string;
  readonly tls?: { readonly certificate: string; readonly key: string };
  /** What DELETE takes; `off` answers 405. */
  readonly deletion?: 'tag' | 'digest' | 'off';
  /** Seconds that a token is good for. */
  readonly tokenSeconds?: number;
  /** Blobs are fetched from another origin, as from a cloud's object storage. */
  readonly blobsElsewhere?: boolean;
}

/** A request as a FakeRegistry saw it. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
}

interface Stored {
  readonly type: string;
  readonly body: Buffer;
}

/** An in-process stand-in for a registry's HTTP API v2: manifests, blobs and log-in, no uploads. */
export class FakeRegistry {
  readonly requests: SeenRequest[] = [];
  /** When it gives an answer, that is the registry's answer. */
  intercept: (request: SeenRequest) => { status: number; body?: string; headers?: Record<string, string> } | undefined =
    () => undefined;
  readonly #options: FakeRegistryOptions;
  readonly #server: http.Server;
  readonly #storage: http.Server;
  /** `repository@reference` */
  readonly #manifests = new Map<string, Stored>();
  readonly #blobs = new Map<string, Buffer>();
  readonly #tokens = new Map<string, { scope: string; expires: number }>();

  private constructor(options: FakeRegistryOptions) {
    this.#options = options;
    const listener: http.RequestListener = (request, response) => void this.#receive(request, response);
    const { tls } = options;
    this.#server =
      tls === undefined
        ? http.createServer(listener)
        : https.createServer({ cert: tls.certificate, key: tls.key }, listener);
    this.#storage = http.createServer((request, response) => {
      this.#see(request, 'storage');
      response.end(this.#blobs.get(request.url?.slice(1) ?? ''));
    });
  }

  static async start(options: FakeRegistryOptions = {}): Promise<FakeRegistry> {
    const registry = new FakeRegistry(options);
    await Promise.all(
      [registry.#server, registry.#storage].map(
        (server) => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)),
      ),
    );
    return registry;
  }

  async stop(): Promise<void> {
    for (const server of [this.#server, this.#storage]) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  get domain(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Access to it with its own user name and password. */
  get access(): RegistryAccess {
    const { username, password, tls } = this.#options;
    return {
      domain: this.domain,
      insecure: tls === undefined,
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
    };
  }

  /** Puts an image with these labels under a reference; gives the manifest's digest. */
  put(repository: string, tag: string, labels: Record<string, string>): string {
    const config = this.putBlob(JSON.stringify({ architecture: 'amd64', os: 'linux', config: { Labels: labels } }));
    const manifest = { schemaVersion: 2, mediaType: DOCKER_MANIFEST, config: { digest: config }, layers: [] };
    return this.putManifest(repository, tag, DOCKER_MANIFEST, JSON.stringify(manifest));
  }

  putManifest(repository: string, tag: string, type: string, body: string | Buffer): string {
    const stored = { type, body: Buffer.from(body) };
    const digest = digestOf(stored.body);
    this.#manifests.set(`${repository}@${digest}`, stored);
    this.#manifests.set(`${repository}@${tag}`, stored);
    return digest;
  }

  putBlob(body: string): string {
    const digest = digestOf(Buffer.from(body));
    this.#blobs.set(digest, Buffer.from(body));
    return digest;
  }

  removeBlobs(): void {
    this.#blobs.clear();
  }

  /** Tags of a repository, sorted. */
  tags(repository: string): string[] {
    const prefix = `${repository}@`;
    return [...this.#manifests.keys()]
      .filter((key) => key.startsWith(prefix) && !key.startsWith(`${prefix}sha256:`))
      .map((key) => key.slice(prefix.length))
      .sort();
  }

  #see(request: http.IncomingMessage, prefix = ''): SeenRequest {
    const seen = {
      method: request.method ?? '',
      path: prefix + (request.url ?? ''),
      authorization: request.headers.authorization,
    };
    this.requests.push(seen);
    return seen;
  }

  async #receive(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const seen = this.#see(request);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const made = this.intercept(seen);
    if (made !== undefined) {
      response.writeHead(made.status, made.headers).end(made.body ?? '');
      return;
    }
    const url = new URL(request.url ?? '/', `http://${this.domain}`);
    if (url.pathname === '/token') {
      this.#giveToken(url, seen, response);
      return;
    }
    const [, repository = '', kind, reference = ''] =
      /^\/v2\/(?:(.+)\/(manifests|blobs)\/(.+))?$/.exec(url.pathname) ?? [];
    if (!this.#mayPass(seen, repository)) {
      this.#challenge(response, repository);
      return;
    }
    if (url.pathname === '/v2/') response.end('{}');
    else if (kind === 'manifests')
      this.#manifest(seen.method, repository, reference, request, Buffer.concat(chunks), response);
    else if (kind === 'blobs' && this.#options.blobsElsewhere) {
      const { port } = this.#storage.address() as AddressInfo;
      response.writeHead(307, { Location: `http://127.0.0.1:${port}/${reference}` }).end();
    } else if (kind === 'blobs' && this.#blobs.has(reference)) response.end(this.#blobs.get(reference));
    else fail(response, 404, 'BLOB_UNKNOWN', 'blob unknown to registry');
  }

  #manifest(
    method: string,
    repository: string,
    reference: string,
    request: http.IncomingMessage,
    body: Buffer,
    response: http.ServerResponse,
  ): void {
    const key = `${repository}@${reference}`;
    const stored = this.#manifests.get(key);
    if (method === 'PUT') {
      const digest = this.putManifest(repository, reference, request.headers['content-type'] ?? '', body);
      response.writeHead(201, { 'Docker-Content-Digest': digest }).end();
    } else if (stored === undefined) {
      fail(response, 404, 'MANIFEST_UNKNOWN', 'manifest unknown');
    } else if (method === 'GET') {
      const acceptable = request.headers.accept?.includes(stored.type);
      if (!acceptable) fail(response, 404, 'MANIFEST_UNKNOWN', 'manifest of a type that was not asked for');
      else response.writeHead(200, { 'Content-Type': stored.type }).end(stored.body);
    } else this.#delete(key, stored, response);
  }

  #delete(key: string, stored: Stored, response: http.ServerResponse): void {
    const { deletion = 'tag' } = this.#options;
    const byDigest = key.includes('@sha256:');
    if (deletion === 'off') {
      fail(response, 405, 'UNSUPPORTED', 'The operation is unsupported.');
      return;
    }
    if (deletion === 'digest' && !byDigest) {
      fail(response, 400, 'DIGEST_INVALID', 'provided digest did not match');
      return;
    }
    if (byDigest) {
      // As a real one: with all of its tags.
      for (const [other, value] of this.#manifests) if (value.body.equals(stored.body)) this.#manifests.delete(other);
    }
    this.#manifests.delete(key);
    response.writeHead(202).end();
  }

  #mayPass(request: SeenRequest, repository: string): boolean {
    const { auth = 'none' } = this.#options;
    if (auth === 'none') return true;
    if (auth === 'basic') return request.authorization === this.#basic();
    const token = this.#tokens.get(request.authorization?.replace(/^Bearer /, '') ?? '');
    if (token === undefined || token.expires < Date.now()) return false;
    const action = request.method === 'GET' ? 'pull' : request.method === 'PUT' ? 'push' : 'delete';
    return repository === '' || (token.scope.startsWith(`repository:${repository}:`) && token.scope.includes(action));
  }

  #basic(): string {
    return `Basic ${Buffer.from(`${this.#options.username}:${this.#options.password}`).toString('base64')}`;
  }

  #challenge(response: http.ServerResponse, repository: string): void {
    const scope = repository === '' ? '' : `,scope="repository:${repository}:pull"`;
    const header =
      this.#options.auth === 'bearer'
        ? `Bearer realm="http://${this.domain}/token",service="fake"${scope}`
        : 'Basic realm="fake"';
    response.setHeader('WWW-Authenticate', header);
    fail(response, 401, 'UNAUTHORIZED', 'authentication required');
  }

  #giveToken(url: URL, request: SeenRequest, response: http.ServerResponse): void {
    const anonymous = this.#options.username === undefined;
    if (!anonymous && request.authorization !== this.#basic()) {
      fail(response, 401, 'UNAUTHORIZED', 'bad password');
      return;
    }
    const token = `token-${this.#tokens.size}`;
    const seconds = this.#options.tokenSeconds ?? 300;
    this.#tokens.set(token, { scope: url.searchParams.get('scope') ?? '', expires: Date.now() + seconds * 1000 });
    response.end(JSON.stringify({ token, expires_in: seconds }));
  }
}

function digestOf(body: Buffer): string {
  return `sha256:${createHash('sha256').update(body).digest('hex')}`;
}

function fail(response: http.ServerResponse, status: number, code: string, message: string): void {
  response
    .writeHead(status, { 'Content-Type': 'application/json' })
    .end(JSON.stringify({ errors: [{ code, message }] }));
}
