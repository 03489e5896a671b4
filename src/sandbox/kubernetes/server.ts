import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import https from 'node:https';
import net from 'node:net';
import path from 'node:path';
import { TLSSocket } from 'node:tls';
import type { SandboxDescription, SandboxHost, SandboxLayout } from '../layout.js';
import { listenOnLoopback } from '../servers.js';
import type { User } from './access.js';
import { type ApiAnswer, SandboxApi } from './api.js';
import { answeringMaster } from './availability.js';
import { ApiError } from './status.js';

const WATCH_MS = 200;
const MAXIMUM_BYTES = 8 * 1024 * 1024;

/** The API server of one master, as a connection sees it: gone with the master, and with its certificate. */
interface Backend {
  readonly master: SandboxHost;
  readonly certificate: string;
  readonly key: string;
  readonly ca: string;
}

/**
 * The HTTPS server in front of the API. Each connection is to one master, with that master's certificate and CA, and breaks
 * off when that one does not answer any more, as a connection through haproxy does.
 */
export class ApiServer {
  readonly #layout: SandboxLayout;
  readonly #sandbox: SandboxDescription;
  readonly #api: SandboxApi;
  readonly #listener: net.Server;
  readonly #server: https.Server;
  readonly #sockets = new Set<net.Socket>();
  /** By the client's port. */
  readonly #backends = new Map<number, Backend>();
  #current: Backend | undefined;

  constructor(layout: SandboxLayout, sandbox: SandboxDescription) {
    this.#layout = layout;
    this.#sandbox = sandbox;
    this.#api = new SandboxApi(layout, sandbox);
    // It never listens by itself: it is handed connections when it is known whose certificate they get.
    this.#server = https.createServer({ requestCert: true, rejectUnauthorized: false });
    this.#server.on('secureConnection', (socket: TLSSocket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    this.#server.on('tlsClientError', (_error, socket) => socket.destroy());
    this.#server.on('request', (request, response) => void this.#serve(request, response));
    this.#listener = net.createServer((socket) => this.#accept(socket));
  }

  /** @returns the port on loopback */
  listen(): Promise<number> {
    return listenOnLoopback(this.#listener);
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#listener.close(resolve));
  }

  #accept(socket: net.Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    const backend = this.#backend();
    if (backend === undefined) {
      socket.resetAndDestroy();
      return;
    }
    const { certificate: cert, key, ca } = backend;
    if (!isSame(backend, this.#current)) this.#server.setSecureContext({ cert, key, ca });
    this.#current = backend;
    const { remotePort = 0 } = socket;
    this.#backends.set(remotePort, backend);
    socket.on('close', () => this.#backends.delete(remotePort));
    this.#server.emit('connection', socket);
  }

  /** The master that answers now; undefined when none does, or when it has no certificate. */
  #backend(): Backend | undefined {
    const master = answeringMaster(this.#layout, this.#sandbox);
    if (master === undefined) return undefined;
    const pki = path.join(this.#layout.host(master.name).root, 'etc/kubernetes/pki');
    const read = (name: string) => readFileSync(path.join(pki, name), 'utf8');
    try {
      return { master, certificate: read('kube-apiserver.crt'), key: read('kube-apiserver.key'), ca: read('ca.crt') };
    } catch {
      // An API server without them ends at once.
      return undefined;
    }
  }

  /** Whether the API server that a connection is to still answers. */
  #isUp(socket: TLSSocket): Backend | undefined {
    const backend = this.#backend();
    return isSame(backend, this.#backends.get(socket.remotePort ?? 0)) ? backend : undefined;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { socket } = request;
    if (!(socket instanceof TLSSocket)) return;
    try {
      const body = await readBody(request);
      const backend = this.#isUp(socket);
      if (backend === undefined) {
        socket.destroy();
        return;
      }
      const user = userOf(socket);
      if (user === undefined) {
        send(response, 401, new ApiError(401, 'Unauthorized', 'Unauthorized').body());
        return;
      }
      const url = new URL(request.url ?? '/', 'https://sandbox');
      const answer = await this.#api.answer({
        method: request.method ?? 'GET',
        path: url.pathname.replace(/(.)\/$/, '$1'),
        query: url.searchParams,
        accept: request.headers.accept ?? '',
        contentType: request.headers['content-type'] ?? '',
        agent: request.headers['user-agent'] ?? '',
        body,
        user,
        master: backend.master,
      });
      if ('events' in answer) this.#watch(answer, socket, response);
      else send(response, answer.status, answer.body);
    } catch {
      socket.destroy();
    }
  }

  #watch(watch: Extract<ApiAnswer, { events: unknown }>, socket: TLSSocket, response: ServerResponse): void {
    response.writeHead(200, { 'Content-Type': 'application/json' });
    response.flushHeaders();
    const end = Date.now() + watch.seconds * 1000;
    const look = () => {
      try {
        if (this.#isUp(socket) === undefined) {
          socket.destroy();
          return;
        }
        for (const event of watch.events()) response.write(`${JSON.stringify(event)}\n`);
        if (Date.now() >= end) response.end();
      } catch {
        socket.destroy();
      }
    };
    const timer = setInterval(look, WATCH_MS);
    timer.unref();
    response.on('close', () => clearInterval(timer));
    look();
  }
}

function isSame(one: Backend | undefined, other: Backend | undefined): boolean {
  if (one === undefined || other === undefined) return false;
  return one.master.name === other.master.name && one.certificate === other.certificate && one.ca === other.ca;
}

/** Whom the client's certificate names; undefined when it shows none that the CA signed. */
function userOf(socket: TLSSocket): User | undefined {
  if (!socket.authorized) return undefined;
  const { raw } = socket.getPeerCertificate();
  if (raw === undefined) return undefined;
  const names = new X509Certificate(raw).subject.split('\n');
  const valuesOf = (key: string) =>
    names.flatMap((name) => (name.startsWith(`${key}=`) ? [name.slice(key.length + 1)] : []));
  const [name] = valuesOf('CN');
  return name === undefined ? undefined : { name, groups: valuesOf('O') };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MAXIMUM_BYTES) throw new Error('the request is too large');
  }
  return Buffer.concat(chunks).toString('utf8');
}

function send(response: ServerResponse, status: number, body: object | string): void {
  const isText = typeof body === 'string';
  response.writeHead(status, { 'Content-Type': isText ? 'text/plain; charset=utf-8' : 'application/json' });
  response.end(isText ? body : `${JSON.stringify(body)}\n`);
}
