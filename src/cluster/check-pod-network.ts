import type { Machine } from './check-logins.js';
import type { KubernetesFile, Partially } from './files.js';
import { formatIp, type IpRange, isWithin, parseIp, parseRange } from './ip.js';
import { namesOf, type Problem } from './problems.js';
import type { YamlFile } from './yaml.js';

type Fields = NonNullable<Partially<KubernetesFile>['kubernetes']>;

const SUGGESTION = 'choose a range that nothing in your network uses';

/** `network`, the range of pods against machines, services and the balancer, and the cluster's own name server. */
export function checkPodNetwork(
  yaml: YamlFile,
  { kubernetes = {} }: Partially<KubernetesFile>,
  machines: readonly Machine[],
): readonly Problem[] {
  const tell = (field: keyof Fields, what: string) => yaml.problem(`/kubernetes/${field}`, 'value', what);
  const problems: Problem[] = [];
  const { network = 'host-only', 'pod-cidr': podCidr, 'network-manifests': manifests } = kubernetes;
  if (network === 'bridge') {
    if (podCidr === undefined) {
      const example = 'pod-cidr: 10.244.0.0/16 if nothing in your network uses that';
      problems.push(tell('network', `network: bridge needs a range for pods; add ${example}`));
    }
    const six = machines.filter(({ hostip }) => parseIp(hostip ?? '')?.bits === 128);
    if (six.length > 0) {
      const whose = namesOf(six.map(({ hostname }) => `${hostname}`));
      problems.push(tell('network', `network: bridge is for IPv4 only, and the address of ${whose} is IPv6`));
    }
  }
  if (network === 'manifests' && manifests === undefined) {
    const what = 'network: manifests needs network-manifests, a manifest or a folder of them';
    problems.push(tell('network', what));
  }
  if (network !== 'host-only') problems.push(...checkRange(kubernetes, machines, tell));
  return [...problems, ...checkOwnDns(kubernetes, tell)];
}

/** What is allowed and says nothing. */
export function advisePodNetwork(yaml: YamlFile, { kubernetes = {} }: Partially<KubernetesFile>): readonly Problem[] {
  const { network = 'host-only', 'cluster-dns': dns, 'service-cluster-ip-range': services } = kubernetes;
  const tell = (field: keyof Fields, what: string) => yaml.problem(`/kubernetes/${field}`, 'value', what);
  const advice: Problem[] = [];
  if (network === 'host-only' && kubernetes['pod-cidr'] !== undefined) {
    advice.push(tell('pod-cidr', 'pod-cidr says nothing with network: host-only, where pods have no addresses'));
  }
  if (network !== 'manifests' && kubernetes['network-manifests'] !== undefined) {
    advice.push(tell('network-manifests', 'network-manifests says nothing without network: manifests'));
  }
  const range = parseRange(services ?? '');
  if (network === 'host-only' && dns !== undefined && range !== undefined && holds(range, dns)) {
    const what = `cluster-dns ${dns} is an address of services, and with network: host-only no name server runs there`;
    advice.push(tell('cluster-dns', `${what}; use network: bridge, or the address of your name server`));
  }
  return advice;
}

function checkRange(
  fields: Fields,
  machines: readonly Machine[],
  tell: (field: keyof Fields, what: string) => Problem,
): readonly Problem[] {
  const text = fields['pod-cidr'];
  const range = parseRange(text ?? '');
  // What is not a range is told by the schema.
  if (text === undefined || range === undefined) return [];
  const problems: Problem[] = [];
  const say = (what: string) => problems.push(tell('pod-cidr', `pod-cidr ${text} ${what}`));
  const prefix = Number(text.split('/')[1]);
  if (range.first !== range.written) {
    const right = `${formatIp({ bits: range.bits, value: range.first })}/${prefix}`;
    say(`does not start at its first address; did you mean ${right}?`);
  }
  const inside = machines.filter(({ hostip }) => holds(range, hostip));
  if (inside.length > 0) {
    const whose = namesOf(inside.map(({ hostname, hostip }) => `${hostname} (${hostip})`));
    say(`holds the address of ${whose}; ${SUGGESTION}`);
  }
  const balancer = fields['load-balance-ip'];
  if (holds(range, balancer) && !inside.some(({ hostip }) => hostip === balancer)) {
    say(`holds load-balance-ip ${balancer}; ${SUGGESTION}`);
  }
  if (holds(range, fields['cluster-dns'])) say(`holds cluster-dns ${fields['cluster-dns']}; ${SUGGESTION}`);
  const services = parseRange(fields['service-cluster-ip-range'] ?? '');
  if (services?.bits === range.bits && services.first <= range.last && range.first <= services.last) {
    say(`overlaps service-cluster-ip-range ${fields['service-cluster-ip-range']}; ${SUGGESTION}`);
  }
  const mask = fields['pod-cidr-mask'] ?? 24;
  if (mask < prefix) {
    say(`is smaller than the part of one host (pod-cidr-mask ${mask}); take a larger range or a larger pod-cidr-mask`);
  } else if (2 ** (mask - prefix) < machines.length) {
    const room = 2 ** (mask - prefix);
    say(
      `has room for ${room} ${room === 1 ? 'host' : 'hosts'} with pod-cidr-mask ${mask}, and there are ${machines.length}; ` +
        'take a larger range or a larger pod-cidr-mask',
    );
  }
  return problems;
}

/** The first address of services is the API's, the first and last of the range are none. */
function checkOwnDns(fields: Fields, tell: (field: keyof Fields, what: string) => Problem): readonly Problem[] {
  const range = parseRange(fields['service-cluster-ip-range'] ?? '');
  const dns = parseIp(fields['cluster-dns'] ?? '');
  if (range === undefined || dns === undefined || !isWithin(dns, range)) return [];
  const taken = new Map([
    [range.first, 'is no address of a service'],
    [range.first + 1n, "is the API server's own service"],
    [range.last, 'is no address of a service'],
  ]).get(dns.value);
  if (taken === undefined) return [];
  const proposal = formatIp({
    bits: range.bits,
    value: range.last - range.first > 10n ? range.first + 10n : range.first + 2n,
  });
  return [
    tell(
      'cluster-dns',
      `cluster-dns ${fields['cluster-dns']} ${taken}; take another of that range, such as ${proposal}`,
    ),
  ];
}

function holds(range: IpRange, address: string | undefined): boolean {
  const ip = parseIp(address ?? '');
  return ip !== undefined && isWithin(ip, range);
}
