import type { Server } from 'node:net';

/** A server that is started when its address is first asked for. */
export interface LazyServer {
  address(): Promise<string>;
  /** Ends it. Nothing to do when it was never asked for. */
  close(): Promise<void>;
}

/** `start` resolves to the address, and what ends the server. */
export function lazyServer(start: () => Promise<{ readonly address: string; close(): Promise<void> }>): LazyServer {
  let started: ReturnType<typeof start> | undefined;
  return {
    async address() {
      started ??= start();
      return (await started).address;
    },
    async close() {
      const running = started;
      started = undefined;
      await (await running)?.close();
    },
  };
}

/** Listens on a free port of loopback, and resolves to that. */
export async function listenOnLoopback(server: Server): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return address.port;
}
