import type { Partially, RegistryEntry, ServicesFile } from './files.js';
import type { Problem } from './problems.js';
import { totalCapacity, virtualClusters } from './virtual-clusters.js';
import type { YamlFile } from './yaml.js';

const REGISTRY = '/cluster/docker-registry-info';
const QUEUES = '/hadoop/virtualClusters';

/** Fields of docker-registry-info that must agree. */
export function checkServices(yaml: YamlFile, file: Partially<ServicesFile>): Problem[] {
  const registry: Partially<RegistryEntry> = file.cluster?.['docker-registry-info'] ?? {};
  const problems: Problem[] = [];
  const tell = (field: keyof RegistryEntry, what: string) =>
    problems.push(yaml.problem(`${REGISTRY}/${field}`, 'key', what));
  if (registry['docker-username'] !== undefined && registry['docker-password'] === undefined) {
    tell('docker-username', 'docker-username needs docker-password');
  }
  if (registry['docker-password'] !== undefined && registry['docker-username'] === undefined) {
    tell('docker-password', 'docker-password needs docker-username');
  }
  if (registry['docker-registry-domain'] === 'public') {
    const hub = 'docker-registry-domain: public is Docker Hub';
    if (registry['docker-registry-insecure'] === 'true') {
      tell('docker-registry-insecure', `${hub}, which is never asked over plain HTTP; remove docker-registry-insecure`);
    }
    if (registry['docker-registry-ca'] !== undefined) {
      tell('docker-registry-ca', `${hub}, whose certificate needs no CA of yours; remove docker-registry-ca`);
    }
  }
  return problems;
}

/** What is allowed and seldom meant. */
export function adviseServices(yaml: YamlFile, file: Partially<ServicesFile>): Problem[] {
  const registry: Partially<RegistryEntry> = file.cluster?.['docker-registry-info'] ?? {};
  const domain = registry['docker-registry-domain'];
  const advice: Problem[] = [];
  const tell = (field: keyof RegistryEntry, part: 'key' | 'value', what: string) =>
    advice.push(yaml.problem(`${REGISTRY}/${field}`, part, what));
  if (domain !== undefined && HUB_NAMES.includes(domain)) {
    tell('docker-registry-domain', 'value', `${domain} is Docker Hub; write public`);
  }
  if (domain === 'public' && registry['docker-namespace']?.includes('/')) {
    const what = `docker-namespace ${registry['docker-namespace']}: a namespace of Docker Hub is one name, without /`;
    tell('docker-namespace', 'value', `${what}; give yours there`);
  }
  if (domain === 'public' && registry['docker-username'] === undefined) {
    const what = 'Docker Hub takes images only from who has logged in; give docker-username and docker-password';
    tell('docker-registry-domain', 'value', what);
  }
  if (
    domain !== 'public' &&
    registry['docker-registry-insecure'] === 'true' &&
    registry['docker-registry-ca'] !== undefined
  ) {
    const what = 'docker-registry-ca says nothing beside docker-registry-insecure: "true"; keep one of them';
    tell('docker-registry-ca', 'key', what);
  }
  return [...advice, ...adviseCapacities(yaml, file)];
}

/** Docker Hub by names of its own. */
const HUB_NAMES = ['docker.io', 'index.docker.io', 'registry-1.docker.io', 'hub.docker.com'];

function adviseCapacities(yaml: YamlFile, file: Partially<ServicesFile>): Problem[] {
  const entries = Object.entries(file.hadoop?.virtualClusters ?? {}).map(
    // What is no number is told by the schema.
    ([name, entry]) => [name, { capacity: typeof entry?.capacity === 'number' ? entry.capacity : 0 }] as const,
  );
  const total = totalCapacity(Object.fromEntries(entries));
  if (total <= 100) return [];
  const shares = virtualClusters(Object.fromEntries(entries)).map(({ name, capacity }) => `${name} ${capacity}`);
  const what = `the capacities add up to ${total} percent and are scaled down to 100: ${shares.join(', ')}; lower them`;
  return [yaml.problem(QUEUES, 'key', what)];
}
