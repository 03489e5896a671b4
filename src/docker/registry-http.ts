import { readFile } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import type { Readable } from 'node:stream';
import tls from 'node:tls';
import { PaiError } from '../model/errors.js';
import { REGISTRY_SETTINGS, type RegistryAccess, registryUrl } from './registry-access.js';
import { connectionError } from './registry-errors.js';

/** Seconds without a byte after which a registry counts as unreachable. */
const IDLE_SECONDS = 10;
/** The same while layers are sent: a registry answers when it has stored and checked the whole. */
const STREAM_IDLE_SECONDS = 120;
/** Manifests and image configurations are a few kilobytes; more than this is not one. */
const MAXIMUM_BYTES = 16 * 1024 * 1024;
/** Connections at a time: a TLS handshake costs more than waiting for a turn on an open connection. */
const CONNECTIONS = 4;

/** A request to a registry, its token service or its blob storage. */
export interface RegistryRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | StreamedBody;
  readonly signal?: AbortSignal;
}

/** A body of known length that is read once, so such a request can't be sent again. */
export interface StreamedBody {
  readonly stream: Readable;
  readonly bytes: number;
}

/** An answer whose body is yet to be read; whoever has it reads or destroys it. */
export interface OpenResponse {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: http.IncomingMessage;
}

/** A whole answer. */
export interface RegistryResponse {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

/**
 * HTTP to one registry and to where it sends us, over kept connections. `fetch` is not used because it cannot be given
 * a CA. Idle connections do not hold the process, so there is nothing to close.
 */
export class RegistryHttp {
  readonly #access: RegistryAccess;
  readonly #host: string;
  readonly #agents = new Map<string, Promise<http.Agent>>();

  constructor(access: RegistryAccess) {
    this.#access = access;
    this.#host = registryUrl(access).host;
  }

  /** Sends a request. Fails with REGISTRY_UNREACHABLE; any HTTP status is an answer, redirections are not followed. */
  async send(request: RegistryRequest): Promise<RegistryResponse> {
    return this.#guarded(request, async () => collect(await openAgain(request, await this.#agent(request.url))));
  }

  /** The same, with the body as it comes: for layers. */
  async open(request: RegistryRequest): Promise<OpenResponse> {
    return this.#guarded(request, async () => {
      const body = await openAgain(request, await this.#agent(request.url));
      return { status: body.statusCode ?? 0, headers: body.headers, body };
    });
  }

  async #guarded<Result>(request: RegistryRequest, work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      if (request.signal?.aborted) throw request.signal.reason;
      if (error instanceof PaiError) throw error;
      throw connectionError(error, this.#access, request.url);
    }
  }

  #agent(url: URL): Promise<http.Agent> {
    const known = this.#agents.get(url.origin);
    if (known !== undefined) return known;
    const made = this.#makeAgent(url);
    this.#agents.set(url.origin, made);
    return made;
  }

  async #makeAgent(url: URL): Promise<http.Agent> {
    const options = { keepAlive: true, maxSockets: CONNECTIONS, scheduling: 'lifo' } as const;
    if (url.protocol === 'http:') return new http.Agent(options);
    const { caPath } = this.#access;
    if (caPath === undefined) return new https.Agent(options);
    const ca = await readAuthority(caPath);
    // The registry itself is held to the CA that was given; a token service or storage elsewhere may have a public one.
    return new https.Agent({ ...options, ca: url.host === this.#host ? ca : [...tls.rootCertificates, ca] });
  }
}

async function readAuthority(path: string): Promise<string> {
  let pem: string;
  try {
    pem = await readFile(path, 'utf8');
  } catch (error) {
    throw new PaiError('CONFIG_INVALID', `the registry's CA ${path} can't be read: ${(error as Error).message}`, {
      where: `${REGISTRY_SETTINGS}: docker-registry-ca`,
      next: 'Put the PEM file there, or correct docker-registry-ca.',
      cause: error,
    });
  }
  if (pem.includes('-----BEGIN CERTIFICATE-----')) return pem;
  throw new PaiError('CONFIG_INVALID', `the registry's CA ${path} holds no PEM certificate`, {
    where: `${REGISTRY_SETTINGS}: docker-registry-ca`,
    next: 'Give the CA certificate in PEM form (-----BEGIN CERTIFICATE-----).',
  });
}

async function openAgain(request: RegistryRequest, agent: http.Agent): Promise<http.IncomingMessage> {
  try {
    return await openOnce(request, agent);
  } catch (error) {
    if (!(error instanceof StaleConnection) || isStreamed(request.body)) throw error;
    return await openOnce(request, agent);
  }
}

/** A kept connection that the registry closed just as we used it again: no answer was lost, asking again is right. */
class StaleConnection extends Error {}

function isStreamed(body: RegistryRequest['body']): body is StreamedBody {
  return body !== undefined && 'stream' in body;
}

function openOnce(request: RegistryRequest, agent: http.Agent): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    const { request: open } = request.url.protocol === 'http:' ? http : https;
    const { body } = request;
    const bytes = isStreamed(body) ? body.bytes : (body?.byteLength ?? 0);
    const seconds = isStreamed(body) ? STREAM_IDLE_SECONDS : IDLE_SECONDS;
    const outgoing = open(request.url, {
      method: request.method,
      headers: { 'User-Agent': 'pai', ...request.headers, 'Content-Length': String(bytes) },
      agent,
      timeout: seconds * 1000,
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    });
    outgoing.on('timeout', () => {
      outgoing.destroy(Object.assign(new Error(`no answer in ${seconds} seconds`), { code: 'ETIMEDOUT' }));
    });
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      const reset = error.code === 'ECONNRESET' || error.code === 'EPIPE';
      reject(reset && outgoing.reusedSocket ? new StaleConnection(error.message, { cause: error }) : error);
    });
    outgoing.on('response', resolve);
    if (isStreamed(body)) {
      body.stream.on('error', (error) => outgoing.destroy(error));
      body.stream.pipe(outgoing);
    } else outgoing.end(body);
  });
}

function collect(incoming: http.IncomingMessage): Promise<RegistryResponse> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    incoming.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size > MAXIMUM_BYTES) incoming.destroy(new Error(`an answer of more than ${MAXIMUM_BYTES} bytes`));
    });
    incoming.on('error', reject);
    incoming.on('end', () =>
      resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: Buffer.concat(chunks) }),
    );
  });
}
