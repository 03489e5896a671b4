import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type ActionContext, type Cluster, type Host, PaiError, type PayloadFile } from 'pai';
import { componentImages } from './component-images.js';
import type { Settings } from './host-script.js';
import { knownRelease } from './releases.js';

/** A registry that hosts pull from and that takes more than HTTPS with a CA that everybody knows. */
interface Registry {
  /** `host[:port]` */
  readonly domain: string;
  readonly insecure: boolean;
  /** PEM file on this machine. */
  readonly caPath?: string;
}

/** Those of the configuration: the components' and the services'. */
function registriesOf({ kubernetes, services }: Cluster): readonly Registry[] {
  const registries = new Map<string, Registry>();
  const { domain, insecure, caPath } = services.registry;
  registries.set(domain, { domain, insecure, ...(caPath !== undefined && { caPath }) });
  const [components = ''] = kubernetes.dockerRegistry.split('/');
  if (kubernetes.dockerRegistryInsecure) {
    registries.set(components, { ...registries.get(components), domain: components, insecure: true });
  }
  return [...registries.values()].sort((a, b) => (a.domain < b.domain ? -1 : 1));
}

/** What installs the runtime on a host is told. */
export function runtimeSettings({ kubernetes: { containerRuntime, packageSource, versions } }: Cluster): Settings {
  return {
    RUNTIME: containerRuntime,
    ...(containerRuntime === 'containerd' && containerdReleases(versions.hyperkube)),
    PACKAGES: (packageSource.packages ?? []).join(' '),
    PACKAGE_SOURCE: packageSource.aptLine === undefined ? 'host' : packageSource.only ? 'only' : 'also',
  };
}

/** Those that the kubelet of an image goes with. */
function containerdReleases(hyperkube: string): Settings {
  const { from, before = '' } = knownRelease(hyperkube).containerd;
  return { CONTAINERD_FROM: from, CONTAINERD_BEFORE: before };
}

/** `package-source` as apt reads it: packages/pai.list, and the key that it is signed with. */
export async function packageSourceFiles({ kubernetes: { packageSource } }: Cluster): Promise<readonly PayloadFile[]> {
  const { aptLine, keyPath } = packageSource;
  if (aptLine === undefined) return [];
  if (keyPath === undefined) return [{ path: 'packages/pai.list', mode: 0o644, content: `${aptLine}\n` }];
  // apt takes the one for text, the other for what gpg exports without --armor.
  const name = path.extname(keyPath) === '.gpg' ? 'pai.gpg' : 'pai.asc';
  return [
    { path: 'packages/pai.list', mode: 0o644, content: `${signedBy(aptLine, `/etc/apt/keyrings/${name}`)}\n` },
    { path: `packages/${name}`, mode: 0o644, content: await readFile(keyPath) },
  ];
}

/** The line with that key as its only one, whatever its other options. */
function signedBy(line: string, key: string): string {
  const [, options = '', rest = ''] = /^deb (?:\[([^\]]*)\] )?(.*)$/.exec(line) ?? [];
  const others = options.split(' ').filter((option) => option !== '' && !option.startsWith('signed-by='));
  return `deb [${[...others, `signed-by=${key}`].join(' ')}] ${rest}`;
}

/** Files of the runtime that do not depend on what is on the host. */
export async function runtimeFiles(cluster: Cluster, context: ActionContext): Promise<readonly PayloadFile[]> {
  const registries = registriesOf(cluster);
  if (cluster.kubernetes.containerRuntime === 'docker') return authorities('/etc/docker/certs.d', registries);
  const { templates } = context.drivers;
  const config = await templates.render('kubernetes/containerd/config.toml.template', {
    pause: componentImages(cluster).pause,
  });
  const files = [
    ...(await authorities(CERTS_D, registries)),
    { path: 'root/etc/containerd/config.toml', mode: 0o644, content: config },
  ];
  if (cluster.kubernetes.network.kind !== 'host-only') return files;
  // Nodes are not Ready before there is a network that containerd can read; pods on their hosts' network ask no more of it.
  const none = `${JSON.stringify({ cniVersion: '0.3.1', name: 'none', type: 'loopback' })}\n`;
  return [...files, { path: 'root/etc/cni/net.d/99-none.conf', mode: 0o644, content: none }];
}

