import type { SandboxDescription, SandboxLayout } from './layout.js';

/** The simulated Kubernetes API, as it is reached at the sandbox's `apiAddress`. */
export interface SandboxKubernetes {
  /** `https://127.0.0.1:<port>`. Starts the server at the first call. */
  url(): Promise<string>;
  /** Breaks off all connections. Nothing to do when it was never asked for. */
  close(): Promise<void>;
}

/** Opens the API of a sandbox. It answers only while enough of the control plane runs, which is asked at every request. */
export function openSandboxKubernetes(layout: SandboxLayout, sandbox: SandboxDescription): SandboxKubernetes {
  let started: Promise<{ readonly url: string; close(): Promise<void> }> | undefined;
  const start = async () => {
    const { ApiServer } = await import('./kubernetes/server.js');
    const server = new ApiServer(layout, sandbox);
    const port = await server.listen();
    return { url: `https://127.0.0.1:${port}`, close: () => server.close() };
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
