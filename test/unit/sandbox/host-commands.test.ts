import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { apiServerAnswers, etcdCommits, kubeletRuns, staticPodRuns } from '../../../src/sandbox/layout.js';
import { SANDBOX, sandboxBed } from './hosts-fixture.js';

const bed = sandboxBed();
const folder = path.resolve(import.meta.dirname, '../../../src/sandbox/commands');
const sources = readdirSync(folder, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)));
const hasShellcheck = spawnSync('shellcheck', ['--version']).status === 0;

describe.skipIf(!hasShellcheck)(
  `simulated commands${hasShellcheck ? '' : ' (skipped: shellcheck is not installed)'}`,
  () => {
    // SC1091: lib/ is where commands are installed. SC2034, SC2154: variables that only the other of two files has.
    it.each(sources)('%s passes shellcheck as POSIX sh', (name) => {
      const options = ['-s', 'sh', '-e', 'SC1091,SC2034,SC2154', path.join(folder, name)];
      expect(spawnSync('shellcheck', options, { encoding: 'utf8' }).stdout).toBe('');
    });
  },
);

const masters = SANDBOX.hosts.filter(({ role }) => role === 'master');

/** What a host's files say. */
interface HostState {
  readonly docker: boolean;
  readonly kubelet: 'running' | 'exited' | undefined;
  readonly etcd: readonly string[];
  readonly manifests: readonly string[];
  readonly faults: readonly string[];
}

const members = fc.subarray(['10.99.0.11', '10.99.0.12', '10.99.0.13', '10.99.0.14'], { minLength: 1 });
const anyState: fc.Arbitrary<HostState> = fc.record({
  docker: fc.boolean(),
  kubelet: fc.constantFrom('running', 'exited', undefined),
  etcd: members,
  manifests: fc.subarray(['etcd', 'kube-apiserver']),
  faults: fc.subarray(['down', 'etcd-dead']),
});
const wellState: fc.Arbitrary<HostState> = fc.record({
  docker: fc.constant(true),
  kubelet: fc.constant('running'),
  etcd: members,
  manifests: fc.constant(['etcd', 'kube-apiserver']),
  faults: fc.constant([]),
});
/** Mostly well, so that it is the rest on which an answer hangs. */
const hostState = fc.oneof({ arbitrary: wellState, weight: 3 }, { arbitrary: anyState, weight: 2 });

function make(name: string, state: HostState): void {
  const host = bed().layout.host(name);
  const manifests = path.join(host.root, 'etc/kubernetes/manifests');
  for (const each of [host.docker, host.faults, manifests]) {
    rmSync(each, { recursive: true, force: true });
    mkdirSync(each, { recursive: true });
  }
  if (state.docker) writeFileSync(path.join(host.docker, 'running'), '');
  if (state.kubelet !== undefined) {
    mkdirSync(path.join(host.docker, 'containers/kubelet'), { recursive: true });
    writeFileSync(path.join(host.docker, 'containers/kubelet/state'), `${state.kubelet}\n`);
  }
  const peers = state.etcd.map((address, index) => `etcd${index}=https://${address}:2380`).join(',');
  for (const manifest of state.manifests) {
    const content = `    - --initial-advertise-peer-urls=https://10.99.0.11:2380\n    - --initial-cluster=${peers}\n    - --initial-cluster-state=new\n`;
    writeFileSync(path.join(manifests, `${manifest}.yaml`), content);
  }
  for (const fault of state.faults) writeFileSync(path.join(host.faults, fault), '');
}

