import type { Cluster, Host } from 'pai';
import { peerUrl } from '../etcd.js';

/** A member of etcd, as the list of members has it. */
export interface EtcdMember {
  /** Hexadecimal, as etcdctl takes it. */
  readonly id: string;
  /** Empty while it never started. */
  readonly name: string;
  readonly peerUrl: string;
  /** It has started at least once. */
  readonly started: boolean;
  /** It does not count for the quorum yet. */
  readonly learner: boolean;
}

/** What a member says of itself. */
export interface EtcdStatus {
  readonly id: string;
  readonly version: string;
  /** Bytes of its database. */
  readonly dbSize: number;
  readonly leader: boolean;
  readonly raftIndex: number;
  readonly raftAppliedIndex: number;
}

/** What a look at the member of one host has found. */
export interface EtcdLook {
  readonly host: Host;
  /** Why the host could not be asked; absent where it was. */
  readonly unreachable?: string;
  /** The member's manifest is there. */
  readonly installed: boolean;
  readonly running: boolean;
  /** A restore that did not come to its end. */
  readonly restore?: { readonly token: string; readonly sha256: string };
  /** There is a data folder, and something in it. */
  readonly data: boolean;
  /** It commits: a quorum is there, and it is one of it. */
  readonly healthy: boolean;
  /** Why it is not healthy. */
  readonly problem?: string;
  readonly status?: EtcdStatus;
  /** The members, as it knows them. */
  readonly members?: readonly EtcdMember[];
  /** `NOSPACE` and the like, with the member that raised it, as etcdctl writes them. */
  readonly alarms: readonly string[];
}

/** What is known of etcd after every master was asked. */
export interface EtcdView {
  readonly looks: readonly EtcdLook[];
  /** The list of members: of one that commits, else of one that answers; empty when none does. */
  readonly members: readonly EtcdMember[];
  /** How many of the members that count have to commit. */
  readonly quorum: number;
  /** Members that count and commit. */
  readonly healthy: readonly EtcdMember[];
  /** Something can be written. */
  readonly serves: boolean;
}

/** The most that have to agree among so many members. */
export function quorumOf(members: number): number {
  return Math.floor(members / 2) + 1;
}

/** Puts together what the masters said. */
export function viewOf(looks: readonly EtcdLook[]): EtcdView {
  const told = looks.filter((look) => look.members !== undefined);
  const members = (told.find(({ healthy }) => healthy) ?? told[0])?.members ?? [];
  const voters = members.filter(({ learner }) => !learner);
  const healthy = voters.filter((member) =>
    looks.some((look) => look.healthy && peerUrl(look.host) === member.peerUrl),
  );
  const quorum = quorumOf(voters.length);
  return { looks, members, quorum, healthy, serves: looks.some((look) => look.healthy) };
}

/** The member on a host; undefined when the list has none. */
export function memberOf(view: EtcdView, host: Host): EtcdMember | undefined {
  return view.members.find((member) => member.peerUrl === peerUrl(host));
}

/** The host of a member; undefined for one of a machine that the configuration does not have. */
export function hostOf({ masters }: Pick<Cluster, 'masters'>, member: EtcdMember): Host | undefined {
  return masters.find((host) => peerUrl(host) === member.peerUrl);
}

/** A healthy member on another host than this. */
export function partnerOf(view: EtcdView, host: Pick<Host, 'name'>): EtcdLook | undefined {
  return view.looks.find((look) => look.healthy && look.host.name !== host.name);
}

/**
 * What speaks against taking the member of a host out: too few of the others could go on without it. Undefined when nothing does, or there is no such
 * member any more. For planning, as nothing is asked.
 */
export function removalProblem(view: EtcdView, host: Host): string | undefined {
  if (!view.serves) return 'etcd has no quorum: nobody can change its members';
  const member = memberOf(view, host);
  if (member === undefined || member.learner) return undefined;
  const left = view.members.filter(({ learner, id }) => !learner && id !== member.id).length;
  if (left === 0) return `${host.name} holds the only member of etcd, and with it everything that Kubernetes knows`;
  const healthy = view.healthy.filter(({ id }) => id !== member.id).length;
  if (healthy >= quorumOf(left)) return undefined;
  return `without ${host.name}, etcd would have ${left} members of which ${healthy} are healthy, and it needs ${quorumOf(left)}`;
}

