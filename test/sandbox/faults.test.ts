import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectEnd, expectFailure, type Result } from '../whole/project.js';
import { SandboxProject } from './sandbox.js';

/** Every fault: one clear error, the others' work goes on, and a run after it was lifted does just the rest. */
let project: SandboxProject;

/** Targets that plan shows as stale or unknown, by name. */
async function notFresh(...words: string[]): Promise<Readonly<Record<string, string>>> {
  // It ends with 1 when something is unknown.
  const planned = project.says('plan', ...words, '--sandbox', '--json');
  const { stdout } = await planned.catch((error: { readonly stdout: string }) => error);
  const { targets }: { targets: { name: string; state: string }[] } = JSON.parse(stdout);
  return Object.fromEntries(targets.filter(({ state }) => state !== 'fresh').map(({ name, state }) => [name, state]));
}

async function lift(...words: string[]): Promise<void> {
  await project.sandbox('lift', ...words);
}

function expectRan(result: Result, ...targets: readonly string[]): void {
  expectEnd(result, { failed: 0, skipped: 0 });
  expect([...result.ran].sort()).toEqual([...targets].sort());
}

describe('bare hosts, one of them with a fault', () => {
  beforeEach(async () => {
    project = await SandboxProject.create({ masters: 1, workers: 2, proxy: false });
    return () => project.remove();
  });
  const run = () => project.pai('run', 'hosts');

  async function expectOthersGoOn(result: Result, code: string, words: RegExp): Promise<void> {
    expectFailure(result, 'host:worker1', code, words);
    expect([...result.ran].sort()).toEqual(['host:master1', 'host:worker2']);
    await lift('worker1');
    expectRan(await run(), 'host:worker1');
  }

  it('that is down', async () => {
    await project.sandbox('fault', 'worker1', 'down');
    await expectOthersGoOn(await run(), 'HOST_UNREACHABLE', /worker1.*10\.77\.2\.1/);
  });

  it('that does not let pai use sudo', async () => {
    await project.sandbox('fault', 'worker1', 'sudo-denied');
    await expectOthersGoOn(await run(), 'SUDO_DENIED', /worker1/);
  });

  it('whose disk is full', async () => {
    await project.sandbox('fault', 'worker1', 'disk-full');
    const result = await run();
    expect(result.text).toContain('No space left on device');
    await expectOthersGoOn(result, 'HOST_SCRIPT', /worker1/);
  });

  it('whose connection is cut: the run finds its work again, and nothing fails', async () => {
    await project.sandbox('fault', 'worker1', 'cut');
    expectRan(await run(), 'host:master1', 'host:worker1', 'host:worker2');
    expectEnd(await run(), { ran: 0, failed: 0 });
  });

  it('that is slow is waited for', async () => {
    await project.sandbox('fault', 'worker1', 'slow');
    expectRan(await run(), 'host:master1', 'host:worker1', 'host:worker2');
  });
});

