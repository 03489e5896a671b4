import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectEnd, expectFailure } from '../whole/project.js';
import { eventually, RigCluster, shape } from './cluster.js';
import { FollowedRun } from './followed-run.js';
import { clusterId, hostAddress, onHost, RigProject, rig } from './rig.js';

const call = promisify(execFile);

/**
 * What goes wrong while a cluster is brought up and changed, on real hosts: what is said, that nothing is lost, and that the next run repairs it.
 * One bring-up for all; tests go in order. Then all is taken down, and the hosts are as they were before. Needs `npm run rig:up`.
 */
const hosts = shape(5, 1, 1);
const [master = ''] = hosts.masters;
const [worker = ''] = hosts.workers;
let cluster: RigCluster;
/** What hosts were before pai came, with Docker. */
const before = new Map<string, readonly string[]>();

beforeAll(async () => {
  cluster = await RigCluster.create(hosts);
});
afterAll(() => cluster?.remove());

const pai = (...words: string[]) => cluster.project.pai(...words);
const snapshot = async (host: string) => (await rig('snapshot-host.sh', host)).split('\n');

/** What is not pai's, and differs nevertheless. */
const OTHERS: readonly RegExp[] = [
  // Docker Engine keeps these once it has run its first container, and the kernel the table that was used once.
  / \/run\/(docker|containerd|xtables\.lock)/,
  /^cgroup \/sys\/fs\/cgroup\/.*docker/,
  /^iptables \*mangle$/,
  // A host that is started again: the rig's own Docker gives it other ports for names, and what was installed before had a file in /run.
  /^iptables .* 127\.0\.0\.11\/32 /,
  / \/run\/adduser$/,
];
const isOurs = (line: string): boolean => !OTHERS.some((pattern) => pattern.test(line));

/** Puts a command of ours before one of the host's. `sudo` looks in /usr/local first. Resolves to what takes it away again. */
async function fakeCommand(host: string, name: string, script: string): Promise<() => Promise<unknown>> {
  const place = `/usr/local/bin/${name}`;
  await onHost(host, `cat > ${place} << 'FAKE'\n#!/bin/sh\n${script}\nFAKE\nchmod 755 ${place}`);
  return () => onHost(host, `rm -f ${place}`);
}

/**
 * Has the next script on a host, not a look at it, take its time once it installs files: so that something can happen in the middle of it.
 */
async function slowNextScript(host: string, seconds: number): Promise<() => Promise<unknown>> {
  await onHost(host, 'touch /run/slow-once');
  const inScript = "tr '\\0' ' ' < /proc/$PPID/cmdline | grep -q '^sh \\.\\./script'";
  const slow = `if ${inScript} && rm /run/slow-once 2> /dev/null; then sleep ${seconds}; fi\nexec /usr/bin/sha256sum "$@"`;
  return fakeCommand(host, 'sha256sum', slow);
}

/** Ends the SSH connections of pai's user on a host. Gives how many there were. */
async function cutConnections(host: string): Promise<number> {
  const cut = `for each in /proc/[0-9]*; do
    case $(tr '\\0' ' ' < $each/cmdline 2> /dev/null) in 'sshd: pai'*) kill -9 \${each#/proc/} && echo cut ;; esac
  done`;
  return (await onHost(host, cut)).split('\n').filter((line) => line === 'cut').length;
}

/** Holds the lock that apt waits for, as a package manager does that is at work: by fcntl. Resolves to what lets it go. */
async function holdAptLock(host: string, seconds: number): Promise<() => Promise<unknown>> {
  const perl = `use Fcntl; open(my $file, ">>", "/var/lib/dpkg/lock-frontend") or die;
    my $lock = pack("s s x4 q q i x4", F_WRLCK, 0, 0, 0, 0); fcntl($file, F_SETLK, $lock) or die;
    open(my $pid, ">", "/run/apt-holder"); print $pid $$; close $pid; sleep ${seconds};`;
  await onHost(host, `nohup perl -e '${perl}' > /dev/null 2>&1 &`);
  await eventually(async () => expect(await onHost(host, 'cat /run/apt-holder 2> /dev/null')).toMatch(/\d/));
  return () => onHost(host, 'kill $(cat /run/apt-holder) 2> /dev/null; rm -f /run/apt-holder');
}