describe('what runs, in sh and in TypeScript', () => {
  it('is the same for all that files can say', async () => {
    const { layout, hosts } = bed();
    const asked = masters
      .flatMap(({ name }) => [
        `kubelet_runs ${name}`,
        `static_pod_runs ${name} etcd`,
        `etcd_commits ${name}`,
        `apiserver_answers ${name}`,
      ])
      .map((words) => `if ${words}; then echo true; else echo false; fi`)
      .join('\n');
    let commits = 0;
    await fc.assert(
      fc.asyncProperty(fc.tuple(hostState, hostState, hostState), async (states) => {
        for (const [index, state] of states.entries()) make(masters[index]?.name ?? '', state);
        // A worker asks: it is never down itself.
        const answer = await hosts.exec('w1', `set -eu; . "$SANDBOX_COMMANDS/lib/host.sh"\n${asked}`);
        const expected = masters.flatMap((host) => [
          kubeletRuns(layout.host(host.name)),
          staticPodRuns(layout.host(host.name), 'etcd'),
          etcdCommits(layout, SANDBOX, host),
          apiServerAnswers(layout, SANDBOX, host),
        ]);
        commits += expected.filter((truth, index) => truth && index % 4 === 3).length;
        expect(answer).toEqual({ code: 0, stderr: '', stdout: expected.map((truth) => `${truth}\n`).join('') });
      }),
      { numRuns: 60 },
    );
    // Or nothing was compared that matters.
    expect(commits).toBeGreaterThan(5);
  });
});

describe('simulated Docker', () => {
  const onWorker = (command: string) => bed().hosts.exec('w1', command);

  it('is there once it is installed, answers once it is started, and says that it is simulated', async () => {
    expect((await onWorker('docker ps')).code).toBe(127);
    expect(await onWorker('systemctl start docker')).toMatchObject({ code: 5 });
    expect(
      await onWorker('apt-get -o DPkg::Lock::Timeout=300 install -q -y --no-install-recommends nothing'),
    ).toMatchObject({
      code: 100,
      stderr: 'E: Unable to locate package nothing (simulated)\n',
    });
    expect(await onWorker('apt-get install -q -y docker.io')).toMatchObject({ code: 0 });
    expect(await onWorker('docker version')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Cannot connect'),
    });
    expect((await onWorker('systemctl is-active docker')).code).toBe(3);
    expect(await onWorker('service docker start && docker version')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('(simulated)'),
    });
    expect((await onWorker('systemctl is-active docker')).code).toBe(0);
  });

  it('runs containers by name with their labels, once each', async () => {
    const run =
      'docker run -d --name kubelet --label pai.spec=a=b --net=host -v /a:/b --restart=always registry/x:1 cmd -v';
    expect(await onWorker(run)).toMatchObject({ code: 0, stdout: 'kubelet\n' });
    expect(await onWorker(run)).toMatchObject({ code: 125, stderr: expect.stringContaining('already in use') });
    const labels = `docker inspect -f '{{index .Config.Labels "pai.spec"}}' kubelet`;
    expect((await onWorker(labels)).stdout).toBe('a=b\n');
    expect((await onWorker("docker inspect -f '{{.State.Running}}' kubelet")).stdout).toBe('true\n');
    expect((await onWorker('docker image inspect registry/x:1')).code).toBe(0);
    expect((await onWorker('pidof kubelet')).code).toBe(0);
  });

  it("lists static pods by kubelet's names for them, while kubelet runs", async () => {
    await onWorker('mkdir -p etc/kubernetes/manifests; : > etc/kubernetes/manifests/haproxy.yaml');
    expect((await onWorker("docker ps -q --filter 'name=^/k8s_haproxy_'")).stdout).toBe(
      'k8s_haproxy_haproxy-10.99.0.21_kube-system_simulated_0\n',
    );
    expect((await onWorker("docker ps -q --filter 'name=^/k8s_etcd_'")).stdout).toBe('');
    expect((await onWorker('docker ps')).stdout).toMatch(/\(simulated\).*\nkubelet +Up.*\nk8s_haproxy_/);
    await onWorker('docker stop kubelet');
    expect((await onWorker('docker ps -q')).stdout).toBe('');
    expect((await onWorker('docker ps -aq')).stdout).toBe('kubelet\n');
    expect((await onWorker('docker rm -f kubelet && docker rm -f kubelet')).code).toBe(1);
  });

  it('refuses what it does not know, by name', async () => {
    expect(await onWorker('docker swarm init')).toEqual({
      code: 1,
      stdout: '',
      stderr: "docker: 'swarm' is not simulated\n",
    });
  });

  it('is gone with its engine when it is stopped', async () => {
    expect(await onWorker('systemctl stop docker; docker ps')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Cannot connect'),
    });
  });
});
