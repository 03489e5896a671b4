import { isIPv4 } from 'node:net';
import { checkBastions, checkMachineLogins, LIST, type Machine } from './check-logins.js';
import type { ClusterFile, KubernetesFile, Partially, RoleFile, ServiceListFile, ServicesFile } from './files.js';
import { LABEL_NAMES } from './labels.js';
import { type Problem, unknownName } from './problems.js';
import type { Validated } from './validate.js';
import { child, type YamlFile } from './yaml.js';

/** The five files after their schemas. */
export interface Files {
  readonly cluster: Validated<ClusterFile>;
  readonly kubernetes: Validated<KubernetesFile>;
  readonly roles: Validated<RoleFile>;
  readonly services: Validated<ServicesFile>;
  readonly serviceList: Validated<ServiceListFile>;
}

/** Checks what no schema can say: names that must exist or be unique, and what several files must agree on. */
export function crossCheck(files: Files): Problem[] {
  const { cluster, kubernetes, roles, services, serviceList } = files;
  return [
    ...(cluster.part ? checkMachines(cluster.yaml, cluster.part) : []),
    ...(cluster.part && kubernetes.part
      ? checkLoadBalancer(kubernetes.yaml, kubernetes.part, cluster.part['machine-list'] ?? [])
      : []),
    ...(kubernetes.part ? checkServiceRange(kubernetes.yaml, kubernetes.part) : []),
    ...(roles.part ? checkRoles(roles.yaml, roles.part) : []),
    ...(services.part ? checkServices(services.yaml, services.part) : []),
    ...(serviceList.part ? checkServiceList(serviceList.yaml, serviceList.part) : []),
  ];
}

function checkMachines(yaml: YamlFile, file: Partially<ClusterFile>): Problem[] {
  const machines = file['machine-list'] ?? [];
  const defaults = file['default-machine-properties'] ?? {};
  const skus = Object.keys(file['machine-sku'] ?? {});
  return [
    ...checkUnique(yaml, machines, 'hostname'),
    ...checkUnique(yaml, machines, 'hostip'),
    ...checkUnique(yaml, machines, 'etcdid'),
    ...machines.flatMap((machine, index) => checkMachine(yaml, machine, index, skus)),
    ...checkMachineLogins(yaml, machines, defaults),
    ...checkBastions(yaml, file),
    ...checkCounts(yaml, machines),
  ];
}

function checkUnique(yaml: YamlFile, machines: readonly Machine[], field: 'hostname' | 'hostip' | 'etcdid'): Problem[] {
  const first = new Map<string, number>();
  const problems: Problem[] = [];
  for (const [index, machine] of machines.entries()) {
    const value = machine[field];
    if (value === undefined) continue;
    const earlier = first.get(value.toLowerCase());
    if (earlier === undefined) {
      first.set(value.toLowerCase(), index);
      continue;
    }
    const line = yaml.line(`${LIST}/${earlier}/${field}`);
    const what = `${field} "${value}" is that of the machine on line ${line} already; it must be unique`;
    problems.push(yaml.problem(`${LIST}/${index}/${field}`, 'value', what));
  }
  return problems;
}

function checkMachine(yaml: YamlFile, machine: Machine, index: number, skus: readonly string[]): Problem[] {
  const problems: Problem[] = [];
  const tell = (field: string, what: string) => problems.push(yaml.problem(`${LIST}/${index}${field}`, 'value', what));
  const called = machine.hostname ? `machine "${machine.hostname}"` : 'this machine';

  const type = machine['machine-type'];
  if (type !== undefined && !skus.includes(type)) {
    tell('/machine-type', unknownName('machine-type', type, skus, 'machine-sku'));
  }
  const role = machine['k8s-role'];
  if (role === 'master' && machine.etcdid === undefined) {
    tell('', `${called} is a master and has no etcdid: give it one that no other master has`);
  }
  if ((role === 'worker' || role === 'proxy') && machine.etcdid !== undefined) {
    tell('/etcdid', `etcdid is for masters only, and ${called} is a ${role}`);
  }
  return problems;
}

function checkCounts(yaml: YamlFile, machines: readonly Machine[]): Problem[] {
  const problems: Problem[] = [];
  const paiMasters = machines.flatMap((machine, index) => (machine['pai-master'] === 'true' ? [index] : []));
  const proxies = machines.flatMap((machine, index) => (machine['k8s-role'] === 'proxy' ? [index] : []));
  // A role that is missing or misspelt is told by the schema; it may be the master that would be missed here.
  const rolesAreKnown = machines.every((machine) =>
    ['master', 'worker', 'proxy'].some((role) => role === machine['k8s-role']),
  );
  if (rolesAreKnown && !machines.some((machine) => machine['k8s-role'] === 'master')) {
    problems.push(yaml.problem(LIST, 'key', 'no machine has k8s-role: master; at least one must'));
  }
  if (paiMasters.length === 0) {
    problems.push(yaml.problem(LIST, 'key', 'no machine has pai-master: "true"; exactly one must'));
  }
  for (const index of paiMasters.slice(1)) {
    const line = yaml.line(`${LIST}/${paiMasters[0]}/pai-master`);
    const what = `exactly one machine may have pai-master: "true", and that on line ${line} has it`;
    problems.push(yaml.problem(`${LIST}/${index}/pai-master`, 'value', what));
  }
  for (const index of proxies.slice(1)) {
    const line = yaml.line(`${LIST}/${proxies[0]}/k8s-role`);
    const what = `only one machine may have k8s-role: proxy, and that on line ${line} has it`;
    problems.push(yaml.problem(`${LIST}/${index}/k8s-role`, 'value', what));
  }
  return problems;
}

