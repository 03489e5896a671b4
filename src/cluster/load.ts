import { readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ImageSource } from '../model/drivers.js';
import { PaiError } from '../model/errors.js';
import { buildAddresses } from './addresses.js';
import { crossCheck, type Files } from './check.js';
import type { ClusterFile, ImageListEntry, KubernetesFile, RoleFile, ServiceListFile, ServicesFile } from './files.js';
import { deepFreeze } from './freeze.js';
import { buildHosts, configuredPath } from './hosts.js';
import type { Cluster, ImageEntry, ServiceEntry } from './model.js';
import { warnOfReadableSecrets } from './plain-secrets.js';
import { child } from './pointers.js';
import { configurationError, inOrder, type Problem } from './problems.js';
import { Resolver } from './resolve.js';
import { buildKubernetes, buildServices } from './sections.js';
import { createValidator } from './validate.js';
import { buildVariables } from './variables.js';
import { parseYaml, type YamlFile } from './yaml.js';

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
  /**
   * Is told what is accepted and may not be meant so, all of it at once and in order, also when there are problems besides.
   * Default: nobody is told.
   */
  readonly warn?: (warnings: readonly Problem[]) => void;
  /** What cluster-configuration.yaml is taken to say, instead of what it says: to check a change before it is made. */
  readonly clusterText?: string;
  /** What `!env` asks. Default: this process's. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/**
 * Reads the four configuration files and the service list into one model, deeply frozen.
 *
 * Throws PaiError CONFIG_MISSING when files are not there, and CONFIG_INVALID with every problem of all files in
 * `details`, each as `file:line:column: what`.
 */
export async function loadCluster(options: LoadClusterOptions): Promise<Cluster> {
  const { files, problems, warnings, directory, resolver } = await checkConfiguration(options);
  options.warn?.(warnings);
  const whole = allWhole(files);
  if (problems.length > 0 || whole === undefined) throw configurationError(problems);
  const images = buildImageList(whole.serviceList, files.serviceList.yaml);
  const cluster = build(whole, images, directory, options.operatorDirectory);
  return deepFreeze({ ...cluster, revealSecrets: () => resolver.revealAll() });
}

/** The files of a configuration, and what is wrong with them. */
export interface CheckedConfiguration {
  /** Absolute path of the configuration folder. */
  readonly directory: string;
  readonly files: Files;
  readonly problems: readonly Problem[];
  /** In order. */
  readonly warnings: readonly Problem[];
  readonly resolver: Resolver;
}

