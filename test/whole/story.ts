import { execFile } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { expectEnd, type Project, type Result } from './project.js';

const call = promisify(execFile);

/** The machines of a story, and what it can see of them. */
export interface World {
  readonly project: Project;
  /** Its clusterid. */
  readonly cluster: string;
  readonly masters: readonly string[];
  readonly workers: readonly string[];
  readonly proxies: readonly string[];
  /** Of the images that are built. */
  readonly registry: string;
  /** Folder of the operator's kubectl. */
  readonly operator: string;
  /** A command line as root on a host, with ROOT in front of the host's paths. Its exit code does not matter. */
  onHost(host: string, command: string): Promise<string>;
  /** What pylon answers; only where pods really run. */
  page?(): Promise<string>;
}

/** What can be seen only where machines are real. */
export interface WorldKind {
  /** Pods run and answer. */
  readonly pods: boolean;
}

/** A story that is being told: for tests that go on where it is. */
export interface Telling {
  world(): World;
  /** Keeps what a command used, to be printed at the end. */
  measured(what: string, result: Result): void;
  /** Expects a run that had nothing to do. */
  expectNothingToDo(result: Result): void;
}

/**
 * The whole story of a cluster, from bare hosts until it is gone and back again. The rig and the sandbox tell the same one, so
 * that the sandbox can't drift from what is real. Tests go in order; each starts where the last one left the cluster.
 * `between` adds tests that belong to one world, told while the cluster is up.
 */
