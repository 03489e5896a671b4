import { once } from 'node:events';
import { createServer, type Server, Socket } from 'node:net';

/** How long a connection that nobody here asked for may stay. */
const STRANGER_MS = 1000;

/** A socket that waits for its server: to those who ask it is connecting, so that they write nothing yet or let it queue. */
export class WaitingSocket extends Socket {
  constructor() {
    super();
    Object.assign(this, { connecting: true });
  }
}

/**
 * Connections of this process with itself, over TCP on 127.0.0.1. One port serves all hosts; what connects to it from
 * elsewhere is refused, because behind it are shells with a password that everybody knows.
 */
export class Loopback {
  #listening: Promise<Server> | undefined;
  readonly #sockets = new Set<Socket>();
  readonly #awaited = new Map<number, (socket: Socket) => void>();
  readonly #strangers = new Map<number, Socket>();

  /** A socket that is on its way to whatever `accept` gives the other end to. The error of `accept` becomes its own. */
  connect(acceptor: () => Promise<(socket: Socket) => void>): Socket {
    const socket = this.#keep(new WaitingSocket());
    this.#connect(socket, acceptor).catch((error: unknown) => {
      socket.destroy(error instanceof Error ? error : new Error(String(error)));
    });
    return socket;
  }

  /** Breaks all connections. */
  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    const server = await this.#listening;
    this.#listening = undefined;
    if (server === undefined) return;
    const closed = once(server, 'close');
    server.close();
    await closed;
  }

  async #connect(socket: Socket, acceptor: () => Promise<(socket: Socket) => void>): Promise<void> {
    this.#listening ??= this.#listen();
    const [server, accept] = await Promise.all([this.#listening, acceptor()]);
    if (socket.destroyed) return;
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('the sandbox does not listen');
    socket.setNoDelay(true);
    socket.once('connect', () => {
      const { localPort = 0 } = socket;
      const other = this.#strangers.get(localPort);
      this.#strangers.delete(localPort);
      if (other !== undefined) accept(other);
      else this.#awaited.set(localPort, accept);
    });
    socket.connect(address.port, '127.0.0.1');
  }

  async #listen(): Promise<Server> {
    const server = createServer({ noDelay: true }, (socket) => this.#take(this.#keep(socket)));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return server.unref();
  }

  #take(socket: Socket): void {
    const { remotePort = 0 } = socket;
    const accept = this.#awaited.get(remotePort);
    this.#awaited.delete(remotePort);
    if (accept !== undefined) {
      accept(socket);
      return;
    }
    this.#strangers.set(remotePort, socket);
    setTimeout(() => {
      if (this.#strangers.get(remotePort) !== socket) return;
      this.#strangers.delete(remotePort);
      socket.destroy();
    }, STRANGER_MS).unref();
  }

  #keep(socket: Socket): Socket {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    // Of the other end nobody else hears an error before it is accepted.
    socket.on('error', () => {});
    return socket;
  }
}