/** load-balance-ip is the proxy's address, the single master's, or that of a load balancer outside the cluster. */
function checkLoadBalancer(
  yaml: YamlFile,
  file: Partially<KubernetesFile>,
  machines: readonly Machine[],
): readonly Problem[] {
  const address = file.kubernetes?.['load-balance-ip'];
  if (address === undefined) return [];
  const tell = (what: string) => [
    yaml.problem('/kubernetes/load-balance-ip', 'value', `load-balance-ip ${address} ${what}`),
  ];

  const proxy = machines.find((machine) => machine['k8s-role'] === 'proxy');
  if (proxy?.hostip !== undefined) {
    if (address === proxy.hostip) return [];
    return tell(`must be the address of the proxy "${proxy.hostname}", ${proxy.hostip}`);
  }
  const owner = machines.find((machine) => machine.hostip === address);
  if (owner?.['k8s-role'] === 'worker') {
    return tell(`is the address of the worker "${owner.hostname}": it must be a master, a proxy or a load balancer`);
  }
  const masters = machines.filter((machine) => machine['k8s-role'] === 'master');
  if (owner?.['k8s-role'] === 'master' && masters.length > 1) {
    const what = `is the address of "${owner.hostname}", one of ${masters.length} masters: when it fails, all do`;
    return tell(`${what}; give one machine k8s-role: proxy, or use the address of a load balancer`);
  }
  return [];
}

function checkServiceRange(yaml: YamlFile, file: Partially<KubernetesFile>): Problem[] {
  const range = file.kubernetes?.['service-cluster-ip-range'];
  const [address = '', prefix] = range?.split('/') ?? [];
  // What is not a range is told by the schema.
  if (!isIPv4(address) || prefix === undefined || !/^[0-9]+$/.test(prefix)) return [];
  const size = 2 ** (32 - Number(prefix));
  const number = address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
  if (number % size === 0) return [];
  const start = number - (number % size);
  const octets = [24, 16, 8, 0].map((shift) => Math.floor(start / 2 ** shift) % 256);
  const what = `service-cluster-ip-range ${range} does not start at its first address; did you mean ${octets.join('.')}/${prefix}?`;
  return [yaml.problem('/kubernetes/service-cluster-ip-range', 'value', what)];
}

function checkRoles(yaml: YamlFile, file: Partially<RoleFile>): Problem[] {
  const components = Object.keys(file['component-list'] ?? {});
  return Object.entries(file['k8s-role'] ?? {}).flatMap(([role, definition]) =>
    (definition?.component ?? []).flatMap(({ name }, index) => {
      if (name === undefined || components.includes(name)) return [];
      const pointer = `/k8s-role/${role}/component/${index}/name`;
      return [yaml.problem(pointer, 'value', unknownName('component', name, components, 'component-list'))];
    }),
  );
}

function checkServices(yaml: YamlFile, file: Partially<ServicesFile>): Problem[] {
  const problems: Problem[] = [];
  if (file.cluster?.['docker-verison'] !== undefined && file.cluster['docker-version'] !== undefined) {
    const what = 'docker-version is the same as docker-verison: give only one of them';
    problems.push(yaml.problem('/cluster/docker-version', 'key', what));
  }
  const registry = file.cluster?.['docker-registry-info'];
  const path = '/cluster/docker-registry-info';
  if (registry?.['docker-username'] !== undefined && registry['docker-password'] === undefined) {
    problems.push(yaml.problem(`${path}/docker-username`, 'key', 'docker-username needs docker-password'));
  }
  if (registry?.['docker-password'] !== undefined && registry['docker-username'] === undefined) {
    problems.push(yaml.problem(`${path}/docker-password`, 'key', 'docker-password needs docker-username'));
  }
  return problems;
}

function checkServiceList(yaml: YamlFile, file: Partially<ServiceListFile>): Problem[] {
  const images = Object.keys(file['image-list'] ?? {});
  const services = Object.keys(file['service-list'] ?? {});
  const problems: Problem[] = [];
  const each = (pointer: string, kind: string, given: readonly string[] | undefined, known: readonly string[]) => {
    for (const [index, name] of (given ?? []).entries()) {
      if (known.includes(kind === 'label' ? name.replace(/=.*$/s, '') : name)) continue;
      const place = kind === 'label' ? 'the labels of nodes' : `${kind}-list`;
      problems.push(yaml.problem(child(pointer, index), 'value', unknownName(kind, name, known, place)));
    }
  };
  for (const [name, image] of Object.entries(file['image-list'] ?? {})) {
    each(`${child('/image-list', name)}/prerequisite`, 'image', image?.prerequisite, images);
  }
  for (const [name, service] of Object.entries(file['service-list'] ?? {})) {
    const pointer = child('/service-list', name);
    each(`${pointer}/prerequisite`, 'service', service?.prerequisite, services);
    each(`${pointer}/image`, 'image', service?.image, images);
    each(`${pointer}/label`, 'label', service?.label, LABEL_NAMES);
  }
  return problems;
}