export function tellStory(open: () => Promise<World>, kind: WorldKind, between?: (telling: Telling) => void): void {
  let world: World;
  let targets: number;
  const figures: string[] = [];
  const telling: Telling = {
    world: () => world,
    measured(what, { usage: { wallSeconds, cpuSeconds, peakMegabytes } }) {
      const cells = [`${wallSeconds.toFixed(1)} s`, `${cpuSeconds.toFixed(2)} s`, `${peakMegabytes.toFixed(0)} MB`];
      figures.push(`  ${what.padEnd(52)}${cells.map((cell) => cell.padStart(9)).join('')}`);
    },
    expectNothingToDo(result) {
      expectEnd(result, { ran: 0, fresh: targets, failed: 0, skipped: 0 });
      expect(result.code).toBe(0);
    },
  };
  const { measured, expectNothingToDo } = telling;
  const expectPage = async (words: string): Promise<void> => {
    if (kind.pods) expect(await world.page?.()).toBe(words);
  };

  const expectNothingRuns = async (host: string): Promise<void> => {
    const list = 'docker ps -aq; ls -A $ROOT/etc/kubernetes $ROOT/var/lib/kubelet 2>/dev/null | grep -v :';
    expect((await world.onHost(host, list)).trim(), host).toBe('');
  };

  beforeAll(async () => {
    world = await open();
    const { masters, proxies, workers } = world;
    // host:, etcd: and master:, proxy:, worker:; then pki, two addons, kubectl, an image and two services.
    targets = 3 * masters.length + 2 * proxies.length + 2 * workers.length + 7;
  });

  afterAll(async () => {
    await world?.project.remove();
    console.log(['', 'measured: wall, CPU of pai, peak memory of pai', ...figures].join('\n'));
  });

  it('brings up the cluster, builds and pushes the image and runs the services', async () => {
    const result = await world.project.pai('run', 'services');
    expectEnd(result, { failed: 0, skipped: 0, fresh: 0, ran: targets });
    expect(result.code).toBe(0);
    await expectPage(`pylon of ${world.cluster}\n`);
    measured('bare hosts to services ready', result);
  });

  it('finds nothing to do a second time', async () => {
    const result = await world.project.pai('run', 'services');
    expectNothingToDo(result);
    measured('nothing to do, .cache warm', result);
  });

  it('finds nothing to do from a fresh clone with an empty .cache', async () => {
    await world.project.freshClone();
    const result = await world.project.pai('run', 'services');
    expectNothingToDo(result);
    measured('nothing to do, fresh clone with an empty .cache', result);
  });

  it('reads the keys back from the master when the configuration folder has lost them, and finds nothing to do', async () => {
    const { project } = world;
    await rm(path.join(project.configuration, 'pki'), { recursive: true });
    const result = await project.pai('run', 'services');
    expectNothingToDo(result);
    expect(await readFile(path.join(project.configuration, 'pki/ca.crt'), 'utf8')).toContain('BEGIN CERTIFICATE');
    measured('nothing to do, keys read back from the master', result);
  });

  it('keeps its files on the hosts from everybody but root', async () => {
    const folders = ['/etc/kubernetes', '/var/lib/etcd', '/var/lib/pai/pki', '/var/lib/pai/stamps'];
    const find = `find ${folders.map((folder) => `$ROOT${folder}`).join(' ')} -type f -perm /077 2>/dev/null`;
    for (const host of [...world.masters, ...world.proxies, ...world.workers]) {
      expect(await world.onHost(host, find), host).toBe('');
    }
  });

  between?.(telling);

  it('runs just what depends on a changed template', async () => {
    const { project } = world;
    const fix = await project.edit('templates/services/pylon/pylon.yaml.template', (text) =>
      text.replaceAll('"pylon of', '"changed pylon of'),
    );
    const result = await project.pai('run', 'services');
    expectEnd(result, { ran: 1, failed: 0, skipped: 0 });
    expect(result.ran).toEqual(['service:pylon']);
    // A changed ConfigMap reaches the pod: it is rolled.
    await expectPage(`changed pylon of ${world.cluster}\n`);
    measured('one changed service template', result);
    await fix();
    expect((await project.pai('run', 'services')).ran).toEqual(['service:pylon']);
  });

  it('notices a file that was edited by hand on a host, and repairs just that', async () => {
    const [worker = ''] = world.workers;
    await world.onHost(worker, 'echo "# edited" >> $ROOT/etc/kubernetes/kubelet.yaml');
    const plan = await world.project.pai('run', 'workers');
    expectEnd(plan, { ran: 1, failed: 0, skipped: 0 });
    expect(plan.ran).toEqual([`worker:${worker}`]);
    expect(await world.onHost(worker, 'tail -n 1 $ROOT/etc/kubernetes/kubelet.yaml')).not.toContain('edited');
  });

  it('takes services, workers and Kubernetes down again, in reverse order', async () => {
    const { project, masters, workers, proxies } = world;
    if (kind.pods) await kubectl(world, 'create', 'configmap', 'kept');
    const services = await project.pai('clean', 'services');
    expectEnd(services, { ran: 2, failed: 0, skipped: 0 });
    expect(services.ran).toEqual(['service:pylon', 'service:cluster-configuration']);
    measured('clean services', services);
    const cleaned = await project.pai('clean', 'workers');
    expectEnd(cleaned, { ran: workers.length, failed: 0, skipped: 0 });
    measured('clean workers', cleaned);
    const kubernetes = await project.pai('clean', 'kubernetes');
    expectEnd(kubernetes, { failed: 0, skipped: 0 });
    for (const master of masters) {
      expect(kubernetes.ran.indexOf(`master:${master}`)).toBeLessThan(kubernetes.ran.indexOf(`etcd:${master}`));
    }
    measured('clean kubernetes', kubernetes);
    for (const host of [...masters, ...workers, ...proxies]) await expectNothingRuns(host);
    // Data of etcd waits for the same cluster, with the keys that it is written with.
    for (const master of masters) {
      expect(await world.onHost(master, 'cat $ROOT/var/lib/etcd/cluster-id'), master).toBe(`${world.cluster}\n`);
      expect(await world.onHost(master, 'ls $ROOT/var/lib/pai/pki'), master).toContain('ca.key');
    }
  });

  it('brings it back with a second run, which goes on with the data that was kept', async () => {
    const result = await world.project.pai('run', 'services');
    expectEnd(result, { failed: 0, skipped: 0 });
    await expectPage(`pylon of ${world.cluster}\n`);
    if (kind.pods) expect(await kubectl(world, 'get', 'configmap', 'kept', '--output=name')).toBe('configmap/kept\n');
    expectNothingToDo(await world.project.pai('run', 'services'));
    measured('up again after all was taken down', result);
  });

  it('is taken off the hosts for good, with its data', async () => {
    const { project, masters, workers, proxies } = world;
    const refused = await project.pai('clean', 'kubernetes', 'hosts', 'services', '--delete-data');
    expect(refused.code).toBe(2);
    expect(refused.text).toContain('NOT_CONFIRMED');
    const result = await project.pai('clean', 'kubernetes', 'hosts', 'services', '--delete-data', '--yes');
    expectEnd(result, { failed: 0, skipped: 0 });
    for (const host of [...masters, ...workers, ...proxies]) {
      await expectNothingRuns(host);
      expect(
        await world.onHost(host, 'ls -d $ROOT/var/lib/etcd $ROOT/var/lib/pai 2>/dev/null; grep pai $ROOT/etc/hosts'),
        host,
      ).toBe('');
    }
  });
}

/** The operator's own kubectl, with the kubeconfig beside it. Rejects when it fails. */
export async function kubectl({ operator }: World, ...words: string[]): Promise<string> {
  const line = [`--kubeconfig=${path.join(operator, 'config')}`, '--request-timeout=5s', ...words];
  return (await call(path.join(operator, 'kubectl'), line)).stdout;
}
