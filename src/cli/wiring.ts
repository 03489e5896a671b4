import path from 'node:path';
import type { Duplex } from 'node:stream';
import type { Cluster, Host } from '../cluster/model.js';
import { comesAfterIn } from '../graph/order.js';
import type { KubeCredentials } from '../kube/client.js';
import type { ConfigurationStore } from '../kube/configuration-store.js';
import { createLocalDriver } from '../local/driver.js';
import { createRunner } from '../local/zx-runner.js';
import type {
  Drivers,
  HostDriver,
  HostLogin,
  ImageDriver,
  KubeDriver,
  PkiDriver,
  TemplateDriver,
} from '../model/drivers.js';
import { PaiError } from '../model/errors.js';
import type { OutputCache } from '../model/output-cache.js';
import { createLocalState } from '../state/local-state.js';
import { type Once, once } from './once.js';
import type { Project } from './project.js';

/** Where masters keep what the PKI driver reads back. */
const MASTERS_PKI = '/var/lib/pai/pki';

/** Where drivers connect to when that is not where the configuration says: an embedded cluster has places of its own. */
export interface Detours {
  /** A connection that is on its way to a host. */
  readonly hostRoute: (host: HostLogin) => Duplex;
  /** What stands before every path on a host. */
  readonly rootPrefix: (host: HostLogin) => string;
  /** Base URL of the registry's API. */
  readonly registryUrl: () => Promise<string>;
  /** Path of the socket of the dev box's Docker Engine. */
  readonly dockerSocket: () => Promise<string>;
  /** URL of the API server. */
  readonly kubeServer: () => Promise<string>;
  close(): Promise<void>;
}

/** What drivers are told besides the project. */
export interface WiringOptions {
  readonly hostKeys?: 'accept-new' | 'strict' | undefined;
  /** What undefined variables of templates do. Default: strict. */
  readonly undefinedVariables?: 'strict' | 'jinja' | undefined;
  /** Id of the run; hosts name it in their lock. */
  readonly runId: string;
  /** Path of the socket of an ssh-agent. */
  readonly agentSocket?: string | undefined;
  /** Made when the first driver needs them. */
  readonly detours?: (() => Promise<Detours>) | undefined;
}

/** Drivers of a project, and how to let go of what they opened. */
export interface WiredDrivers {
  readonly drivers: Drivers;
  /** Writes what is kept of local targets and of their outputs; only for who holds the project. Returns warnings. */
  keepLocal(): Promise<readonly string[]>;
  /** Writes what was read back of the PKI to the configuration folder; nothing when nobody asked for it. */
  keepPki(): Promise<void>;
  /** Copies of the configuration in the cluster. */
  configurations(): Promise<ConfigurationStore>;
  /** Closes connections of those drivers that were used. */
  close(): Promise<void>;
}

/**
 * The one place where drivers are made. Each is loaded and made at its first use, so that a command pays only for what it
 * asks.
 */
