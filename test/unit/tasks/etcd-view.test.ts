import fc from 'fast-check';
import type { Host } from 'pai';
import { describe, expect, it } from 'vitest';
import { checkFix } from '../../../tasks/operations/etcd-fix.js';
import { etcdReport } from '../../../tasks/operations/etcd-status.js';
import {
  type EtcdLook,
  type EtcdMember,
  type EtcdView,
  memberOf,
  quorumOf,
  readLook,
  removalProblem,
  viewOf,
} from '../../../tasks/operations/etcd-view.js';

type Masters = Parameters<typeof etcdReport>[0];

function master(name: string, number: number): Host {
  const login = { name, address: `10.0.0.${number}`, port: 22, user: 'root' };
  return { name, address: login.address, login, role: 'master', etcdId: `etcd${number}` } as Host;
}

const hosts = ['h1', 'h2', 'h3'].map((name, index) => master(name, index + 1));
const [h1, h2, h3] = hosts as [Host, Host, Host];
const cluster = { masters: hosts, hosts, services: { clusterId: 'test' } } as unknown as Masters;

function memberAt(number: number, given: Partial<EtcdMember> = {}): EtcdMember {
  const peerUrl = `https://10.0.0.${number}:2380`;
  return { id: `a${number}`, name: `etcd${number}`, peerUrl, started: true, learner: false, ...given };
}

function look(host: Host, members: readonly EtcdMember[] | undefined, given: Partial<EtcdLook> = {}): EtcdLook {
  const healthy = members !== undefined;
  return {
    host,
    installed: true,
    running: healthy,
    data: healthy,
    healthy,
    ...(healthy ? { members } : { problem: 'no container of etcd runs' }),
    alarms: [],
    ...given,
  };
}

/** `healthy` of `all` members commit, in order. */
function viewWith(all: number, healthy: number, masters: readonly Host[] = hosts): EtcdView {
  const members = Array.from({ length: all }, (_, index) => memberAt(index + 1));
  return viewOf(masters.map((host, index) => look(host, index < healthy ? members : undefined)));
}

const ANSWER = `== installed 0

== running 0

== restore 1
cat: /var/lib/pai/etcd/restore: No such file or directory
== data 0
member
== health 0
https://127.0.0.1:2379 is healthy: successfully committed proposal: took = 12ms
== status 0
[{"Endpoint":"https://127.0.0.1:2379","Status":{"header":{"cluster_id":14841639068965178418,"member_id":13729087341230957834,"revision":5,"raft_term":2},"version":"3.4.23","dbSize":20480,"leader":13729087341230957834,"raftIndex":9,"raftTerm":2,"raftAppliedIndex":8}}]
== members 0
be87ab0f0c0f410a, started, etcd1, https://10.0.0.1:2380, https://10.0.0.1:2379, false
bee71ae405648b2, unstarted, , https://10.0.0.2:2380, , true
== alarms 0
memberID:13729087341230957834 alarm:NOSPACE
`;

describe('what a member says of itself', () => {
  it('is read with its 64-bit id, exactly', () => {
    const read = readLook(h1, ANSWER);
    expect(read).toMatchObject({ healthy: true, running: true, installed: true, data: true });
    expect(read.status).toEqual({
      id: BigInt('13729087341230957834').toString(16),
      version: '3.4.23',
      dbSize: 20480,
      leader: true,
      raftIndex: 9,
      raftAppliedIndex: 8,
    });
    expect(read.members).toEqual([
      { id: 'be87ab0f0c0f410a', name: 'etcd1', peerUrl: 'https://10.0.0.1:2380', started: true, learner: false },
      { id: 'bee71ae405648b2', name: '', peerUrl: 'https://10.0.0.2:2380', started: false, learner: true },
    ]);
    expect(read.alarms).toEqual(['memberID:13729087341230957834 alarm:NOSPACE']);
    expect(read.restore).toBeUndefined();
  });

  it('is the reason why it is not healthy, without log lines', () => {
    const words = `== installed 0\n\n== running 0\n\n== data 0\nmember\n== health 1\n{"level":"warn","msg":"retrying"}\nhttps://127.0.0.1:2379 is unhealthy: failed to commit proposal\nError: unhealthy cluster\n`;
    expect(readLook(h1, words)).toMatchObject({
      healthy: false,
      problem: 'https://127.0.0.1:2379 is unhealthy: failed to commit proposal',
    });
  });

  it('tells of a restore that was interrupted', () => {
    expect(readLook(h1, '== restore 0\ntest-2026 abc\n').restore).toEqual({ token: 'test-2026', sha256: 'abc' });
  });

  it('may be anything: reading it never fails', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('== status 0', '== members 0', '== health 1', 'x, y', '', '{'), { maxLength: 12 }),
        (lines) => {
          expect(readLook(h1, lines.join('\n')).healthy).toBe(false);
        },
      ),
    );
  });
});