/** Reads and checks all five files. Throws CONFIG_MISSING, and CONFIG_INVALID for a file that can't be read. */
export async function checkConfiguration(
  options: Pick<LoadClusterOptions, 'configurationDirectory' | 'serviceListFile' | 'clusterText' | 'env'>,
): Promise<CheckedConfiguration> {
  const directory = resolve(options.configurationDirectory);
  const resolver = new Resolver({ directory, env: options.env ?? process.env });
  const [found, validate] = await Promise.all([readAll(options), createValidator(resolver)]);
  const { clusterText } = options;
  const texts = clusterText === undefined ? found : { ...found, cluster: [found.cluster[0], clusterText] as const };
  const files: Files = {
    cluster: await validate('cluster', parseYaml(...texts.cluster)),
    kubernetes: await validate('kubernetes', parseYaml(...texts.kubernetes)),
    roles: await validate('roles', parseYaml(...texts.roles)),
    services: await validate('services', parseYaml(...texts.services)),
    serviceList: await validate('serviceList', parseYaml(...texts.serviceList)),
  };
  const crossed = crossCheck(files);
  const problems = [
    ...Object.values(files).flatMap((file) => [...file.problems]),
    ...crossed.problems,
    ...(await checkRegistryCa(files, directory)),
    ...(await checkPackageKey(files, directory)),
  ];
  const hints = Object.values(files).flatMap((file) => [...file.warnings]);
  const readable = await warnOfReadableSecrets(files, directory);
  const warnings = inOrder([...hints, ...crossed.warnings, ...readable]);
  return { directory, files, problems: inOrder(problems), warnings, resolver };
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

function build(
  files: Whole,
  images: readonly ImageEntry[],
  directory: string,
  operatorDirectory: string | undefined,
): Omit<Cluster, 'revealSecrets'> {
  const hosts = buildHosts(files.cluster, directory);
  const clusterId = files.services.cluster.clusterid;
  const kubernetes = buildKubernetes(files.kubernetes, directory);
  const services = buildServices(files.services, directory);
  const addresses = buildAddresses(hosts, kubernetes, services);
  return {
    directory,
    operatorDirectory: operatorDirectory ?? join(homedir(), '.kube', `pai-${clusterId}`),
    hosts,
    masters: hosts.filter((host) => host.role === 'master'),
    workers: hosts.filter((host) => host.role === 'worker'),
    proxies: hosts.filter((host) => host.role === 'proxy'),
    kubernetes,
    services,
    addresses,
    images,
    serviceList: buildServiceList(files.serviceList),
    variables: buildVariables(files, hosts, addresses),
  };
}

function buildImageList(file: ServiceListFile, yaml: YamlFile): ImageEntry[] {
  return Object.entries(file['image-list']).map(([name, image]) => {
    const source = imageSource(name, image, yaml);
    return {
      name,
      prerequisites: image.prerequisite,
      buildArgs: image['build-args'],
      ...(source !== undefined && { source }),
      copy: source !== undefined && image.copy.length === 0 ? ['.'] : image.copy,
    };
  });
}

/** Paths are relative to the service list. */
function imageSource(name: string, { source }: ImageListEntry, yaml: YamlFile): ImageSource | undefined {
  if (source === undefined) return undefined;
  const { file, line, column } = yaml.problem(`${child('/image-list', name)}/source`, 'key', '');
  const where = `${file}:${line}:${column}`;
  const { path, git, revision } = source;
  // The cross checks have told of a source that lacks what it needs.
  if (git !== undefined && revision !== undefined) {
    // What is neither scheme://... nor host:path is a folder of this machine.
    const url = /^[a-z+]+:\/\/|^[^/]+:/i.test(git) ? git : resolve(dirname(file), git);
    return { kind: 'git', url, revision, where };
  }
  return { kind: 'folder', path: resolve(dirname(file), path ?? ''), shown: path ?? '', where };
}

function buildServiceList(file: ServiceListFile): ServiceEntry[] {
  return Object.entries(file['service-list']).map(([name, service]) => ({
    name,
    prerequisites: service.prerequisite,
    images: service.image,
    configurations: service.configuration,
    labels: service.label,
    ...(service.startscript !== undefined && { startScript: service.startscript }),
    ...(service.stopscript !== undefined && { stopScript: service.stopscript }),
    data: service.data,
    cleanOnly: service['clean-only'] === 'true',
  }));
}

async function checkRegistryCa(files: Files, directory: string): Promise<Problem[]> {
  const ca = files.services.part?.cluster?.['docker-registry-info']?.['docker-registry-ca'];
  if (ca === undefined) return [];
  if (await isFile(configuredPath(ca, directory))) return [];
  const pointer = '/cluster/docker-registry-info/docker-registry-ca';
  const what = `docker-registry-ca "${ca}": there is no such file; the path is relative to the configuration folder`;
  return [files.services.yaml.problem(pointer, 'value', what)];
}

async function checkPackageKey(files: Files, directory: string): Promise<Problem[]> {
  const key = files.kubernetes.part?.kubernetes?.['package-source']?.key;
  if (key === undefined || (await isFile(configuredPath(key, directory)))) return [];
  const what = `key "${key}": there is no such file; the path is relative to the configuration folder`;
  return [files.kubernetes.yaml.problem('/kubernetes/package-source/key', 'value', what)];
}

function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

type Text = readonly [file: string, text: string];
type Texts = Readonly<Record<keyof Files, Text>>;

/** Reads all five files; throws one CONFIG_MISSING that names every missing one. */
async function readAll(options: LoadClusterOptions): Promise<Texts> {
  const folder = options.configurationDirectory;
  const inFolder = (name: string) => readIfThere(join(folder, name));
  const [cluster, kubernetes, roles, services, serviceList] = await Promise.all([
    inFolder(CONFIGURATION_FILES.cluster),
    inFolder(CONFIGURATION_FILES.kubernetes),
    inFolder(CONFIGURATION_FILES.roles),
    inFolder(CONFIGURATION_FILES.services),
    readIfThere(options.serviceListFile),
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

/** A file's path and text; undefined where there is none. Throws CONFIG_INVALID for one that can't be read. */
export async function readIfThere(file: string): Promise<readonly [string, string] | undefined> {
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
