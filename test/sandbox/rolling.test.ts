import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { expectEnd, type Result } from '../whole/project.js';
import { SandboxProject } from './sandbox.js';

// A run on eight simulated hosts takes seconds, and on a busy machine many.
vi.setConfig({ testTimeout: 400_000, hookTimeout: 400_000 });

/** Changes in order, on three masters, a proxy and four workers: batches, drains, what is refused, and a master that is down. */
let project: SandboxProject;

const WORKERS = ['worker1', 'worker2', 'worker3', 'worker4'];
const TEMPLATE = 'templates/kubernetes/kubelet/kubelet.yaml.template';

beforeAll(async () => {
  project = await SandboxProject.create({ masters: 3, workers: 4, proxy: true });
  expectEnd(await project.pai('run', 'services'), { failed: 0, skipped: 0 });
});
afterAll(() => project.remove());

const restores: (() => Promise<void>)[] = [];
async function restore(): Promise<void> {
  for (const one of restores.splice(0).reverse()) await one();
}
beforeEach(() => restore);

/** After tests that change the cluster: it is as it was before. */
async function repair(): Promise<void> {
  await restore();
  await project.sandbox('lift');
  expectEnd(await project.pai('run', 'services'), { failed: 0, skipped: 0 });
}

let edits = 0;
/** Another flag of kubelet. */
async function changeKubelet(): Promise<void> {
  restores.push(await project.edit(TEMPLATE, (text) => `${text.trimEnd()}\nmaxPods: ${50 + edits++}\n`));
}

/** What a run did to nodes and which targets ended, in order: `cordon worker1`, `ran worker:worker1`, `uncordon worker1`. */
function story({ text }: Result): string[] {
  const lines = text.split('\n').filter((line) => line.startsWith('{'));
  return lines.flatMap((line) => {
    const { type, target = '', line: said = '', outcome } = JSON.parse(line) as Record<string, string>;
    if (type === 'target-end') return [`${outcome} ${target}`];
    const [, host] = target.split(':');
    if (type !== 'target-log') return [];
    if (/takes no new pods/.test(said)) return [`cordon ${host}`];
    return /takes pods again/.test(said) ? [`uncordon ${host}`] : [];
  });
}

/** Whether the first worker takes no new pods, as Kubernetes has it. */
async function isCordoned(): Promise<boolean> {
  const kubectl = 'docker exec kubelet /hyperkube kubectl --kubeconfig=/etc/kubernetes/kubelet.conf';
  const node = await project.onHost('worker1', `${kubectl} get --raw /api/v1/nodes/10.77.2.1`);
  expect(node).toContain('"kind":"Node"');
  return node.includes('"unschedulable":true');
}

describe('a changed flag of kubelet', () => {
  beforeEach(() => repair);

  it('rolls masters one at a time, then workers in batches, each drained before and taking pods again after', async () => {
    await changeKubelet();
    const result = await project.pai('run', 'workers', '--batch', '2');
    expectEnd(result, { failed: 0, skipped: 0 });
    const told = story(result);
    for (const [before, target, after] of [
      ...['master1', 'master2', 'master3'].map((host) => [`cordon ${host}`, `ran etcd:${host}`, `uncordon ${host}`]),
      ...WORKERS.map((host) => [`cordon ${host}`, `ran worker:${host}`, `uncordon ${host}`]),
    ]) {
      expect(told.indexOf(before ?? ''), told.join('\n')).toBeGreaterThanOrEqual(0);
      expect(told.indexOf(after ?? '')).toBeGreaterThan(told.indexOf(before ?? ''));
      expect(told.indexOf(target ?? '')).toBeGreaterThan(told.indexOf(after ?? ''));
    }
    // Masters: the next one is cordoned after the one before has ended.
    expect(told.indexOf('cordon master2')).toBeGreaterThan(told.indexOf('ran etcd:master1'));
    expect(told.indexOf('cordon master3')).toBeGreaterThan(told.indexOf('ran etcd:master2'));
    // Workers: after all masters; the second batch after the whole first one.
    const ends = WORKERS.map((host) => told.indexOf(`ran worker:${host}`));
    const begins = WORKERS.map((host) => told.indexOf(`cordon ${host}`));
    expect(Math.min(...begins)).toBeGreaterThan(told.indexOf('ran etcd:master3'));
    expect(Math.min(...begins.slice(2))).toBeGreaterThan(Math.max(...ends.slice(0, 2)));
    expect(Math.max(...begins.slice(0, 2))).toBeLessThan(Math.min(...ends.slice(0, 2)));
    expect(told.filter((line) => line.startsWith('uncordon'))).toHaveLength(8);
    expect(await isCordoned()).toBe(false);
  });

  it('stops at the first batch that fails, tells what is left, and leaves no node without pods', async () => {
    await changeKubelet();
    expectEnd(await project.pai('run', 'masters'), { failed: 0 });
    await project.sandbox('fault', 'worker1', 'disk-full');
    const result = await project.pai('run', 'workers');
    expect(result.code).toBe(1);
    expect(Object.keys(result.failures)).toEqual(['worker:worker1']);
    expectEnd(result, { ran: 0, skipped: 3 });
    expect(story(result).slice(0, 2)).toEqual(['cordon worker1', 'uncordon worker1']);
    expect(await isCordoned()).toBe(false);
    await project.sandbox('lift', 'worker1');
    expect([...(await project.pai('run', 'workers', '--batch', '50%')).ran].sort()).toEqual(
      WORKERS.map((host) => `worker:${host}`),
    );
  });

  it('is not made while another master is out of reach, unless that is allowed', async () => {
    await changeKubelet();
    await project.sandbox('fault', 'master2', 'down');
    const refused = await project.pai('run', 'masters');
    expect(refused.code).toBe(2);
    expect(refused.text).toMatch(/"code":"REFUSED".*the cluster is not healthy/);
    expect(refused.text).toContain('--allow unhealthy');
    expect(refused.ran).toEqual([]);
    const allowed = await project.pai('run', 'workers', '--allow', 'unhealthy');
    expect(Object.keys(allowed.failures)).toEqual(['host:master2']);
    expect([...allowed.ran].sort()).toEqual([
      'etcd:master1',
      'etcd:master3',
      'proxy:proxy1',
      ...WORKERS.map((host) => `worker:${host}`),
    ]);
  });
});