describe('taking a member out', () => {
  it('is refused exactly when those who stay could not go on', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.nat(9), fc.nat(8), (all, some, which) => {
        const healthy = Math.min(some, all);
        const masters = Array.from({ length: all }, (_, index) => master(`h${index + 1}`, index + 1));
        const host = masters[which % all] as Host;
        const view = viewWith(all, healthy, masters);
        // Members hold a list only while one of them answers; without one nobody may say that all is well.
        const serves = healthy >= 1;
        const left = all - 1;
        const stay = healthy - (which % all < healthy ? 1 : 0);
        const allowed = serves && left > 0 && stay >= quorumOf(left);
        expect(removalProblem(view, host) === undefined).toBe(allowed);
      }),
    );
  });

  it('is harmless for a host that has none', () => {
    expect(removalProblem(viewWith(2, 2), h3)).toBeUndefined();
  });

  it('says what would be left', () => {
    expect(removalProblem(viewWith(3, 2), h1)).toBe(
      'without h1, etcd would have 2 members of which 1 are healthy, and it needs 2',
    );
    expect(removalProblem(viewWith(1, 1, [h1]), h1)).toContain('the only member');
  });
});

describe('pai etcd fix', () => {
  it.each([
    ['a cluster without quorum, and points at restore', viewWith(3, 0), h3, 'has no quorum', 'pai etcd restore'],
    ['a member that is healthy', viewWith(3, 3), h1, 'is healthy', '--force'],
    ['one of two members', viewWith(2, 2), h2, 'is healthy', '--force'],
  ])('refuses %s', (_, view, host, what, next) => {
    expect(() => checkFix(cluster, view, host, false)).toThrowError(
      expect.objectContaining({
        code: 'USAGE',
        exitCode: 2,
        message: expect.stringContaining(what),
        next: expect.stringContaining(next),
      }),
    );
  });

  it('refuses one of two members unless forced, healthy or not', () => {
    const members = [memberAt(1), memberAt(2)];
    const view = viewOf([look(h1, members), look(h2, members, { healthy: false }), look(h3, undefined)]);
    expect(() => checkFix(cluster, view, h2, false)).toThrow('two members');
    expect(() => checkFix(cluster, view, h2, true)).not.toThrow();
  });

  it('refuses while a restore is under way', () => {
    const members = [memberAt(1), memberAt(2), memberAt(3)];
    const restore = { token: 't', sha256: 's' };
    const view = viewOf([look(h1, members, { restore }), look(h2, members), look(h3, undefined)]);
    expect(() => checkFix(cluster, view, h3, true)).toThrow('restore');
  });

  it('goes on when the broken member is out already, and with the learner that took its place', () => {
    expect(() => checkFix(cluster, viewWith(2, 2), h3, false)).not.toThrow();
    const members = [memberAt(1), memberAt(2), memberAt(3, { learner: true, name: '', started: false })];
    const view = viewOf([look(h1, members), look(h2, members), look(h3, undefined)]);
    expect(memberOf(view, h3)?.learner).toBe(true);
    expect(() => checkFix(cluster, view, h3, false)).not.toThrow();
  });
});

describe('pai etcd status', () => {
  it('is content with a healthy cluster, and says what may fail', () => {
    const report = etcdReport(cluster, viewWith(3, 3));
    expect(report.exitCode).toBe(0);
    expect(report.text).toContain('3 of 3 members healthy, 2 needed, 1 more may fail');
    expect(report.json).toMatchObject({ serves: true, quorum: 2, healthy: 3, mayFail: 1, problems: [] });
  });

  it('names what is wrong with the next step: a dead member, a host that is away, a stranger, an alarm', () => {
    const members = [memberAt(1), memberAt(2), memberAt(3), memberAt(9)];
    const alarms = ['memberID:1 alarm:NOSPACE'];
    const view = viewOf([
      look(h1, members, { alarms }),
      look(h2, undefined),
      look(h3, undefined, { unreachable: 'no route' }),
    ]);
    const { exitCode, text, json } = etcdReport(cluster, view);
    expect(exitCode).toBe(1);
    for (const words of ['h2 is not healthy', 'h3 could not be asked: no route', 'https://10.0.0.9:2380', 'NOSPACE'])
      expect(text).toContain(words);
    expect(text).toContain('pai etcd fix h2');
    expect(json).toMatchObject({ members: { length: 4 } });
  });

  it('tells of no quorum, and where a restore stopped', () => {
    const { text, exitCode } = etcdReport(cluster, viewWith(3, 0));
    expect(text).toContain('there is no quorum');
    expect(exitCode).toBe(1);
    const view = viewOf([look(h1, undefined, { restore: { token: 't', sha256: 's' } })]);
    expect(etcdReport(cluster, view).text).toContain('a restore did not come to its end');
  });
});
