import { createHash } from 'node:crypto';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import { hasFault, type SandboxDescription, type SandboxLayout } from '../layout.js';
import { listenOnLoopback } from '../servers.js';
import { isDigest, RegistryStorage } from './storage.js';

const MAXIMUM_BYTES = 256 * 1024 * 1024;

interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
}

/** What a path of `/v2/` is about. */
type Route =
  | { readonly to: 'base' }
  | { readonly to: 'manifests' | 'blobs' | 'uploads'; readonly repository: string; readonly reference: string }
  | { readonly to: 'tags'; readonly repository: string };

/** Docker registry HTTP API v2, with basic authentication. While the registry is down, connections are reset. */
export class RegistryServer {
  readonly #layout: SandboxLayout;
  readonly #authorization: string;
  readonly #storage: RegistryStorage;
  readonly #server: http.Server;

  constructor(layout: SandboxLayout, sandbox: SandboxDescription) {
    this.#layout = layout;
    const { user, password } = sandbox.registry;
    this.#authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
    this.#storage = new RegistryStorage(layout.registry);
    this.#server = http.createServer((request, response) => void this.#serve(request, response));
    this.#server.on('connection', (socket) => {
      if (this.#isDown()) socket.resetAndDestroy();
    });
  }

  /** @returns the port on loopback */
  listen(): Promise<number> {
    return listenOnLoopback(this.#server);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #isDown(): boolean {
    return hasFault(this.#layout, 'registry-down');
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const body = await readBody(request);
      if (this.#isDown()) {
        request.socket.resetAndDestroy();
        return;
      }
      const { status, headers = {}, body: content = '' } = this.#answer(request, body);
      const length = String(Buffer.byteLength(content));
      response.writeHead(status, {
        'Docker-Distribution-API-Version': 'registry/2.0',
        'Content-Length': length,
        ...headers,
      });
      response.end(request.method === 'HEAD' ? undefined : content);
    } catch {
      request.socket.destroy();
    }
  }

  #answer(request: IncomingMessage, body: Buffer): Answer {
    const url = new URL(request.url ?? '/', 'http://registry');
    const route = routeOf(url.pathname);
    if (route === undefined) return { status: 404 };
    if (request.headers.authorization !== this.#authorization) {
      return {
        ...failure(401, 'UNAUTHORIZED', 'authentication required'),
        headers: { 'WWW-Authenticate': 'Basic realm="simulated registry"' },
      };
    }
    const method = request.method ?? 'GET';
    if (route.to === 'base') return json(200, {});
    if (!/^[a-z0-9]+([._/-]+[a-z0-9]+)*$/.test(route.repository)) {
      return failure(400, 'NAME_INVALID', 'invalid repository name');
    }
    switch (route.to) {
      case 'tags':
        return json(200, { name: route.repository, tags: this.#storage.tags(route.repository) });
      case 'manifests':
        return this.#manifest(method, route, request.headers['content-type'] ?? '', body);
      case 'blobs':
        return this.#blob(method, route);
      case 'uploads':
        return this.#upload(method, route, url.searchParams, body);
    }
  }

  #manifest(method: string, route: Extract<Route, { reference: string }>, mediaType: string, body: Buffer): Answer {
    const { repository, reference } = route;
    if (!isDigest(reference) && !/^\w[\w.-]{0,127}$/.test(reference)) {
      return failure(404, 'MANIFEST_UNKNOWN', 'manifest unknown');
    }
    if (method === 'PUT') return this.#putManifest(repository, reference, mediaType, body);
    if (method === 'DELETE') {
      return this.#storage.deleteManifest(repository, reference)
        ? { status: 202 }
        : failure(404, 'MANIFEST_UNKNOWN', 'manifest unknown');
    }
    if (method !== 'GET' && method !== 'HEAD') return { status: 405 };
    const found = this.#storage.manifest(repository, reference);
    if (found === undefined) return failure(404, 'MANIFEST_UNKNOWN', 'manifest unknown');
    return {
      status: 200,
      headers: { 'Content-Type': found.mediaType, 'Docker-Content-Digest': found.digest },
      body: found.body,
    };
  }

  #putManifest(repository: string, reference: string, mediaType: string, body: Buffer): Answer {
    const parts = partsOf(body);
    if (parts === undefined) return failure(400, 'MANIFEST_INVALID', 'manifest invalid');
    const missing = parts.find(
      (digest) =>
        this.#storage.blob(repository, digest) === undefined &&
        this.#storage.manifest(repository, digest) === undefined,
    );
    if (missing !== undefined) return failure(400, 'MANIFEST_BLOB_UNKNOWN', `blob unknown to registry: ${missing}`);
    if (isDigest(reference) && reference !== digestOf(body)) return failure(400, 'DIGEST_INVALID', 'digest mismatch');
    const digest = this.#storage.putManifest(repository, reference, mediaType, body);
    const headers = { Location: `/v2/${repository}/manifests/${digest}`, 'Docker-Content-Digest': digest };
    return { status: 201, headers };
  }

  #blob(method: string, { repository, reference }: Extract<Route, { reference: string }>): Answer {
    if (method !== 'GET' && method !== 'HEAD') return { status: 405 };
    const content = isDigest(reference) ? this.#storage.blob(repository, reference) : undefined;
    if (content === undefined) return failure(404, 'BLOB_UNKNOWN', 'blob unknown to registry');
    const headers = { 'Content-Type': 'application/octet-stream', 'Docker-Content-Digest': reference };
    return { status: 200, headers, body: content };
  }

  #upload(
    method: string,
    { repository, reference: id }: Extract<Route, { reference: string }>,
    query: URLSearchParams,
    body: Buffer,
  ): Answer {
    const digest = query.get('digest') ?? '';
    if (method === 'POST') {
      const mount = query.get('mount') ?? '';
      if (isDigest(mount) && this.#storage.mountBlob(repository, query.get('from') ?? '', mount)) {
        return stored(repository, mount);
      }
      if (digest !== '') return this.#complete(repository, digest, body);
      return this.#progress(repository, this.#storage.beginUpload(), 0);
    }
    const before = this.#storage.upload(id);
    if (before === undefined) return failure(404, 'BLOB_UPLOAD_UNKNOWN', 'blob upload unknown to registry');
    if (method === 'PATCH') return this.#progress(repository, id, this.#storage.extendUpload(id, body));
    if (method === 'DELETE') {
      this.#storage.endUpload(id);
      return { status: 204 };
    }
    if (method !== 'PUT') return { status: 405 };
    const answer = this.#complete(repository, digest, Buffer.concat([before, body]));
    this.#storage.endUpload(id);
    return answer;
  }

  #complete(repository: string, digest: string, content: Buffer): Answer {
    if (digest !== digestOf(content)) {
      return failure(400, 'DIGEST_INVALID', 'provided digest did not match uploaded content');
    }
    this.#storage.putBlob(repository, content);
    return stored(repository, digest);
  }

  #progress(repository: string, id: string, size: number): Answer {
    const headers = {
      Location: `/v2/${repository}/blobs/uploads/${id}`,
      Range: `0-${Math.max(size - 1, 0)}`,
      'Docker-Upload-UUID': id,
    };
    return { status: 202, headers };
  }
}

