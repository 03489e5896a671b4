import type { Cluster, Json, OperationReport } from 'pai';
import { describeMember, type EtcdLook, type EtcdView, hostOf, memberOf } from './etcd-view.js';

/** What `pai etcd status` tells: every member, what the quorum is, and everything that is not as it should be. */
export function etcdReport(cluster: Cluster, view: EtcdView): OperationReport {
  const problems = problemsOf(cluster, view);
  return {
    text: `${[headline(cluster, view), '', ...table(cluster, view), ...troubles(problems)].join('\n')}\n`,
    json: jsonOf(cluster, view, problems),
    exitCode: problems.length === 0 ? 0 : 1,
  };
}

interface Problem {
  readonly what: string;
  readonly next: string;
}

/** Everything that is wrong, in the order in which one would want to repair it. */
function problemsOf(cluster: Cluster, view: EtcdView): readonly Problem[] {
  const problems: Problem[] = [];
  const interrupted = view.looks.find(({ restore }) => restore !== undefined);
  if (interrupted !== undefined) {
    problems.push({ what: 'a restore did not come to its end', next: 'Run the same pai etcd restore again.' });
  }
  if (!view.serves) {
    problems.push({
      what: 'there is no quorum: nothing can be written, and Kubernetes stands still',
      next: 'Bring enough of its hosts back. Where their data are lost: pai etcd restore -f SNAPSHOT.',
    });
  }
  for (const look of view.looks) problems.push(...problemsOfHost(view, look));
  for (const member of view.members) {
    if (hostOf(cluster, member) === undefined) {
      const what = `${describeMember(cluster, member)} is a member, and no master of the configuration`;
      problems.push({ what, next: 'Remove that machine (pai nodes remove), or put it back into the configuration.' });
    }
  }
  const alarms = new Set(view.looks.flatMap(({ alarms: raised }) => raised));
  for (const alarm of alarms) {
    problems.push({ what: alarm, next: 'NOSPACE: compact and defragment etcd, then etcdctl alarm disarm.' });
  }
  return problems;
}

function problemsOfHost(view: EtcdView, look: EtcdLook): readonly Problem[] {
  const { host } = look;
  const fix = `pai etcd fix ${host.name}`;
  if (look.unreachable !== undefined) {
    const next = view.serves ? `Bring the host back; if it is lost: ${fix}.` : 'Bring the host back.';
    return [{ what: `${host.name} could not be asked: ${look.unreachable}`, next }];
  }
  const member = memberOf(view, host);
  if (member === undefined && view.members.length > 0) {
    return [{ what: `${host.name} is no member`, next: look.installed ? fix : `pai run etcd:${host.name}` }];
  }
  if (member?.learner === true) {
    return [{ what: `${host.name} is a learner: it does not count for the quorum yet`, next: fix }];
  }
  if (look.healthy) return [];
  const what = `${host.name} is not healthy: ${look.problem ?? 'it does not say why'}`;
  return [{ what, next: view.serves ? `pai repair ${host.name}; if its data are damaged: ${fix}.` : 'See above.' }];
}

function headline({ services }: Cluster, view: EtcdView): string {
  const voters = view.members.filter(({ learner }) => !learner).length;
  const name = `etcd of ${services.clusterId}`;
  if (voters === 0) return `${name}: no member answers`;
  const spare = spareOf(view);
  const last = spare < 0 ? 'no quorum' : spare === 0 ? 'no other may fail' : `${spare} more may fail`;
  return `${name}: ${view.healthy.length} of ${voters} members healthy, ${view.quorum} needed, ${last}`;
}

/** How many more members may fail; less than 0 where there is no quorum. */
function spareOf(view: EtcdView): number {
  return view.healthy.length - view.quorum;
}

function table(cluster: Cluster, view: EtcdView): readonly string[] {
  const rows = [
    ['HOST', 'ID', 'NAME', 'STATE', 'VERSION', 'DB SIZE', 'RAFT INDEX', 'LAG'],
    ...rowsOf(cluster, view).map((row) => [
      row.host,
      row.id ?? '-',
      row.name ?? '-',
      row.state,
      row.version ?? '-',
      row.dbSize === undefined ? '-' : `${(row.dbSize / 1e6).toFixed(1)} MB`,
      row.raftIndex === undefined ? '-' : String(row.raftIndex),
      row.lag === undefined ? '-' : String(row.lag),
    ]),
  ];
  const widths = rows.reduce<readonly number[]>(
    (known, row) => row.map((cell, column) => Math.max(known[column] ?? 0, cell.length)),
    [],
  );
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** A member, or a master that has none. */
interface Row {
  readonly host: string;
  readonly id?: string;
  readonly name?: string;
  readonly state:
    | 'leader'
    | 'follower'
    | 'learner'
    | 'never started'
    | 'not healthy'
    | 'unreachable'
    | 'no member'
    | 'unknown host';
  readonly version?: string;
  readonly dbSize?: number;
  readonly raftIndex?: number;
  /** Entries that it has not applied yet of what the furthest member has. */
  readonly lag?: number;
  readonly problem?: string;
}

function rowsOf(cluster: Cluster, view: EtcdView): readonly Row[] {
  const furthest = Math.max(0, ...view.looks.map(({ status }) => status?.raftIndex ?? 0));
  const known = view.looks.map((look): Row => {
    const member = memberOf(view, look.host);
    const { status } = look;
    return {
      host: look.host.name,
      ...(member === undefined ? {} : { id: member.id, name: member.name }),
      state: stateOf(view, look),
      ...(status === undefined
        ? {}
        : {
            version: status.version,
            dbSize: status.dbSize,
            raftIndex: status.raftIndex,
            lag: furthest - status.raftAppliedIndex,
          }),
      ...(look.unreachable === undefined ? {} : { problem: look.unreachable }),
      ...(look.problem === undefined ? {} : { problem: look.problem }),
    };
  });
  const strangers = view.members
    .filter((member) => hostOf(cluster, member) === undefined)
    .map((member): Row => ({ host: member.peerUrl, id: member.id, name: member.name, state: 'unknown host' }));
  return [...known, ...strangers];
}

function stateOf(view: EtcdView, look: EtcdLook): Row['state'] {
  if (look.unreachable !== undefined) return 'unreachable';
  const member = memberOf(view, look.host);
  if (member === undefined && view.members.length > 0) return 'no member';
  if (member?.learner === true) return member.started ? 'learner' : 'never started';
  if (!look.healthy) return 'not healthy';
  return look.status?.leader === true ? 'leader' : 'follower';
}

function troubles(problems: readonly Problem[]): readonly string[] {
  if (problems.length === 0) return [];
  return ['', ...problems.flatMap(({ what, next }) => [`wrong: ${what}`, `  next: ${next}`])];
}

function jsonOf(cluster: Cluster, view: EtcdView, problems: readonly Problem[]): Json {
  return {
    cluster: cluster.services.clusterId,
    serves: view.serves,
    quorum: view.quorum,
    healthy: view.healthy.length,
    mayFail: Math.max(0, spareOf(view)),
    members: rowsOf(cluster, view).map((row) => ({ ...row })),
    problems: problems.map((problem) => ({ ...problem })),
  };
}
