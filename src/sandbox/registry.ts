import type { SandboxDescription, SandboxLayout } from './layout.js';
import { lazyServer } from './servers.js';

/** The simulated Docker registry. */
export interface SandboxRegistry {
  /** `http://127.0.0.1:<port>`. Starts the server at the first call. */
  url(): Promise<string>;
  /** Breaks off all connections. Nothing to do when it was never asked for. */
  close(): Promise<void>;
}

/** Opens the registry of a sandbox: API v2 without TLS, for who knows the password of `sandbox.registry`. */
export function openSandboxRegistry(layout: SandboxLayout, sandbox: SandboxDescription): SandboxRegistry {
  const server = lazyServer(async () => {
    const { RegistryServer } = await import('./registry/server.js');
    const server = new RegistryServer(layout, sandbox);
    return { address: `http://127.0.0.1:${await server.listen()}`, close: () => server.close() };
  });
  return { url: () => server.address(), close: () => server.close() };
}
