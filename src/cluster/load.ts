import { readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PaiError } from '../model/errors.js';
import { crossCheck, type Files } from './check.js';
import type { ClusterFile, KubernetesFile, RoleFile, ServiceListFile, ServicesFile } from './files.js';
import { deepFreeze } from './freeze.js';
import { buildHosts, configuredPath } from './hosts.js';
import type {
  Cluster,
  HadoopConfiguration,
  ImageEntry,
  KubernetesConfiguration,
  ServiceEntry,
  ServicesConfiguration,
} from './model.js';
import { configurationError, type Problem } from './problems.js';
import { createValidator } from './validate.js';
import { buildVariables, servicesRaw } from './variables.js';
import { parseYaml } from './yaml.js';

/** Names of the files in the configuration folder. */
export const CONFIGURATION_FILES = {
  cluster: 'cluster-configuration.yaml',
  kubernetes: 'kubernetes-configuration.yaml',
  roles: 'k8s-role-definition.yaml',
  services: 'services-configuration.yaml',
} as const;

/** Where the configuration is. Paths may be relative to the working directory; problems are told by them. */
export interface LoadClusterOptions {
  /** Folder of the four files. */
  readonly configurationDirectory: string;
  /** service-list.yaml. */
  readonly serviceListFile: string;
  /** Where the operator's tools go. Default: `~/.kube/pai-<clusterid>`. */
  readonly operatorDirectory?: string;
}

/**
 * Reads the four configuration files and the service list into one model, deeply frozen.
 *
 * Throws PaiError CONFIG_MISSING when files are not there, and CONFIG_INVALID with every problem of all files in
 * `details`, each as `file:line:column: what`.
 */
export async function loadCluster(options: LoadClusterOptions): Promise<Cluster> {
  const directory = resolve(options.configurationDirectory);
  const [texts, validate] = await Promise.all([readAll(options), createValidator()]);
  const { cluster, kubernetes, roles, services, serviceList } = texts;
  const files: Files = {
    cluster: validate('cluster', parseYaml(...cluster)),
    kubernetes: validate('kubernetes', parseYaml(...kubernetes)),
    roles: validate('roles', parseYaml(...roles)),
    services: validate('services', parseYaml(...services)),
    serviceList: validate('serviceList', parseYaml(...serviceList)),
  };
  const problems = [
    ...Object.values(files).flatMap((file) => [...file.problems]),
    ...crossCheck(files),
    ...(await checkRegistryCa(files, directory)),
  ];
  const whole = allWhole(files);
  if (problems.length > 0 || whole === undefined) throw configurationError(problems);
  return deepFreeze(build(whole, directory, options.operatorDirectory));
}

interface Whole {
  readonly cluster: ClusterFile;
  readonly kubernetes: KubernetesFile;
  readonly roles: RoleFile;
  readonly services: ServicesFile;
  readonly serviceList: ServiceListFile;
}

function allWhole(files: Files): Whole | undefined {
  const cluster = files.cluster.whole;
  const kubernetes = files.kubernetes.whole;
  const roles = files.roles.whole;
  const services = files.services.whole;
  const serviceList = files.serviceList.whole;
  return cluster && kubernetes && roles && services && serviceList
    ? { cluster, kubernetes, roles, services, serviceList }
    : undefined;
}

function build(files: Whole, directory: string, operatorDirectory: string | undefined): Cluster {
  const hosts = buildHosts(files.cluster, directory);
  const clusterId = files.services.cluster.clusterid;
  return {
    directory,
    operatorDirectory: operatorDirectory ?? join(homedir(), '.kube', `pai-${clusterId}`),
    hosts,
    masters: hosts.filter((host) => host.role === 'master'),
    workers: hosts.filter((host) => host.role === 'worker'),
    proxies: hosts.filter((host) => host.role === 'proxy'),
    kubernetes: buildKubernetes(files.kubernetes),
    services: buildServices(files.services, directory),
    images: buildImageList(files.serviceList),
    serviceList: buildServiceList(files.serviceList),
    variables: buildVariables(files, hosts),
  };
}

function buildKubernetes({ kubernetes }: KubernetesFile): KubernetesConfiguration {
  return {
    clusterDns: kubernetes['cluster-dns'],
    loadBalanceIp: kubernetes['load-balance-ip'],
    serviceClusterIpRange: kubernetes['service-cluster-ip-range'],
    storageBackend: kubernetes['storage-backend'],
    dockerRegistry: kubernetes['docker-registry'],
    dockerRegistryInsecure: kubernetes['docker-registry-insecure'] === 'true',
    versions: {
      hyperkube: kubernetes['hyperkube-version'],
      etcd: kubernetes['etcd-version'],
      apiserver: kubernetes['apiserver-version'],
      scheduler: kubernetes['kube-scheduler-version'],
      controllerManager: kubernetes['kube-controller-manager-version'],
      dashboard: kubernetes['dashboard-version'],
      haproxy: kubernetes['haproxy-version'],
      pause: kubernetes['pause-version'],
    },
    raw: { ...kubernetes },
  };
}