/** Reads what `etcd-status.sh` printed. */
export function readLook(host: Host, text: string): EtcdLook {
  const answers = readAnswers(text);
  const running = answers.get('running')?.code === 0;
  const health = answers.get('health');
  const healthy = health?.code === 0;
  const status = readStatus(answers.get('status'));
  const members = readMembers(answers.get('members'));
  const data = answers.get('data');
  const [token, sha256] = answers.get('restore')?.code === 0 ? (answers.get('restore')?.text.split(' ') ?? []) : [];
  const words = (running ? health : answers.get('running'))?.text ?? '';
  return {
    host,
    installed: answers.get('installed')?.code === 0,
    running,
    ...(token !== undefined && sha256 !== undefined ? { restore: { token, sha256 } } : {}),
    data: data?.code === 0 && data.text !== '',
    healthy,
    ...(healthy ? {} : { problem: problemOf(words) }),
    ...(status === undefined ? {} : { status }),
    ...(members === undefined ? {} : { members }),
    alarms: (answers.get('alarms')?.text ?? '').split('\n').filter((line) => line.includes('alarm:')),
  };
}

interface Answer {
  readonly code: number;
  readonly text: string;
}

function readAnswers(text: string): ReadonlyMap<string, Answer> {
  const answers = new Map<string, Answer>();
  for (const part of text.split(/^== /m).slice(1)) {
    const [head = '', ...lines] = part.split('\n');
    const [what = '', code = ''] = head.split(' ');
    answers.set(what, { code: Number(code), text: lines.join('\n').trim() });
  }
  return answers;
}

/** The sentence in what etcdctl says: its log lines are JSON, with the reason in `error`. */
function problemOf(words: string): string {
  const lines = words.split('\n').filter((line) => line !== '');
  const plain = lines.find((line) => !line.startsWith('{') && !line.startsWith('Error: unhealthy'));
  return plain ?? lines.at(-1) ?? 'it does not say why';
}

/** IDs are 64 bits: more than a number of JavaScript holds. */
function readStatus(answer: Answer | undefined): EtcdStatus | undefined {
  const line = answer?.text.split('\n').find((each) => each.startsWith('['));
  if (answer?.code !== 0 || line === undefined) return undefined;
  const [first]: { readonly Status?: RawStatus }[] = JSON.parse(
    line.replaceAll(/"(ID|member_id|cluster_id|leader)":(\d+)/g, '"$1":"$2"'),
  );
  const raw = first?.Status;
  if (raw === undefined) return undefined;
  return {
    id: hex(raw.header.member_id),
    version: raw.version,
    dbSize: raw.dbSize ?? 0,
    leader: raw.leader !== undefined && raw.leader === raw.header.member_id,
    raftIndex: raw.raftIndex ?? 0,
    raftAppliedIndex: raw.raftAppliedIndex ?? 0,
  };
}

/** `etcdctl endpoint status --write-out=json` of etcd 3.4. */
interface RawStatus {
  readonly header: { readonly member_id: string };
  readonly version: string;
  readonly dbSize?: number;
  readonly leader?: string;
  readonly raftIndex?: number;
  readonly raftAppliedIndex?: number;
}

function hex(decimal: string): string {
  return BigInt(decimal).toString(16);
}

/** `etcdctl member list`: ID, status, name, peer URLs, client URLs, is learner. */
function readMembers(answer: Answer | undefined): readonly EtcdMember[] | undefined {
  if (answer?.code !== 0) return undefined;
  return answer.text.split('\n').flatMap((line) => {
    const [id = '', , name = '', url = '', clients = '', learner = ''] = line.split(', ');
    if (!/^[0-9a-f]+$/.test(id)) return [];
    return [{ id, name, peerUrl: url, started: clients !== '', learner: learner === 'true' }];
  });
}

/** What a member is called in messages: its host, if the configuration has it. */
export function describeMember({ masters }: Pick<Cluster, 'masters'>, member: EtcdMember): string {
  return hostOf({ masters }, member)?.name ?? `${member.name || 'a member that never started'} (${member.peerUrl})`;
}