describe('a bare host', () => {
  it('with a wrong clock is told by how much, and the other one is made ready', async () => {
    const fix = await fakeCommand(
      worker,
      'date',
      'if [ "$*" = +%s ]; then echo $(($(/bin/date +%s) + 300)); else exec /bin/date "$@"; fi',
    );
    const result = await pai('run', 'hosts');
    await fix();
    const failure = expectFailure(result, `host:${worker}`, 'HOST_SCRIPT', new RegExp(worker));
    expect(failure.details?.join('\n')).toMatch(/clock: differs by (29|30)\d s from the dev box; set the time/);
    expect(result.ran).toEqual([`host:${master}`]);
  });

  it('with a full disk is told so, and nothing of what is there is lost', async () => {
    await onHost(worker, 'mount -t tmpfs -o size=16k tmpfs /var/lib/pai && head -c 16k /dev/zero > /var/lib/pai/full');
    const result = await pai('run', 'hosts');
    await onHost(worker, 'umount /var/lib/pai');
    const failure = expectFailure(result, `host:${worker}`, 'HOST_SCRIPT', new RegExp(worker));
    expect(`${failure.details?.join('\n')}`).toContain('No space left on device');
    expect(failure.next).toContain('room on its disk');
  });

  it('whose apt is locked for good says who holds the lock', async () => {
    const release = await holdAptLock(worker, 600);
    // Instead of five minutes.
    const impatient = await fakeCommand(
      worker,
      'apt-get',
      `for word; do
        shift
        case $word in DPkg::Lock::Timeout=*) word=DPkg::Lock::Timeout=3 ;; esac
        set -- "$@" "$word"
      done
      exec /usr/bin/apt-get "$@"`,
    );
    const result = await pai('run', 'hosts');
    await impatient();
    await release();
    const failure = expectFailure(result, `host:${worker}`, 'HOST_SCRIPT', new RegExp(worker));
    expect(failure.details?.join('\n')).toMatch(/lock-frontend.*held by process \d+ \(perl\)/);
  });

  it('whose apt is locked for a while is waited for', async () => {
    const release = await holdAptLock(worker, 15);
    const result = await pai('run', 'hosts');
    await release();
    expectEnd(result, { ran: 1, failed: 0, skipped: 0 });
    expectEnd(await pai('run', 'hosts'), { ran: 0, failed: 0 });
    // What is compared in the end: hosts with Docker, that pai has left.
    expectEnd(await pai('clean', 'hosts'), { ran: 2, failed: 0 });
    for (const host of cluster.hosts) {
      expect(await onHost(host, 'ls -d /var/lib/pai /etc/docker/daemon.json 2> /dev/null; grep pai /etc/hosts')).toBe(
        '',
      );
      before.set(host, await snapshot(host));
    }
  });
});

