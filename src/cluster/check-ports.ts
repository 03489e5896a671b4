import { FIXED_PORTS } from './addresses.js';
import { LIST, type Machine } from './check-logins.js';
import type { ClusterFile, Partially, ServicesFile } from './files.js';
import { type Labels, labelsOfMachine } from './labels.js';
import { namesOf, type Problem } from './problems.js';
import type { YamlFile } from './yaml.js';

/** Somebody who listens on a port of a machine. */
interface Claim {
  readonly port: number;
  /** For people: a field, or who it is. */
  readonly who: string;
  /** Where it is configured; absent for a port that can't be. */
  readonly place?: { readonly yaml: YamlFile; readonly pointer: string };
}

/** A file after its schema, with defaults filled in. */
interface Source<T> {
  readonly yaml: YamlFile;
  readonly part: Partially<T>;
}

/** Ports that two services, or a service and a part of Kubernetes, would take on the same machine. */
export function checkPorts(cluster: Source<ClusterFile>, services: Source<ServicesFile>): Problem[] {
  const clashes = new Map<string, { claims: readonly [Claim, Claim]; hosts: readonly string[] }>();
  for (const { claims, hosts } of listeners(cluster, services)) {
    const first = new Map<number, Claim>();
    for (const claim of claims) {
      const earlier = first.get(claim.port);
      if (!earlier) {
        first.set(claim.port, claim);
        continue;
      }
      const pair = `${earlier.who} ${claim.who}`;
      clashes.set(pair, { claims: [earlier, claim], hosts: [...(clashes.get(pair)?.hosts ?? []), ...hosts] });
    }
  }
  return [...clashes.values()].flatMap(({ claims: [earlier, later], hosts }) => {
    // Those that are not configured come first, and never two of them meet.
    const place = [later, earlier].find((claim) => isWritten(claim))?.place ?? later.place;
    if (!place) return [];
    const what = earlier.place
      ? `${earlier.who} and ${later.who} are both ${later.port} on ${namesOf(hosts)}; give one of them another port`
      : `${later.who} ${later.port} is taken on ${namesOf(hosts)} by ${earlier.who}; choose another port`;
    return [place.yaml.problem(place.pointer, 'value', what)];
  });
}

/** Whether it is in the file, and not a default. */
function isWritten({ place }: Claim): boolean {
  return place?.yaml.has(place.pointer) === true;
}

/** Who listens, for each kind of machine: what can't be configured first. */
function* listeners(cluster: Source<ClusterFile>, services: Source<ServicesFile>) {
  const skus = cluster.part['machine-sku'] ?? {};
  const defaultSsh = cluster.part['default-machine-properties']?.sshport;
  const configured = configuredPorts(services);
  const labelKinds = new Map<Labels, number>();
  const kinds = new Map<string, { machine: Machine; index: number; labels: Labels; hosts: string[] }>();
  for (const [index, machine] of (cluster.part['machine-list'] ?? []).entries()) {
    const labels = labelsOfMachine(machine, skus);
    const label = labelKinds.get(labels) ?? labelKinds.size;
    labelKinds.set(labels, label);
    const kind = `${machine['k8s-role']} ${machine.dashboard} ${machine.sshport} ${label}`;
    const known = kinds.get(kind);
    if (known) known.hosts.push(machine.hostname ?? '');
    else kinds.set(kind, { machine, index, labels, hosts: [machine.hostname ?? ''] });
  }
  for (const { machine, index, labels, hosts } of kinds.values()) {
    const has = (label: string): boolean => {
      const [name = '', value = 'true'] = label.split('=');
      return labels[name] === value;
    };
    const ssh = {
      port: Number(machine.sshport ?? defaultSsh ?? 22),
      who: 'sshport',
      place: {
        yaml: cluster.yaml,
        pointer: machine.sshport === undefined && defaultSsh !== undefined ? DEFAULT_SSH : `${LIST}/${index}/sshport`,
      },
    };
    const claims: Claim[] = [...fixedPorts(machine, has), ssh, ...configured.filter(({ label }) => has(label))];
    yield { claims, hosts };
  }
}

const DEFAULT_SSH = '/default-machine-properties/sshport';

/** Those that can't be configured here: of the parts of Kubernetes, and of what templates/services/hadoop-service runs. */
function fixedPorts(machine: Machine, has: (label: string) => boolean): Claim[] {
  const { 'k8s-role': role } = machine;
  const { apiServer, etcdClients, etcdPeers, dashboard, zookeeper, hdfs, webHdfs, yarn, jobHistory, timeline } =
    FIXED_PORTS;
  const all: readonly (readonly [boolean, string, ...(readonly number[])])[] = [
    [true, 'kubelet', 10250],
    [true, 'kube-proxy', 10256],
    [role === 'master', 'the API server', apiServer],
    [role === 'master', 'etcd', etcdClients, etcdPeers],
    [role === 'master', 'the controller manager', 10257],
    [role === 'master', 'the scheduler', 10259],
    [role === 'proxy', 'haproxy', apiServer],
    [machine.dashboard === 'true', 'the dashboard', dashboard],
    [has('zookeeper'), 'ZooKeeper', zookeeper],
    [has('hdfsrole=master'), 'the name node', hdfs, webHdfs],
    [has('hdfsrole=worker'), 'the data node', 50010, 50020, 50075],
    [has('yarnrole=master'), 'the resource manager', 8030, 8031, 8032, 8033, yarn],
    [has('yarnrole=worker'), 'the node manager', 8040, 8042, 13562],
    [has('jobhistory'), 'the job history', 10020, jobHistory],
    [has('jobhistory'), 'the timeline server', timeline, 10200],
  ];
  return all.flatMap(([listens, who, ...ports]) => (listens ? ports.map((port) => ({ port, who })) : []));
}

/** Ports of services-configuration.yaml, with the label of the machines that they are taken on. */
function configuredPorts({ yaml, part }: Source<ServicesFile>): readonly (Claim & { readonly label: string })[] {
  const claim = (label: string, section: string, field: string, port: number | undefined) => ({
    label,
    port: Number(port),
    who: `${section}.${field}`,
    place: { yaml, pointer: `/${section}/${field}` },
  });
  const { frameworklauncher, restserver, webportal, grafana, prometheus, pylon } = part;
  return [
    claim('pylon', 'pylon', 'port', pylon?.port),
    claim('launcher', 'frameworklauncher', 'frameworklauncher-port', frameworklauncher?.['frameworklauncher-port']),
    claim('restserver', 'restserver', 'server-port', restserver?.['server-port']),
    claim('webportal', 'webportal', 'server-port', webportal?.['server-port']),
    claim('node-exporter', 'prometheus', 'node-exporter-port', prometheus?.['node-exporter-port']),
    claim('prometheus', 'prometheus', 'prometheus-port', prometheus?.['prometheus-port']),
    claim('grafana', 'grafana', 'grafana-port', grafana?.['grafana-port']),
    // What is no port is told by the schema.
  ].filter(({ port }) => port >= 1 && port <= 65535);
}
