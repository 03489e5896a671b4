import { readFile } from 'node:fs/promises';
import { type Action, type ActionContext, type Cluster, type Host, hostAction, PaiError, type PayloadFile } from 'pai';
import { hostScript } from './host-script.js';

const DAEMON_JSON = '/etc/docker/daemon.json';

/** Ports that a role needs, to be free before the host joins. */
const PORTS = { master: '6443 2379 2380 10250 10257 10259', worker: '10250', proxy: '6443 10250' } as const;

/** A bare host made ready: checked, named in its own /etc/hosts, Docker there and trusting the configured registries. */
export function prepareHost(cluster: Cluster, host: Host): Action {
  const settings = {
    CLUSTER_ID: cluster.services.clusterId,
    HOST_NAME: host.name,
    HOST_ADDRESS: host.address,
    HOST_PORTS: PORTS[host.role],
  };
  const insecure = insecureRegistries(cluster);
  return hostAction({
    host: host.login,
    probe: (context) => hostScript(context, settings, ['prepare-probe.sh']),
    async work(context) {
      return {
        files: await registryAuthority(cluster),
        script: await hostScript(context, settings, ['prepare.sh']),
        probe: await hostScript(context, settings, ['prepare-probe.sh']),
        late: {
          spec: { insecureRegistries: insecure },
          async files({ drivers }) {
            // The dev box's time; the script compares it with the host's.
            const clock = { path: 'clock', mode: 0o600, content: `${Math.floor(Date.now() / 1000)}\n` };
            if (insecure.length === 0) return [clock];
            const present = (await drivers.hosts.read(host.login, [DAEMON_JSON])).get(DAEMON_JSON);
            const content = withInsecureRegistries(present, insecure, host);
            return [clock, { path: `root${DAEMON_JSON}`, mode: 0o644, content }];
          },
        },
      };
    },
    clean: async (context) => ({
      files: await daemonJsonBefore(context, host, insecure),
      script: await hostScript(context, settings, ['daemon-json.sh', 'prepare-clean.sh']),
    }),
  });
}

/** Registries that hosts pull from over plain HTTP, as Docker names them: `host:port`. */
function insecureRegistries({ kubernetes, services }: Cluster): readonly string[] {
  const registries = new Set<string>();
  const [components] = kubernetes.dockerRegistry.split('/');
  if (kubernetes.dockerRegistryInsecure && components !== undefined) registries.add(components);
  if (services.registry.insecure) registries.add(services.registry.domain);
  return [...registries].sort();
}

/** The CA of the registry, where Docker looks for it. */
async function registryAuthority({ services }: Cluster): Promise<readonly PayloadFile[]> {
  const { caPath, domain } = services.registry;
  if (caPath === undefined) return [];
  return [{ path: `root/etc/docker/certs.d/${domain}/ca.crt`, mode: 0o644, content: await readFile(caPath) }];
}

/** daemon.json with the registries in it; whatever else the operator set there stays. */
function withInsecureRegistries(present: Uint8Array | undefined, wanted: readonly string[], host: Host): string {
  const settings: Record<string, unknown> = present === undefined ? {} : parseSettings(present, host);
  const already = settings['insecure-registries'];
  const registries = new Set([...(Array.isArray(already) ? already.map(String) : []), ...wanted]);
  return `${JSON.stringify({ ...settings, 'insecure-registries': [...registries].sort() }, undefined, 2)}\n`;
}

/** daemon.json as it is without the registries, `daemon.json` in the payload; absent where nothing else is in it. */
async function daemonJsonBefore(
  { drivers }: ActionContext,
  host: Host,
  added: readonly string[],
): Promise<readonly PayloadFile[]> {
  if (added.length === 0) return [];
  const present = (await drivers.hosts.read(host.login, [DAEMON_JSON])).get(DAEMON_JSON);
  if (present === undefined) return [];
  const { 'insecure-registries': registries, ...others } = parseSettings(present, host);
  const kept = Array.isArray(registries) ? registries.map(String).filter((name) => !added.includes(name)) : [];
  const settings = kept.length === 0 ? others : { ...others, 'insecure-registries': kept };
  if (Object.keys(settings).length === 0) return [];
  return [{ path: 'daemon.json', mode: 0o644, content: `${JSON.stringify(settings, undefined, 2)}\n` }];
}

function parseSettings(content: Uint8Array, host: Host): Record<string, unknown> {
  const text = Buffer.from(content).toString();
  try {
    const settings: unknown = JSON.parse(text.trim() === '' ? '{}' : text);
    if (typeof settings === 'object' && settings !== null && !Array.isArray(settings)) return { ...settings };
  } catch {
    // told below: it is the same to the operator
  }
  throw new PaiError('HOST_SCRIPT', `${DAEMON_JSON} is not a JSON object`, {
    where: `host ${host.name}`,
    next: `Correct ${DAEMON_JSON} on the host and run again.`,
  });
}