describe('a bring-up', () => {
  it('whose dev box is killed at each step goes on with the next run', async () => {
    const killed = new Set<string>();
    for (;;) {
      const run = new FollowedRun(cluster.project, 'run', 'kubernetes', 'hosts');
      const target = await run.start((name) => !killed.has(name));
      if (target === undefined) {
        expect(await run.end(), run.text).toBe(0);
        break;
      }
      killed.add(target);
      // Now and then a little later, when the work is already on the host.
      if (killed.size % 2 === 0) await sleep(1500);
      await run.kill();
    }
    // What the killed runs had started on hosts came to its end there: such steps are begun again, and killed too.
    const all = [`host:${master}`, `host:${worker}`, `etcd:${master}`, `master:${master}`, `worker:${worker}`];
    for (const target of [...all, 'addon:rbac', 'addon:kube-proxy', 'kubectl'].filter((name) => !killed.has(name))) {
      const run = new FollowedRun(cluster.project, 'run', target, '--force');
      expect(await run.start((name) => name === target), run.text).toBe(target);
      await run.kill();
    }
    await eventually(async () => expectEnd(await pai('run', 'kubernetes', 'hosts'), { failed: 0, skipped: 0 }));
    expectEnd(await pai('run', 'kubernetes', 'hosts'), { ran: 0, failed: 0, skipped: 0 });
    expect(await cluster.kubectl('get nodes -o name')).toContain(hostAddress(worker));
    await cluster.kubectl('create configmap written-before');
  });

  it('whose connections are cut in the middle of each step does not notice', async () => {
    const steps = [`host:${master}`, `host:${worker}`, `etcd:${master}`, `master:${master}`, `worker:${worker}`];
    const run = new FollowedRun(cluster.project, 'run', ...steps, '--force');
    const cuts = steps.map(async (step) => {
      const host = step.endsWith(master) ? master : worker;
      await run.start((target) => target === step);
      await sleep(300);
      return cutConnections(host);
    });
    // A step may be over when its cut comes; most are not.
    const made = await Promise.all(cuts);
    expect(await run.end(), run.text).toBe(0);
    expect(made.reduce((one, other) => one + other, 0)).toBeGreaterThanOrEqual(3);
    expectEnd(await pai('run', 'kubernetes', 'hosts'), { ran: 0, failed: 0, skipped: 0 });
  });

  it('is refused on a host where another operator is at work, who is named with since when', async () => {
    const second = await RigProject.create(master, worker);
    await call('cp', ['-r', `${cluster.project.configuration}/.`, second.configuration]);
    expectEnd(await pai('run', 'kubernetes', 'hosts'), { failed: 0, skipped: 0 });
    const fast = await slowNextScript(worker, 25);
    const first = new FollowedRun(cluster.project, 'run', `worker:${worker}`, '--force');
    await first.start((target) => target === `worker:${worker}`);
    await eventually(async () => expect(await onHost(worker, 'ls /run/slow-once 2>&1')).toContain('No such file'));
    const refused = await second.pai('run', `host:${worker}`, '--force');
    const failure = expectFailure(refused, `host:${worker}`, 'HOST_LOCKED', new RegExp(worker));
    expect(failure.message).toMatch(
      new RegExp(`being changed by worker:${worker} \\(run \\S+, since \\d{4}-\\d\\d-\\d\\dT`),
    );
    expect(await first.end(), first.text).toBe(0);
    await fast();
    expectEnd(await second.pai('run', `host:${worker}`, '--force'), { ran: 1, failed: 0 });
    await second.remove();
  });

  it('whose host is rebooted in the middle is told that the end is not known, and the next run brings it to one', async () => {
    expectEnd(await pai('run', 'kubernetes', 'hosts'), { failed: 0, skipped: 0 });
    const fast = await slowNextScript(worker, 120);
    const run = new FollowedRun(cluster.project, 'run', `worker:${worker}`, '--force');
    await run.start((target) => target === `worker:${worker}`);
    await eventually(async () => expect(await onHost(worker, 'ls /run/slow-once 2>&1')).toContain('No such file'));
    await call('docker', ['restart', '--time', '1', `pairig-${worker}`]);
    expect(await run.end(), run.text).toBe(1);
    const failure = run.failures()[`worker:${worker}`];
    expect(failure?.code, run.text).toMatch(/^HOST_(CONNECTION_LOST|SCRIPT|UNREACHABLE)$/);
    expect(failure?.next).toMatch(/run/i);
    await fast();
    await eventually(async () => expectEnd(await pai('run', 'kubernetes', 'hosts'), { failed: 0, skipped: 0 }), 300);
    expect(await cluster.kubectl(`get node ${hostAddress(worker)} -o name`)).toContain(hostAddress(worker));
  });

  it('whose registry does not answer leaves the node alone, and says which image is missing', async () => {
    // Nothing listens there.
    const fix = await cluster.project.edit('kubernetes-configuration.yaml', (text) =>
      text.replaceAll(':5000/', ':5999/'),
    );
    const result = await pai('run', `worker:${worker}`, '--only');
    await fix();
    const failure = expectFailure(result, `worker:${worker}`, 'HOST_SCRIPT', new RegExp(worker));
    expect(failure.details?.join('\n')).toMatch(/:5999\/\S+ can't be pulled: check docker-registry/);
    expect(await onHost(worker, 'docker inspect -f {{.State.Running}} kubelet')).toBe('true\n');
    expectEnd(await pai('run', 'kubernetes', 'hosts'), { failed: 0, skipped: 0 });
    expect(await cluster.kubectl('get configmap written-before -o name')).toContain('written-before');
  });
});

describe('a clean', () => {
  it('goes on with the others when a host is down, which is told', async () => {
    await cluster.whileDown(worker, async () => {
      const result = await pai('clean', 'kubernetes');
      expectFailure(result, `worker:${worker}`, 'HOST_UNREACHABLE', new RegExp(worker));
      expect(result.ran).toEqual(expect.arrayContaining([`master:${master}`, `etcd:${master}`]));
    });
    expect(await onHost(master, 'docker ps -aq; ls -A /etc/kubernetes 2> /dev/null')).toBe('');
  });

  it('keeps the data of etcd, which no other cluster takes over', async () => {
    expectEnd(await pai('clean', 'kubernetes', 'hosts'), { failed: 0, skipped: 0 });
    expect(await onHost(master, 'cat /var/lib/etcd/cluster-id; ls /var/lib/pai')).toBe(
      `${clusterId}\netcd-served\npki\n`,
    );
    const fix = await cluster.project.edit('services-configuration.yaml', (text) =>
      text.replace(`"${clusterId}"`, '"another"'),
    );
    const result = await pai('run', `host:${master}`);
    await fix();
    const failure = expectFailure(result, `host:${master}`, 'HOST_SCRIPT', new RegExp(master));
    expect(failure.details?.join('\n')).toContain(`/var/lib/etcd holds data of the cluster '${clusterId}'`);
    expect(await onHost(master, 'ls /var/lib/etcd')).toBe('cluster-id\ndata\n');
  });

  it('deletes data only when that is confirmed', async () => {
    const refused = await pai('clean', 'kubernetes', 'hosts', '--delete-data');
    expect(refused.code).toBe(2);
    expect(refused.text).toContain('NOT_CONFIRMED');
    expect(refused.text).toContain('/datastorage');
    expect(await onHost(master, 'ls /var/lib/etcd')).toBe('cluster-id\ndata\n');
    await onHost(worker, 'mkdir -p /datastorage/service && echo data > /datastorage/service/file');
    expectEnd(await pai('clean', 'kubernetes', 'hosts', '--delete-data', '--yes'), { failed: 0, skipped: 0 });
  });

  it('leaves hosts as they were before', async () => {
    for (const host of cluster.hosts) {
      const was = new Set(before.get(host)?.filter(isOurs));
      const is = new Set((await snapshot(host)).filter(isOurs));
      const differences = {
        more: [...is].filter((line) => !was.has(line)),
        missing: [...was].filter((line) => !is.has(line)),
      };
      expect(differences, host).toEqual({ more: [], missing: [] });
    }
  });
});
