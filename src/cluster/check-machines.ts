import { checkBastions, checkMachineLogins, LIST, type Machine } from './check-logins.js';
import type { ClusterFile, Partially } from './files.js';
import { canonicalIp } from './ip.js';
import { type Problem, unknownName } from './problems.js';
import type { YamlFile } from './yaml.js';

/** Names that must be unique or exist, and how many machines of a kind there may be. */
export function checkMachines(yaml: YamlFile, file: Partially<ClusterFile>): Problem[] {
  const machines = file['machine-list'] ?? [];
  const defaults = file['default-machine-properties'] ?? {};
  const skus = Object.keys(file['machine-sku'] ?? {});
  return [
    ...checkEntries(yaml, machines, skus),
    ...checkMachineLogins(yaml, machines, defaults),
    ...checkBastions(yaml, file),
    ...checkCounts(yaml, machines),
  ];
}

/** What must hold of machines in any list of them. */
export function checkEntries(yaml: YamlFile, machines: readonly Machine[], skus: readonly string[]): Problem[] {
  const known = new Set(skus);
  return [
    ...(['hostname', 'hostip', 'etcdid', 'zkid'] as const).flatMap((field) => checkUnique(yaml, machines, field)),
    ...machines.flatMap((machine, index) => checkMachine(yaml, machine, index, known)),
  ];
}

/** What is allowed and seldom meant. */
export function adviseMachines(yaml: YamlFile, file: Partially<ClusterFile>): Problem[] {
  const machines = file['machine-list'] ?? [];
  const masters = machines.filter((machine) => machine['k8s-role'] === 'master').length;
  const dashboards = machines.flatMap((machine, index) => (machine.dashboard === 'true' ? [index] : []));
  const advice: Problem[] = [];
  if (masters > 0 && masters % 2 === 0) {
    const what = `${masters} masters bear no more failures than ${masters - 1}, since etcd needs a majority`;
    advice.push(yaml.problem(LIST, 'key', `${what}; have ${masters - 1} or ${masters + 1}`));
  }
  if (dashboards.length === 0) {
    const what = 'no machine has dashboard: "true", so the Kubernetes dashboard runs nowhere; give it to one';
    advice.push(yaml.problem(LIST, 'key', what));
  }
  for (const index of dashboards.slice(1)) {
    const line = yaml.line(`${LIST}/${dashboards[0]}/dashboard`);
    const what = `the dashboard is looked for on the machine of line ${line}; give dashboard: "true" to one machine only`;
    advice.push(yaml.problem(`${LIST}/${index}/dashboard`, 'value', what));
  }
  for (const [index, { zkid, 'pai-master': paiMaster }] of machines.entries()) {
    if (zkid === undefined || paiMaster === 'true') continue;
    const what = 'zkid says nothing here: ZooKeeper runs on the machine with pai-master only; remove it';
    advice.push(yaml.problem(`${LIST}/${index}/zkid`, 'key', what));
  }
  return advice;
}

/** Fields that no two machines may have the same, with what is the same in each. */
export const UNIQUE_FIELDS = {
  hostname: (value: string) => value.toLowerCase(),
  hostip: canonicalIp,
  etcdid: (value: string) => value.toLowerCase(),
  zkid: (value: string) => value,
} as const;

type UniqueField = keyof typeof UNIQUE_FIELDS;

function checkUnique(yaml: YamlFile, machines: readonly Machine[], field: UniqueField): Problem[] {
  const first = new Map<string, number>();
  const problems: Problem[] = [];
  for (const [index, machine] of machines.entries()) {
    const value = machine[field];
    if (value === undefined) continue;
    const same = UNIQUE_FIELDS[field](value);
    const earlier = first.get(same);
    if (earlier === undefined) {
      first.set(same, index);
      continue;
    }
    const line = yaml.line(`${LIST}/${earlier}/${field}`);
    const what = `${field} "${value}" is that of the machine on line ${line} already; it must be unique`;
    problems.push(yaml.problem(`${LIST}/${index}/${field}`, 'value', what));
  }
  return problems;
}

function checkMachine(yaml: YamlFile, machine: Machine, index: number, skus: ReadonlySet<string>): Problem[] {
  const problems: Problem[] = [];
  const tell = (field: string, what: string) => problems.push(yaml.problem(`${LIST}/${index}${field}`, 'value', what));
  const called = machine.hostname ? `machine "${machine.hostname}"` : 'this machine';

  const type = machine['machine-type'];
  if (type !== undefined && !skus.has(type)) {
    tell('/machine-type', unknownName('machine-type', type, [...skus], 'machine-sku'));
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
  const [paiMaster = -1] = paiMasters;
  const zookeeper = machines[paiMaster];
  if (zookeeper && zookeeper.zkid === undefined) {
    const called = zookeeper.hostname ? `machine "${zookeeper.hostname}"` : 'this machine';
    const what = `${called} has pai-master: "true", so ZooKeeper runs there, and no zkid: give it zkid: "1"`;
    problems.push(yaml.problem(`${LIST}/${paiMaster}`, 'value', what));
  }
  for (const index of paiMasters.slice(1)) {
    const line = yaml.line(`${LIST}/${paiMaster}/pai-master`);
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