export function wireDrivers(
  project: Pick<Project, 'root' | 'cacheDirectory' | 'cluster' | 'graph' | 'outputCache' | 'surveyed'>,
  options: WiringOptions,
): WiredDrivers {
  const detours = once(async () => options.detours?.());
  const hosts = once(async () => {
    const { createHostDriver } = await import('../ssh/driver.js');
    const cluster = await project.cluster();
    const detour = await detours();
    return createHostDriver({
      knownHosts: path.join(cluster.directory, 'known_hosts'),
      hostKeys: options.hostKeys ?? 'accept-new',
      runId: options.runId,
      ...(options.agentSocket !== undefined && { agentSocket: options.agentSocket }),
      ...(detour && { route: detour.hostRoute, rootPrefix: detour.rootPrefix }),
    });
  });
  const images = once(async () => {
    const { createImageDriver } = await import('../docker/driver.js');
    const cluster = await project.cluster();
    const { password, ...access } = cluster.services.registry;
    const { dockerRegistry, dockerRegistryInsecure } = cluster.kubernetes;
    const insecureRegistries = dockerRegistryInsecure ? dockerRegistry.split('/').slice(0, 1) : [];
    const registry = { ...access, ...(password && { password: await password.reveal() }) };
    const detour = await detours();
    const sources = { folder: path.join(project.cacheDirectory, 'sources'), simulateMissing: detour !== undefined };
    const common = { sources, knownStamps: path.join(project.cacheDirectory, 'images') };
    if (detour === undefined) return createImageDriver({ registry, insecureRegistries, ...common });
    const { registryUrl, dockerSocket } = detour;
    return createImageDriver({ registry: { ...registry, url: await registryUrl() }, dockerSocket, ...common });
  });
  const pki = once(async () => {
    const { createPkiDriver } = await import('../pki/driver.js');
    const cluster = await project.cluster();
    return createPkiDriver({
      directory: path.join(cluster.directory, 'pki'),
      clusterId: cluster.services.clusterId,
      readBack: (files, optional) => readBackPki(cluster, drivers.hosts, files, optional),
    });
  });
  const kube = once(async () => {
    const { createKubeDriver } = await import('../kube/driver.js');
    const cluster = await project.cluster();
    return createKubeDriver({ credentials: () => access(cluster) });
  });
  const access = async (cluster: Cluster): Promise<KubeCredentials> => {
    const credentials = await kubeCredentials(cluster, drivers.pki);
    const url = await (await detours())?.kubeServer();
    return url === undefined ? credentials : { ...credentials, url };
  };
  const configurations = once(async () => {
    const { createConfigurationStore } = await import('../kube/configuration-store.js');
    const cluster = await project.cluster();
    return createConfigurationStore(() => access(cluster));
  });
  const templates = once(async () => {
    const { createTemplateDriver } = await import('../render/driver.js');
    return createTemplateDriver(path.join(project.root, 'templates'), {
      undefined: options.undefinedVariables ?? 'strict',
    });
  });
  const warnings: string[] = [];
  const { outputCache } = project;
  const outputs =
    outputCache &&
    once(async () => {
      const { openOutputCache } = await import('../state/output-cache.js');
      const staging = path.join(project.cacheDirectory, 'staging');
      return openOutputCache({ ...outputCache, root: project.root, staging, warn: (text) => warnings.push(text) });
    });
  const drivers: Drivers = {
    // It answers at once, so that a quick look needs no promise; all that it needs of packages is loaded when something runs.
    local: createLocalDriver({
      root: project.root,
      state: createLocalState(project.cacheDirectory),
      runner: createRunner(),
      ...(outputs && { cache: lazyOutputs(outputs) }),
      ...(project.surveyed && { surveyed: project.surveyed }),
      neighbours: {
        workOf: (target) => project.graph.targets.get(target)?.action.local,
        comesAfter: comesAfterIn(project.graph),
      },
    }),
    hosts: lazyHosts(hosts),
    images: lazyImages(images),
    kube: lazyKube(kube),
    pki: lazyPki(pki),
    templates: lazyTemplates(templates),
  };
  return {
    drivers,
    keepLocal: async () => {
      const problems = await drivers.local.close();
      await (await outputs?.made())?.close();
      return [...problems, ...warnings];
    },
    keepPki: async () => (await pki.made())?.keepLocal(),
    configurations,
    close: async () => {
      await Promise.all([drivers.hosts.close(), drivers.kube.close(), (await configurations.made())?.close()]);
      await (await detours.made())?.close();
    },
  };
}

// Calls of one turn that wait for the same promise go on in one turn, so drivers still see looks together.

function lazyOutputs(load: Once<OutputCache>): OutputCache {
  return {
    restore: async (request) => (await load()).restore(request),
    put: async (request) => (await load()).put(request),
    close: async () => (await load.made())?.close(),
  };
}

function lazyHosts(load: Once<HostDriver>): HostDriver {
  return {
    observe: async (...given) => (await load()).observe(...given),
    run: async (...given) => (await load()).run(...given),
    read: async (...given) => (await load()).read(...given),
    ask: async (...given) => (await load()).ask(...given),
    fetch: async (...given) => (await load()).fetch(...given),
    send: async (...given) => (await load()).send(...given),
    close: async () => (await load.made())?.close(),
  };
}

function lazyImages(load: Once<ImageDriver>): ImageDriver {
  return {
    observe: async (...given) => (await load()).observe(...given),
    apply: async (...given) => (await load()).apply(...given),
    contextFiles: async (...given) => (await load()).contextFiles(...given),
    sourceFiles: async (...given) => (await load()).sourceFiles(...given),
    missingSource: async (...given) => (await load()).missingSource(...given),
    digest: async (...given) => (await load()).digest(...given),
    copy: async (...given) => (await load()).copy(...given),
    clean: async (...given) => (await load()).clean(...given),
  };
}

