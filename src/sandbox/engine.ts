import type { SandboxDescription, SandboxLayout } from './layout.js';
import type { SandboxRegistry } from './registry.js';

/** The simulated Docker Engine of the dev box. */
export interface SandboxEngine {
  /** Path of its socket, in a folder of the user's own below the system's for temporary files. Starts at the first call. */
  socket(): Promise<string>;
  /** Ends it and removes the socket. Nothing to do when it was never asked for. */
  close(): Promise<void>;
}

/** Opens the Docker Engine of a sandbox: it builds images without running anything, and pushes them to the registry. */
export function openSandboxEngine(
  layout: SandboxLayout,
  sandbox: SandboxDescription,
  registry: Pick<SandboxRegistry, 'url'>,
): SandboxEngine {
  let started: Promise<{ readonly socket: string; close(): Promise<void> }> | undefined;
  const start = async () => {
    const { EngineServer } = await import('./engine/server.js');
    const server = new EngineServer(layout, sandbox, registry);
    const socket = await server.listen();
    return { socket, close: () => server.close() };
  };
  return {
    async socket() {
      started ??= start();
      return (await started).socket;
    },
    async close() {
      const running = started;
      started = undefined;
      await (await running)?.close();
    },
  };
}