/** What runtimeFiles leaves to the end: settings that go into files of the host's own, and passwords. */
export async function lateRuntimeFiles(
  cluster: Cluster,
  host: Host,
  { drivers }: ActionContext,
): Promise<readonly PayloadFile[]> {
  if (cluster.kubernetes.containerRuntime === 'containerd') {
    return Promise.all(
      registriesOf(cluster).map(async (registry) => ({
        path: `root${CERTS_D}/${registry.domain}/hosts.toml`,
        mode: 0o600,
        secret: true,
        content: await drivers.templates.render('kubernetes/containerd/hosts.toml.template', {
          url: `${registry.insecure ? 'http' : 'https'}://${server(registry.domain)}`,
          ca: registry.caPath === undefined || registry.insecure ? '' : `${CERTS_D}/${registry.domain}/ca.crt`,
          authorization: await authorization(cluster, registry.domain),
        }),
      })),
    );
  }
  const insecure = insecureRegistries(cluster);
  if (insecure.length === 0) return [];
  const present = (await drivers.hosts.read(host.login, [DAEMON_JSON])).get(DAEMON_JSON);
  const content = withInsecureRegistries(present, insecure, host);
  return [{ path: `root${DAEMON_JSON}`, mode: 0o644, content }];
}

const CERTS_D = '/etc/containerd/certs.d';
const DAEMON_JSON = '/etc/docker/daemon.json';

/** Registries that hosts pull from over plain HTTP, as Docker names them: `host:port`. */
export function insecureRegistries(cluster: Cluster): readonly string[] {
  return registriesOf(cluster).flatMap(({ domain, insecure }) => (insecure ? [domain] : []));
}

/** CAs of registries, where Docker and containerd look for them. */
async function authorities(folder: string, registries: readonly Registry[]): Promise<readonly PayloadFile[]> {
  const withCa = registries.flatMap(({ domain, caPath }) => (caPath === undefined ? [] : [{ domain, caPath }]));
  return Promise.all(
    withCa.map(async ({ domain, caPath }) => ({
      path: `root${folder}/${domain}/ca.crt`,
      mode: 0o644,
      content: await readFile(caPath),
    })),
  );
}

/** Docker Hub answers under a name of its own. */
function server(domain: string): string {
  return domain === 'docker.io' ? 'registry-1.docker.io' : domain;
}

/** How the host itself logs in to the registry of its components, if that is the services' and has a login. Secret. */
async function authorization({ kubernetes, services: { registry } }: Cluster, domain: string): Promise<string> {
  const [components] = kubernetes.dockerRegistry.split('/');
  if (domain !== components || domain !== registry.domain || registry.username === undefined) return '';
  const password = (await registry.password?.reveal()) ?? '';
  return `Basic ${Buffer.from(`${registry.username}:${password}`).toString('base64')}`;
}

/** daemon.json with the registries in it; whatever else the operator set there stays. */
function withInsecureRegistries(present: Uint8Array | undefined, wanted: readonly string[], host: Host): string {
  const settings: Record<string, unknown> = present === undefined ? {} : parseSettings(present, host);
  const already = settings['insecure-registries'];
  const registries = new Set([...(Array.isArray(already) ? already.map(String) : []), ...wanted]);
  return `${JSON.stringify({ ...settings, 'insecure-registries': [...registries].sort() }, undefined, 2)}\n`;
}

/** Docker's daemon.json as it is without the registries, `daemon.json` in the payload; absent where nothing else is in it. */
export async function settingsBefore(
  cluster: Cluster,
  host: Host,
  { drivers }: ActionContext,
): Promise<readonly PayloadFile[]> {
  const added = insecureRegistries(cluster);
  if (cluster.kubernetes.containerRuntime !== 'docker' || added.length === 0) return [];
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