function buildServices(file: ServicesFile, directory: string): ServicesConfiguration {
  const registry = file.cluster['docker-registry-info'];
  const domain = registry['docker-registry-domain'];
  const username = registry['docker-username'];
  const password = registry['docker-password'];
  const ca = registry['docker-registry-ca'];
  return {
    clusterId: file.cluster.clusterid,
    dataPath: file.cluster['data-path'],
    registry: {
      domain: domain === 'public' ? 'docker.io' : domain,
      namespace: registry['docker-namespace'],
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      tag: registry['docker-tag'],
      secretName: registry['secret-name'],
      ...(ca === undefined ? {} : { caPath: configuredPath(ca, directory) }),
      insecure: registry['docker-registry-insecure'] === 'true',
    },
    hadoop: buildHadoop(file.hadoop, directory),
    raw: servicesRaw(file),
  };
}

function buildHadoop(hadoop: ServicesFile['hadoop'], directory: string): HadoopConfiguration {
  const path = hadoop['custom-hadoop-binary-path'];
  const version = hadoop['hadoop-version'];
  const sha512 = hadoop['hadoop-sha512'];
  return {
    ...(path === 'None' ? {} : { customHadoopBinaryPath: configuredPath(path, directory) }),
    hadoopVersion: version,
    hadoopDownloadUrl: hadoop['hadoop-download-url'].replaceAll('{version}', version),
    ...(sha512 === undefined ? {} : { hadoopSha512: sha512.toLowerCase() }),
    virtualClusters: Object.entries(hadoop.virtualClusters).map(([name, entry]) => ({ ...entry, name })),
  };
}

function buildImageList(file: ServiceListFile): ImageEntry[] {
  return Object.entries(file['image-list']).map(([name, image]) => ({
    name,
    prerequisites: image.prerequisite,
    buildArgs: image['build-args'],
  }));
}

function buildServiceList(file: ServiceListFile): ServiceEntry[] {
  return Object.entries(file['service-list']).map(([name, service]) => ({
    name,
    prerequisites: service.prerequisite,
    images: service.image,
    labels: service.label,
  }));
}

async function checkRegistryCa(files: Files, directory: string): Promise<Problem[]> {
  const ca = files.services.part?.cluster?.['docker-registry-info']?.['docker-registry-ca'];
  if (ca === undefined) return [];
  const path = configuredPath(ca, directory);
  const isFile = await stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
  if (isFile) return [];
  const pointer = '/cluster/docker-registry-info/docker-registry-ca';
  const what = `docker-registry-ca "${ca}": there is no such file; the path is relative to the configuration folder`;
  return [files.services.yaml.problem(pointer, 'value', what)];
}

type Texts = Readonly<Record<keyof Files, readonly [file: string, text: string]>>;

/** Reads all five files; throws one CONFIG_MISSING that names every missing one. */
async function readAll(options: LoadClusterOptions): Promise<Texts> {
  const folder = options.configurationDirectory;
  const inFolder = (name: string) => read(join(folder, name));
  const [cluster, kubernetes, roles, services, serviceList] = await Promise.all([
    inFolder(CONFIGURATION_FILES.cluster),
    inFolder(CONFIGURATION_FILES.kubernetes),
    inFolder(CONFIGURATION_FILES.roles),
    inFolder(CONFIGURATION_FILES.services),
    read(options.serviceListFile),
  ]);
  if (cluster && kubernetes && roles && services && serviceList) {
    return { cluster, kubernetes, roles, services, serviceList };
  }
  const found: Readonly<Record<string, unknown>> = { cluster, kubernetes, roles, services };
  const missing = Object.entries(CONFIGURATION_FILES).flatMap(([key, name]) => (found[key] ? [] : [name]));
  if (missing.length === 0) {
    throw new PaiError('CONFIG_MISSING', `there is no service list ${options.serviceListFile}`, {
      where: options.serviceListFile,
      next: `Copy the one that comes with pai: ${copyCommand('service-list.yaml', options.serviceListFile)}`,
    });
  }
  const all = missing.length === Object.keys(CONFIGURATION_FILES).length;
  const commands = all
    ? [`mkdir -p ${folder}`, copyCommand('cluster-configuration/*.yaml', join(folder, '*.yaml'))]
    : missing.map((name) => copyCommand(`cluster-configuration/${name}`, join(folder, name)));
  throw new PaiError('CONFIG_MISSING', `${folder} has ${all ? 'no configuration' : `no ${missing.join(', no ')}`}`, {
    where: folder,
    next: `Copy the example and edit it: ${commands.join(' && ')}`,
  });
}

/** The command that gets a file of this package back: from git inside its own checkout, else by copying. */
function copyCommand(example: string, to: string): string {
  const from = fileURLToPath(new URL(`../../${example}`, import.meta.url));
  if (resolve(to) === from) return `git checkout -- ${relative(process.cwd(), from)}`;
  return `cp ${from} ${to.endsWith('*.yaml') ? dirname(to) : to}`;
}

async function read(file: string): Promise<readonly [string, string] | undefined> {
  try {
    return [file, await readFile(file, 'utf8')];
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new PaiError('CONFIG_INVALID', `${file} can't be read (${String(code)})`, {
      where: file,
      next: 'Make it a file that you may read.',
      cause: error,
    });
  }
}
