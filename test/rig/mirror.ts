import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Stands for a mirror of a closed network: hands on what this machine's own mirror has. */
export class Mirror {
  /** Paths that it gave an answer to. */
  readonly served: string[] = [];
  /** It has nothing. */
  empty = false;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(of: string): Promise<Mirror> {
    const server = createServer(async (request, response) => {
      const answer = mirror.empty ? undefined : await fetch(of + request.url);
      if (answer?.ok !== true) return response.writeHead(answer?.status ?? 404).end();
      mirror.served.push(request.url ?? '');
      return response.end(Buffer.from(await answer.arrayBuffer()));
    });
    const mirror = new Mirror(server);
    // Where builds reach this machine.
    await new Promise<void>((resolve) => server.listen(0, '172.30.0.1', resolve));
    return mirror;
  }

  get uri(): string {
    return `http://172.30.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
