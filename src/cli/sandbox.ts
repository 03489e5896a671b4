import type { HostLogin } from '../model/drivers.js';
import { ensureSandbox } from '../sandbox/create.js';
import { openSandboxEngine } from '../sandbox/engine.js';
import { openSandboxHosts } from '../sandbox/hosts.js';
import { openSandboxKubernetes } from '../sandbox/kubernetes.js';
import { sandboxLayout } from '../sandbox/layout.js';
import { openSandboxRegistry } from '../sandbox/registry.js';
import type { Detours } from './wiring.js';

/**
 * The sandbox in a folder, as what drivers connect to. Its servers are started at their first use, in this process;
 * `close` ends them.
 */
export async function sandboxDetours(directory: string): Promise<Detours> {
  const layout = sandboxLayout(directory);
  const sandbox = await ensureSandbox(layout);
  const hosts = openSandboxHosts(layout, sandbox);
  const registry = openSandboxRegistry(layout, sandbox);
  const engine = openSandboxEngine(layout, sandbox, registry);
  const kubernetes = openSandboxKubernetes(layout, sandbox);
  return {
    hostRoute: ({ address, port }: HostLogin) => hosts.route(address, port),
    rootPrefix: ({ address }: HostLogin) => hosts.rootOf(address),
    registryUrl: () => registry.url(),
    dockerSocket: () => engine.socket(),
    kubeServer: () => kubernetes.url(),
    close: async () => {
      await Promise.all([hosts, engine, registry, kubernetes].map((part) => part.close()));
    },
  };
}
