import { execFile } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectEnd, onHost, Project, type Result, rig } from './project.js';

/**
 * The whole story on real hosts: h1 a master, h2 a worker, both bare. Tests go in order; each starts where the last one
 * left the cluster. What its commands used is printed at the end. Needs `npm run rig:up`.
 */
const call = promisify(execFile);
let project: Project;
const figures: string[] = [];

beforeAll(async () => {
  await rig('up.sh', '--fresh', 'h1', 'h2');
  project = await Project.create('h1', 'h2');
  // A namespace of this run's own: its image is in no registry yet, so it has to be built.
  await project.edit('services-configuration.yaml', (text) =>
    text.replace('"docker-namespace": "pai"', `"docker-namespace": "story-${Date.now()}"`),
  );
});

afterAll(async () => {
  await project.remove();
  console.log(['', 'measured: wall, CPU of pai, peak memory of pai', ...figures].join('\n'));
});

/** Keeps what a command used, to be printed at the end. */
function measured(what: string, { usage }: Result): void {
  const { wallSeconds, cpuSeconds, peakMegabytes } = usage;
  const cells = [`${wallSeconds.toFixed(1)} s`, `${cpuSeconds.toFixed(2)} s`, `${peakMegabytes.toFixed(0)} MB`];
  figures.push(`  ${what.padEnd(52)}${cells.map((cell) => cell.padStart(9)).join('')}`);
}

describe('one master and one worker, from bare hosts', () => {
  it('brings up the cluster, builds and pushes the image and runs the services', async () => {
    const result = await project.pai('run', 'services');
    expectEnd(result, { failed: 0, skipped: 0, fresh: 0, ran: 12 });
    expect(result.code).toBe(0);
    expect(await page()).toBe('pylon of pai-rig\n');
    measured('bare hosts to services ready', result);
  });

  it('finds nothing to do a second time', async () => {
    const result = await project.pai('run', 'services');
    expectNothingToDo(result);
    measured('nothing to do, .cache warm', result);
  });

  it('finds nothing to do from a fresh clone with an empty .cache', async () => {
    await project.freshClone();
    const result = await project.pai('run', 'services');
    expectNothingToDo(result);
    measured('nothing to do, fresh clone with an empty .cache', result);
  });

  it('reads the keys back from the master when the configuration folder has lost them, and finds nothing to do', async () => {
    await rm(path.join(project.configuration, 'pki'), { recursive: true });
    const result = await project.pai('run', 'services');
    expectNothingToDo(result);
    expect(await readFile(path.join(project.configuration, 'pki/ca.crt'), 'utf8')).toContain('BEGIN CERTIFICATE');
    measured('nothing to do, keys read back from the master', result);
  });

  it('gives the operator a kubectl that works', async () => {
    const folder = path.join(homedir(), '.kube', 'pai-pai-rig');
    const { stdout } = await call(path.join(folder, 'kubectl'), [
      `--kubeconfig=${path.join(folder, 'config')}`,
      'get',
      'nodes',
      '--output=jsonpath={range .items[*]}{.metadata.name} {.status.conditions[-1:].status}{"\\n"}{end}',
    ]);
    expect(stdout).toBe('172.30.0.11 True\n172.30.0.12 True\n');
  });

  it('lets nobody in without a certificate, keeps secrets encrypted, and its files to root', async () => {
    for (const url of ['172.30.0.11:6443/version', '172.30.0.11:10250/pods', '172.30.0.12:10250/pods']) {
      expect(await onHost('h2', `curl -sko /dev/null -w '%{http_code}' https://${url}`), url).toBe('401');
    }
    // The old API port, and kubelet's read-only one: nothing listens.
    for (const url of ['172.30.0.11:8080', '172.30.0.11:10255', '172.30.0.12:10255']) {
      expect(await onHost('h2', `curl -so /dev/null http://${url}; echo $?`), url).toBe('7\n');
    }
    const pki = '/etc/kubernetes/pki';
    const etcdctl = `etcdctl --cacert=${pki}/etcd-ca.crt --cert=${pki}/etcd-client.crt --key=${pki}/etcd-client.key`;
    const key = '/registry/secrets/default/pai-registry';
    const kept = await onHost(
      'h1',
      `docker exec $(docker ps -qf name=^/k8s_etcd_) ${etcdctl} get ${key} | tr -cd '[:print:]'`,
    );
    expect(kept).toContain('k8s:enc:');
    expect(kept).not.toContain('pai-registry"');
    const open =
      'find /etc/kubernetes /var/lib/etcd /var/lib/pai/pki /var/lib/pai/stamps -type f -perm /077 2>/dev/null';
    for (const host of ['h1', 'h2']) expect(await onHost(host, open), host).toBe('');
  });

  it('runs just what depends on a changed template', async () => {
    const fix = await project.edit('templates/services/pylon/pylon.yaml.template', (text) =>
      text.replaceAll('"pylon of', '"changed pylon of'),
    );
    const result = await project.pai('run', 'services');
    expectEnd(result, { ran: 1, failed: 0, skipped: 0 });
    expect(result.ran).toEqual(['service:pylon']);
    // A changed ConfigMap reaches the pod: it is rolled.
    expect(await page()).toBe('changed pylon of pai-rig\n');
    measured('one changed service template', result);
    await fix();
    expect((await project.pai('run', 'services')).ran).toEqual(['service:pylon']);
  });

  it('takes services, workers and Kubernetes down again, in reverse order', async () => {
    const services = await project.pai('clean', 'services');
    expectEnd(services, { ran: 2, failed: 0, skipped: 0 });
    expect(services.ran).toEqual(['service:pylon', 'service:cluster-configuration']);
    measured('clean services', services);
    const workers = await project.pai('clean', 'workers');
    expectEnd(workers, { ran: 1, failed: 0, skipped: 0 });
    measured('clean workers', workers);
    const kubernetes = await project.pai('clean', 'kubernetes');
    expectEnd(kubernetes, { failed: 0, skipped: 0 });
    expect(kubernetes.ran.indexOf('master:h1')).toBeLessThan(kubernetes.ran.indexOf('etcd:h1'));
    measured('clean kubernetes', kubernetes);
    for (const host of ['h1', 'h2']) {
      const left = await onHost(
        host,
        'docker ps -aq; ls -A /var/lib/etcd /etc/kubernetes /var/lib/kubelet 2>/dev/null | grep -v :',
      );
      expect(left.trim()).toBe('');
    }
  });

  it('brings it back with a second run', async () => {
    const result = await project.pai('run', 'services');
    expectEnd(result, { failed: 0, skipped: 0 });
    expect(await page()).toBe('pylon of pai-rig\n');
    expectNothingToDo(await project.pai('run', 'services'));
    measured('up again after all was taken down', result);
  });
});

async function page(): Promise<string> {
  return (await fetch('http://172.30.0.11/')).text();
}

function expectNothingToDo(result: Result): void {
  expectEnd(result, { ran: 0, fresh: 12, failed: 0, skipped: 0 });
  expect(result.code).toBe(0);
}
