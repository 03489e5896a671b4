import type { SandboxDescription, SandboxLayout } from './layout.js';
import type { SandboxRegistry } from './registry.js';
import { lazyServer } from './servers.js';

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
  const server = lazyServer(async () => {
    const { EngineServer } = await import('./engine/server.js');
    const server = new EngineServer(layout, sandbox, registry);
    return { address: await server.listen(), close: () => server.close() };
  });
  return { socket: () => server.address(), close: () => server.close() };
}
