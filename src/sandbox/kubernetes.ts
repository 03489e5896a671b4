import type { SandboxDescription, SandboxLayout } from './layout.js';
import { lazyServer } from './servers.js';

/** The simulated Kubernetes API, as it is reached at the sandbox's `apiAddress`. */
export interface SandboxKubernetes {
  /** `https://127.0.0.1:<port>`. Starts the server at the first call. */
  url(): Promise<string>;
  /** Breaks off all connections. Nothing to do when it was never asked for. */
  close(): Promise<void>;
}

/** Opens the API of a sandbox. It answers only while enough of the control plane runs, which is asked at every request. */
export function openSandboxKubernetes(layout: SandboxLayout, sandbox: SandboxDescription): SandboxKubernetes {
  const server = lazyServer(async () => {
    const { ApiServer } = await import('./kubernetes/server.js');
    const server = new ApiServer(layout, sandbox);
    return { address: `https://127.0.0.1:${await server.listen()}`, close: () => server.close() };
  });
  return { url: () => server.address(), close: () => server.close() };
}
