import { type Action, type Cluster, type Host, hostAction } from 'pai';
import { hostScript } from './host-script.js';
import {
  insecureRegistries,
  lateRuntimeFiles,
  packageSourceFiles,
  runtimeFiles,
  runtimeSettings,
  settingsBefore,
} from './runtimes.js';

/** Ports that a role needs, to be free before the host joins. */
const PORTS = { master: '6443 2379 2380 10250 10257 10259', worker: '10250', proxy: '6443 10250' } as const;

/**
 * A bare host made ready: checked, named in its own /etc/hosts, Docker or containerd there and trusting the configured
 * registries.
 */
export function prepareHost(cluster: Cluster, host: Host): Action {
  const settings = {
    ...runtimeSettings(cluster),
    CLUSTER_ID: cluster.services.clusterId,
    HOST_NAME: host.name,
    HOST_ADDRESS: host.address,
    HOST_PORTS: PORTS[host.role],
  };
  const { registry } = cluster.services;
  return hostAction({
    host: host.login,
    probe: (context) => hostScript(context, settings, ['prepare-probe.sh']),
    async work(context) {
      return {
        files: [...(await packageSourceFiles(cluster)), ...(await runtimeFiles(cluster, context))],
        script: await hostScript(context, settings, ['packages.sh', 'prepare.sh']),
        probe: await hostScript(context, settings, ['prepare-probe.sh']),
        late: {
          spec: {
            insecureRegistries: [...insecureRegistries(cluster)],
            ...(cluster.kubernetes.containerRuntime === 'containerd' && { login: registry.username ?? '' }),
          },
          files: async (applying) => [
            // The dev box's time; the script compares it with the host's.
            { path: 'clock', mode: 0o600, content: `${Math.floor(Date.now() / 1000)}\n` },
            ...(await lateRuntimeFiles(cluster, host, applying)),
          ],
        },
      };
    },
    clean: async (context) => ({
      files: await settingsBefore(cluster, host, context),
      script: await hostScript(context, settings, ['packages.sh', 'daemon-json.sh', 'prepare-clean.sh']),
    }),
  });
}
