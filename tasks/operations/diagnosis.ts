import type { Host, PlanEntry, Reason } from 'pai';

/** What is to be done about a finding. */
export type Cure =
  /** Its target is run. */
  | 'repair'
  /** A broken member of etcd: another command's business. */
  | 'etcd'
  /** A control plane beside a broken member of etcd: it comes back with that. */
  | 'wait'
  /** It is well, and not what the configuration says: a run's business. */
  | 'change'
  /** It can't be looked at. */
  | 'unreachable';

/** Something that is not as it should be. */
export interface Finding {
  readonly host: Host;
  readonly target: string;
  readonly problem: string;
  readonly cure: Cure;
  /** kubelet runs and does not do its work. */
  readonly newKubelet?: true;
  /** For `etcd`: whether the other members can commit. */
  readonly quorum?: boolean;
}

/** What a diagnosis is made of. */
export interface Symptoms {
  readonly hosts: readonly Host[];
  readonly entries: readonly PlanEntry[];
  /** Names of nodes that are not Ready, as Kubernetes says. */
  readonly notReady: ReadonlySet<string>;
  /** Names of all nodes. */
  readonly known: ReadonlySet<string>;
  /** How many members etcd has. */
  readonly members: number;
}

/** Targets of a host, in the order in which they come up. */
export function targetsOf({ name, role }: Host): readonly string[] {
  return role === 'master' ? [`host:${name}`, `etcd:${name}`, `master:${name}`] : [`host:${name}`, `${role}:${name}`];
}

/** The target that runs a host's kubelet. */
export function kubeletTargetOf({ name, role }: Host): string {
  return role === 'master' ? `etcd:${name}` : `${role}:${name}`;
}

/** What is wrong on hosts and what is to be done about it, in the order of the hosts and their targets. */
export function diagnose(symptoms: Symptoms): readonly Finding[] {
  const entries = new Map(symptoms.entries.map((entry) => [entry.name, entry]));
  const findings = symptoms.hosts.flatMap((host) => {
    return targetsOf(host).flatMap((target) => {
      const entry = entries.get(target);
      const found = entry && find(host, entry, symptoms);
      return found === undefined ? [] : [{ host, target, ...found }];
    });
  });
  const broken = findings.filter(({ cure }) => cure === 'etcd').length;
  // The members themselves say whether they can commit: with more than half of them broken none can.
  const quorum = broken <= Math.floor((symptoms.members - 1) / 2);
  const withoutEtcd = new Set(findings.filter(({ cure }) => cure === 'etcd').map(({ host }) => host));
  return findings.map((finding): Finding => {
    if (finding.cure === 'etcd') return { ...finding, quorum };
    const waits = finding.cure === 'repair' && finding.target === `master:${finding.host.name}`;
    return waits && withoutEtcd.has(finding.host) ? { ...finding, cure: 'wait' } : finding;
  });
}

type Found = Pick<Finding, 'problem' | 'cure' | 'newKubelet'>;

function find(host: Host, entry: PlanEntry, { notReady, known }: Symptoms): Found | undefined {
  const { name, state, reasons } = entry;
  if (state === 'unknown')
    return { problem: textOf(reasons, 'unreachable') ?? 'its state is unknown', cure: 'unreachable' };
  const unhealthy = textOf(reasons, 'unhealthy')?.replace(/^error: /, '');
  if (name === kubeletTargetOf(host)) {
    const isDown = unhealthy?.includes('kubelet container is not running') === true;
    const isNotReady = notReady.has(host.nodeName) || unhealthy?.includes('is not Ready') === true;
    if (isNotReady && !isDown && !has(reasons, 'never-applied')) {
      return { problem: unhealthy ?? `node ${host.nodeName} is not Ready`, cure: 'repair', newKubelet: true };
    }
  }
  const isEtcd = name.startsWith('etcd:');
  if (unhealthy !== undefined) {
    return { problem: unhealthy, cure: isEtcd && unhealthy.startsWith('etcd is not healthy') ? 'etcd' : 'repair' };
  }
  if (has(reasons, 'unfinished')) return { problem: 'its last run did not finish', cure: 'repair' };
  if (has(reasons, 'never-applied')) return findMissing(host, isEtcd, known);
  if (state === 'fresh' || !has(reasons, 'changed')) return undefined;
  return { problem: `has changes to be made: pai run ${name}`, cure: 'change' };
}

/** Nothing of it is there: it is new, unless Kubernetes knows its node; then it is gone. */
function findMissing(host: Host, isEtcd: boolean, known: ReadonlySet<string>): Found {
  if (!known.has(host.nodeName)) return { problem: 'was never set up: pai run brings it in', cure: 'change' };
  // The other members remember one that has lost its data, and would not let it start again empty.
  return { problem: 'is gone from the host', cure: isEtcd ? 'etcd' : 'repair' };
}

function has(reasons: readonly Reason[], kind: Reason['kind']): boolean {
  return reasons.some((reason) => reason.kind === kind);
}

function textOf(reasons: readonly Reason[], kind: 'unhealthy' | 'unreachable'): string | undefined {
  for (const reason of reasons) if (reason.kind === kind) return reason.problem;
  return undefined;
}
