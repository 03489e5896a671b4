import type { Machine } from './check-logins.js';
import type { KubernetesFile, Partially } from './files.js';
import { canonicalIp, formatIp, type IpRange, isWithin, parseIp, parseRange } from './ip.js';
import { namesOf, type Problem } from './problems.js';
import type { YamlFile } from './yaml.js';

const RANGE = '/kubernetes/service-cluster-ip-range';

/** load-balance-ip and the range of services against the machines' addresses. */
export function checkNetwork(
  yaml: YamlFile,
  file: Partially<KubernetesFile>,
  machines: readonly Machine[],
): readonly Problem[] {
  return [...checkLoadBalancer(yaml, file, machines), ...checkServiceRange(yaml, file, machines)];
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
  const same = canonicalIp(address);
  const isAt = ({ hostip }: Machine): boolean => hostip !== undefined && canonicalIp(hostip) === same;

  const proxy = machines.find((machine) => machine['k8s-role'] === 'proxy');
  if (proxy?.hostip !== undefined) {
    if (isAt(proxy)) return [];
    return tell(`must be the address of the proxy "${proxy.hostname}", ${proxy.hostip}`);
  }
  const owner = machines.find(isAt);
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

function checkServiceRange(
  yaml: YamlFile,
  file: Partially<KubernetesFile>,
  machines: readonly Machine[],
): readonly Problem[] {
  const text = file.kubernetes?.['service-cluster-ip-range'];
  const range = parseRange(text ?? '');
  // What is not a range is told by the schema.
  if (text === undefined || range === undefined) return [];
  const tell = (what: string) => yaml.problem(RANGE, 'value', `service-cluster-ip-range ${text} ${what}`);
  const { bits, first, written } = range;
  const problems: Problem[] = [];
  if (first !== written) {
    const right = `${formatIp({ bits, value: first })}/${text.split('/')[1]}`;
    problems.push(tell(`does not start at its first address; did you mean ${right}?`));
  }
  const inside = machines.filter(({ hostip }) => isIn(hostip, range));
  if (inside.length > 0) {
    const whose = namesOf(inside.map(({ hostname, hostip }) => `${hostname} (${hostip})`));
    problems.push(tell(`holds the address of ${whose}; choose a range that nothing in your network uses`));
  }
  const balancer = file.kubernetes?.['load-balance-ip'];
  if (isIn(balancer, range) && !inside.some(({ hostip }) => hostip === balancer)) {
    problems.push(tell(`holds load-balance-ip ${balancer}; choose a range that nothing in your network uses`));
  }
  const others = machines.filter(
    ({ hostip, 'k8s-role': role }) => role === 'master' && (parseIp(hostip ?? '')?.bits ?? bits) !== bits,
  );
  if (others.length > 0) {
    const kinds = bits === 32 ? ['IPv4', 'IPv6'] : ['IPv6', 'IPv4'];
    const whose = `${namesOf(others.map(({ hostname }) => `${hostname}`))} ${others.length === 1 ? 'has' : 'have'}`;
    problems.push(
      tell(`is ${kinds[0]}, and ${whose} an ${kinds[1]} address; an API server takes a range of its own kind`),
    );
  }
  return problems;
}

function isIn(address: string | undefined, range: IpRange): boolean {
  const ip = parseIp(address ?? '');
  return ip !== undefined && isWithin(ip, range);
}