function lazyKube(load: Once<KubeDriver>): KubeDriver {
  return {
    observe: async (...given) => (await load()).observe(...given),
    apply: async (...given) => (await load()).apply(...given),
    clean: async (...given) => (await load()).clean(...given),
    previous: async (...given) => (await load()).previous(...given),
    deleteNode: async (...given) => (await load()).deleteNode(...given),
    nodes: async (...given) => (await load()).nodes(...given),
    cordon: async (...given) => (await load()).cordon(...given),
    uncordon: async (...given) => (await load()).uncordon(...given),
    drain: async (...given) => (await load()).drain(...given),
    targets: async (...given) => (await load()).targets(...given),
    states: async (...given) => (await load()).states(...given),
    logs: async (...given) => (await load()).logs(...given),
    stop: async (...given) => (await load()).stop(...given),
    restart: async (...given) => (await load()).restart(...given),
    relabel: async (...given) => (await load()).relabel(...given),
    kubeconfig: async (...given) => (await load()).kubeconfig(...given),
    close: async () => (await load.made())?.close(),
  };
}

function lazyPki(load: Once<PkiDriver>): PkiDriver {
  return {
    material: async () => (await load()).material(),
    create: async () => (await load()).create(),
    keepLocal: async () => (await load()).keepLocal(),
    writeStamp: async (...given) => (await load()).writeStamp(...given),
    renewal: async () => (await load()).renewal(),
    renew: async () => (await load()).renew(),
    rotate: async (...given) => (await load()).rotate(...given),
    issue: async (...given) => (await load()).issue(...given),
    fingerprintKey: async () => (await load()).fingerprintKey(),
    digest: async () => (await load()).digest(),
    remove: async () => (await load()).remove(),
  };
}

function lazyTemplates(load: Once<TemplateDriver>): TemplateDriver {
  return {
    render: async (...given) => (await load()).render(...given),
    read: async (...given) => (await load()).read(...given),
    list: async (...given) => (await load()).list(...given),
  };
}

/**
 * The masters' copy of the PKI files: of the first master that has all of them (and what it has of the `optional` ones), else of the one that has most;
 * undefined when none has any. Rejects when a master that might have them does not answer.
 */
export async function readBackPki(
  cluster: Pick<Cluster, 'masters'>,
  hosts: Pick<HostDriver, 'read'>,
  files: readonly string[],
  optional: readonly string[] = [],
): Promise<ReadonlyMap<string, Uint8Array> | undefined> {
  let most: ReadonlyMap<string, Uint8Array> = new Map();
  let failure: unknown;
  for (const master of cluster.masters) {
    try {
      const found = await readFrom(master, hosts, [...files, ...optional]);
      if (files.every((file) => found.has(file))) return found;
      if (found.size > most.size) most = found;
    } catch (error) {
      failure ??= error;
    }
  }
  if (failure !== undefined) throw failure;
  return most.size === 0 ? undefined : most;
}

async function readFrom(
  master: Host,
  hosts: Pick<HostDriver, 'read'>,
  files: readonly string[],
): Promise<ReadonlyMap<string, Uint8Array>> {
  const found = await hosts.read(
    master.login,
    files.map((file) => path.posix.join(MASTERS_PKI, file)),
  );
  return new Map([...found].map(([file, content]) => [path.posix.relative(MASTERS_PKI, file), content]));
}

/** How to reach Kubernetes as an administrator: a client certificate that is made for this run and kept in memory only. */
export async function kubeCredentials(
  cluster: Pick<Cluster, 'addresses'>,
  pki: Pick<PkiDriver, 'material' | 'issue'>,
): Promise<{ server: string; ca: string; certificate: string; key: string }> {
  const ca = (await pki.material())?.get('ca.crt');
  if (ca === undefined) {
    throw new PaiError('KUBE_UNREACHABLE', 'the cluster has no certificate authorities yet', {
      next: 'Run `pai run pki`, then the masters.',
    });
  }
  const { certificate, key } = await pki.issue({
    ca: 'cluster',
    commonName: 'pai',
    organizations: ['system:masters'],
    dnsNames: [],
    ipAddresses: [],
    usages: ['client'],
    days: 1,
  });
  return { server: cluster.addresses.apiServer, ca, certificate, key };
}