describe('a cluster that runs, with a fault', () => {
  beforeAll(async () => {
    project = await SandboxProject.create({ masters: 3, workers: 2, proxy: true });
    expectEnd(await project.pai('run', 'services'), { failed: 0, skipped: 0 });
  });
  afterAll(() => project.remove());
  beforeEach(() => async () => {
    await lift();
    expectEnd(await project.pai('run', 'services'), { ran: 0, failed: 0, skipped: 0 });
  });

  it('in kubelet of a worker: just that is repaired', async () => {
    await project.sandbox('fault', 'worker2', 'kubelet-dead');
    expect(await notFresh('workers')).toEqual({ 'worker:worker2': 'stale' });
    expectRan(await project.pai('run', 'services'), 'worker:worker2');
  });

  it('that took everything from a worker: just that is made again', async () => {
    await project.sandbox('fault', 'worker1', 'wipe');
    expectRan(await project.pai('run', 'services'), 'host:worker1', 'worker:worker1');
  });

  it('in one member of etcd: the others serve on, and a run waits until it is back', async () => {
    await project.sandbox('fault', 'master2', 'etcd-dead');
    expect(await notFresh('etcd')).toEqual({ 'etcd:master2': 'stale' });
    expect(await project.sandbox('status')).toMatch(/2 of 3 members can commit\nKubernetes \(simulated\) {2}answers/);
    const running = project.pai('run', 'etcd');
    await sleep(3000);
    await lift('master2');
    expectRan(await running, 'etcd:master2');
  });

  it('in two members of etcd: Kubernetes does not answer, and nothing is done to it', async () => {
    for (const host of ['master1', 'master2']) await project.sandbox('fault', host, 'etcd-dead');
    expect(await project.sandbox('status')).toMatch(/0 of 3 members can commit\nKubernetes \(simulated\) {2}does not/);
    expect(Object.keys(await notFresh('etcd')).sort()).toEqual(['etcd:master1', 'etcd:master2', 'etcd:master3']);
  });

  it('in the API: what asks it fails with where and what next, and the rest is as it was', async () => {
    await project.sandbox('fault', 'api-down');
    const result = await project.pai('run', 'services');
    expect(result.code).toBe(1);
    expect(result.ran).toEqual([]);
    // The others wait for it, so they are skipped: it is told once.
    expectFailure(result, 'addon:rbac', 'KUBE_UNREACHABLE', /10\.77\.1\.1:6443/);
    expectEnd(result, { skipped: 3 });
  });

  it('in the registry: the image is unknown, and what does not need it goes on', async () => {
    await project.pai('clean', 'service:cluster-configuration');
    await project.sandbox('fault', 'registry-down');
    const result = await project.pai('run', 'services');
    expectFailure(result, 'image:pylon', 'REGISTRY_UNREACHABLE', /registry\.sandbox:5000/);
    expect(result.ran).toEqual(['service:cluster-configuration']);
  });

  it('in a worker that is down: the rest of the cluster is looked at all the same', async () => {
    await project.sandbox('fault', 'worker2', 'down');
    expect(await notFresh('hosts', 'workers')).toEqual({ 'host:worker2': 'unknown', 'worker:worker2': 'unknown' });
    const result = await project.pai('run', 'workers');
    expect(Object.keys(result.failures).sort()).toEqual(['host:worker2']);
    expect(result.ran).toEqual([]);
  });
});

describe('pai sandbox', () => {
  beforeAll(async () => {
    project = await SandboxProject.create({ masters: 1, workers: 1, proxy: false });
  });
  afterAll(() => project.remove());

  it.each([
    [['fault', 'worker1', 'donw'], /there is no fault 'donw'; did you mean down/],
    [['fault', 'worker9', 'down'], /the sandbox has no host 'worker9'; did you mean worker1/],
    [['fault'], /say which host and which fault/],
    [['frobnicate'], /pai sandbox has no 'frobnicate'/],
    [['create'], /there is a sandbox already/],
    [['exec', 'master1'], /say on which host, and what/],
  ])('refuses %j with exit code 2', async (words, message) => {
    const error = await project.sandbox(...words).then(
      () => undefined,
      (error: { readonly code: number; readonly stderr: string }) => error,
    );
    expect(error?.code).toBe(2);
    expect(error?.stderr).toMatch(message);
  });

  it('runs a command on a host, as root, where only the simulated machine is', async () => {
    expect(await project.sandbox('exec', 'worker1', 'hostname')).toBe('worker1\n');
    expect(await project.sandbox('exec', 'worker1', '--', 'cat $ROOT/etc/os-release')).toContain('ID=debian');
    await expect(project.sandbox('exec', 'worker1', '--', 'exit 7')).rejects.toMatchObject({ code: 7 });
  });

  it('is reset, and made anew by the next command', async () => {
    expect(await project.sandbox('reset')).toContain('the sandbox is gone');
    await expect(project.sandbox('status')).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining('there is no sandbox yet'),
    });
    const { stdout } = await project.says('list', '--sandbox');
    expect(stdout).toContain('etcd:master3');
    expect(await project.sandbox('status')).toContain('proxy1');
  });
});
