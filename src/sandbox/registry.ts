import type { SandboxDescription, SandboxLayout } from './layout.js';

/** The simulated Docker registry. */
export interface SandboxRegistry {
  /** `http://127.0.0.1:<port>`. Starts the server at the first call. */
  url(): Promise<string>;
  /** Breaks off all connections. Nothing to do when it was never asked for. */
  close(): Promise<void>;
}

/** Opens the registry of a sandbox: API v2 without TLS, for who knows the password of `sandbox.registry`. */
export function openSandboxRegistry(layout: SandboxLayout, sandbox: SandboxDescription): SandboxRegistry {
  let started: Promise<{ readonly url: string; close(): Promise<void> }> | undefined;
  const start = async () => {
    const { RegistryServer } = await import('./registry/server.js');
    const server = new RegistryServer(layout, sandbox);
    const port = await server.listen();
    return { url: `http://127.0.0.1:${port}`, close: () => server.close() };
  };
  return {
    async url() {
      started ??= start();
      return (await started).url;
    },
    async close() {
      const running = started;
      started = undefined;
      await (await running)?.close();
    },
  };
}
