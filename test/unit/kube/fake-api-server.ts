import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { KubeCredentials } from '../../../src/kube/client.js';
import type { JsonObject } from '../../../src/model/json.js';
import { TestAuthority } from './test-certificates.js';

/** A request as the FakeApiServer saw it. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body: string;
  readonly accept: string;
}

/** What a FakeApiServer answers; undefined is 404. `reset` closes the connection without an answer. */
export type FakeAnswer =
  | {
      readonly status?: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body: JsonObject | string;
    }
  | 'reset'
  | 'silence'
  | undefined;

/** An HTTPS server with canned answers that records what it is asked. It knows nothing of Kubernetes. */
export class FakeApiServer {
  readonly requests: SeenRequest[] = [];
  readonly credentials: KubeCredentials;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server, credentials: KubeCredentials) {
    this.#server = server;
    this.credentials = credentials;
  }

  static async start(folder: string, answer: (request: SeenRequest) => FakeAnswer): Promise<FakeApiServer> {
    const authority = await TestAuthority.create(folder, 'fake-ca');
    const [serving, client] = await Promise.all([
      authority.issue('serving', '/CN=fake-api-server', '127.0.0.1'),
      authority.issue('client', '/CN=pai'),
    ]);
    const server = createServer({ cert: serving.certificate, key: serving.key });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const fake = new FakeApiServer(server, {
      server: `https://127.0.0.1:${port}`,
      ca: authority.ca.certificate,
      certificate: client.certificate,
      key: client.key,
    });
    server.on('secureConnection', (socket: Socket) => {
      fake.#sockets.add(socket);
      socket.on('close', () => fake.#sockets.delete(socket));
    });
    server.on('request', (incoming, outgoing) => void fake.#serve(incoming, outgoing, answer));
    return fake;
  }

  /** Connections that are open now. */
  get connections(): number {
    return this.#sockets.size;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    if (this.#server.listening) await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(incoming: IncomingMessage, outgoing: ServerResponse, answer: (request: SeenRequest) => FakeAnswer) {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const url = new URL(incoming.url ?? '/', 'https://fake');
    const request: SeenRequest = {
      method: incoming.method ?? '',
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      body: Buffer.concat(chunks).toString('utf8'),
      accept: incoming.headers.accept ?? '',
    };
    this.requests.push(request);
    const given = answer(request);
    if (given === 'silence') return;
    if (given === 'reset') {
      incoming.socket.destroy();
      return;
    }
    const {
      status = 200,
      headers = {},
      body,
    } = given ?? {
      status: 404,
      body: { kind: 'Status', message: `${request.path} not found` },
    };
    outgoing.writeHead(status, { 'Content-Type': 'application/json', ...headers });
    outgoing.end(typeof body === 'string' ? body : JSON.stringify(body));
  }
}
