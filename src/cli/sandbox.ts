import type { HostLogin } from '../model/drivers.js';
import { ensureSandbox } from '../sandbox/create.js';
import { sandboxLayout } from '../sandbox/layout.js';
import { once } from './once.js';
import type { Detours } from './wiring.js';

/**
 * The sandbox in a folder, as what drivers connect to. Its servers are started at their first use, in this process;
 * `close` ends them.
 */
export async function sandboxDetours(directory: string): Promise<Detours> {
  const layout = sandboxLayout(directory);
  const sandbox = await ensureSandbox(layout);
  const { openSandboxHosts } = await import('../sandbox/hosts.js');
  const hosts = openSandboxHosts(layout, sandbox);
  const registry = once(async () => {
    const { openSandboxRegistry } = await import('../sandbox/registry.js');
    return openSandboxRegistry(layout, sandbox);
  });
  const engine = once(async () => {
    const { openSandboxEngine } = await import('../sandbox/engine.js');
    return openSandboxEngine(layout, sandbox, await registry());
  });
  const kubernetes = once(async () => {
    const { openSandboxKubernetes } = await import('../sandbox/kubernetes.js');
    return openSandboxKubernetes(layout, sandbox);
  });
  return {
    hostRoute: ({ address, port }: HostLogin) => hosts.route(address, port),
    rootPrefix: ({ address }: HostLogin) => hosts.rootOf(address),
    registryUrl: async () => (await registry()).url(),
    dockerSocket: async () => (await engine()).socket(),
    kubeServer: async () => (await kubernetes()).url(),
    close: async () => {
      const opened = await Promise.all([engine.made(), registry.made(), kubernetes.made()]);
      await Promise.all([hosts, ...opened].map((server) => server?.close()));
    },
  };
}