describe('while the host of a master is down', () => {
  beforeEach(() => repair);

  it.each(['master1', 'master3'])('a run goes on without %s and says so', async (master) => {
    expectEnd(await project.pai('clean', 'service:cluster-configuration'), { failed: 0 });
    await project.sandbox('fault', 'worker2', 'kubelet-dead');
    await project.sandbox('fault', master, 'down');
    const result = await project.pai('run', 'services');
    expect(result.code).toBe(1);
    expect(Object.keys(result.failures), result.text.slice(-4000)).toEqual([`host:${master}`]);
    expect([...result.ran].sort()).toEqual(['service:cluster-configuration', 'worker:worker2']);
    expect(result.text).toContain(`warning: etcd:${master}, master:${master} can't be looked at`);
    // etcd and API server of that master
    expectEnd(result, { skipped: 2 });
  });

  it('services are not asked for when no master can tell', async () => {
    for (const master of ['master1', 'master2', 'master3']) await project.sandbox('fault', master, 'down');
    const result = await project.pai('run', 'services');
    expect(result.ran).toEqual([]);
    expect(Object.keys(result.failures).sort()).toEqual(['host:master1', 'host:master2', 'host:master3']);
  });
});

describe('versions', () => {
  const version = async (field: string, to: string): Promise<void> => {
    const change = (text: string) => text.replace(new RegExp(`(${field}"?: *"?)[^\\s",]+`), `$1${to}`);
    restores.push(await project.edit('kubernetes-configuration.yaml', change));
  };

  it.each([
    [
      'apiserver-version',
      'v1.22.0',
      /kube-apiserver on master1 is v1\.20\.2.*minor versions.*Set apiserver-version to a release of 1\.21/,
    ],
    ['etcd-version', '3.6.1', /etcd on master1 is 3\.\d+\.\d+.*minor versions/],
    ['kube-scheduler-version', 'v1.19.9', /kube-scheduler on master1 is v1\.20\.2.*older.*--allow downgrade/],
  ])('%s %s is refused before anything is touched', async (field, to, words) => {
    await version(field, to);
    const result = await project.pai('run', 'masters');
    expect(result.code, result.text.slice(-2000)).toBe(2);
    expect(result.text.replaceAll('\n', ' ')).toMatch(words);
    expect(result.ran).toEqual([]);
  });

  it('kubelets are refused a newer minor version before the API servers have it', async () => {
    for (const field of ['apiserver-version', 'hyperkube-version']) await version(field, 'v1.21.4');
    const result = await project.pai('run', 'masters');
    expect(result.code, result.text.slice(-2000)).toBe(2);
    expect(result.text).toContain('kubelet on master1 would be v1.21.4, and its API server is v1.20.2');
    expect(result.text).toContain('run with the new apiserver-version, then set hyperkube-version');
    expect(result.ran).toEqual([]);
  });

  it('the next minor version is taken, and the way back only when it is allowed', async () => {
    await version('apiserver-version', 'v1.21.4');
    const ran = ['master:master1', 'master:master2', 'master:master3'];
    expect((await project.pai('run', 'masters')).ran).toEqual(ran);
    await restores.pop()?.();
    expect((await project.pai('run', 'masters')).text).toContain('"code":"REFUSED"');
    expect((await project.pai('run', 'masters', '--allow', 'downgrade')).ran).toEqual(ran);
  });
});

describe('options that are wrong', () => {
  it.each([
    [['--batch', '0'], /--batch must be a number from 1/],
    [['--batch', '120%'], /--batch must be a number from 1/],
    [['--allow', 'downgrad'], /--allow has no 'downgrad'; did you mean downgrade/],
  ])('%j are told with exit code 2', async (words, message) => {
    const result = await project.pai('run', 'workers', ...words);
    expect(result.code).toBe(2);
    expect(result.text).toMatch(message);
  });
});