function routeOf(path: string): Route | undefined {
  if (path === '/v2/' || path === '/v2') return { to: 'base' };
  const [, of, tags] = /^\/v2\/(.+)\/tags\/(list)$/.exec(path) ?? [];
  if (of !== undefined && tags !== undefined) return { to: 'tags', repository: of };
  const [, uploading, id = ''] = /^\/v2\/(.+?)\/blobs\/uploads\/?([^/]*)$/.exec(path) ?? [];
  if (uploading !== undefined) return { to: 'uploads', repository: uploading, reference: id };
  const [, repository, to, reference] = /^\/v2\/(.+)\/(manifests|blobs)\/([^/]+)$/.exec(path) ?? [];
  if (repository === undefined || reference === undefined) return undefined;
  return { to: to === 'blobs' ? 'blobs' : 'manifests', repository, reference };
}

/** Digests that a manifest names, which must be there before it; undefined for what is no manifest. */
function partsOf(body: Buffer): readonly string[] | undefined {
  try {
    const { config, layers, manifests } = JSON.parse(body.toString('utf8')) as Record<string, unknown>;
    const lists = [[config], layers, manifests].flatMap((list) => (Array.isArray(list) ? list : []));
    return lists.flatMap((part: unknown) => {
      const named = typeof part === 'object' && part !== null && 'digest' in part ? part.digest : undefined;
      return typeof named === 'string' ? [named] : [];
    });
  } catch {
    return undefined;
  }
}

function stored(repository: string, digest: string): Answer {
  return {
    status: 201,
    headers: { Location: `/v2/${repository}/blobs/${digest}`, 'Docker-Content-Digest': digest },
  };
}

function digestOf(content: Uint8Array): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}

function json(status: number, body: object): Answer {
  return { status, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
}

function failure(status: number, code: string, message: string): Answer {
  return json(status, { errors: [{ code, message, detail: {} }] });
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MAXIMUM_BYTES) throw new Error('the request is too large');
  }
  return Buffer.concat(chunks);
}
