import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/**
 * The whole story on real hosts: h1 a master, h2 a worker, both bare. Tests go in order; each starts where the last one
 * left the cluster. Needs `npm run rig:up`.
 */
const root = path.resolve(import.meta.dirname, '../..');
const call = promisify(execFile);

let work: string;
let clone: string;
let configuration: string;

beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'pai-rig-test-'));
  clone = path.join(work, 'clone');
  configuration = path.join(work, 'configuration');
  await call(path.join(root, 'test/rig/up.sh'), ['--fresh', 'h1', 'h2'], { maxBuffer: 1 << 26 });
  await call(path.join(root, 'test/rig/configure.sh'), [configuration]);
  // A namespace of this run's own: its image is in no registry yet, so it has to be built.
  const services = path.join(configuration, 'services-configuration.yaml');
  const text = await readFile(services, 'utf8');
  await writeFile(services, text.replace('"docker-namespace": "pai"', `"docker-namespace": "story-${Date.now()}"`));
  await call('docker', ['tag', 'pairig/debian:bookworm', 'debian:bookworm-slim']);
  await freshClone();
});

afterAll(async () => {
  await rm(work, { recursive: true, force: true });
});

/** The project as a fresh clone with an empty .cache: its files, its build, its packages. */
async function freshClone(): Promise<void> {
  await rm(clone, { recursive: true, force: true });
  await call('mkdir', ['-p', clone]);
  for (const item of ['bin', 'dist', 'tasks', 'templates', 'paifile.ts', 'package.json', 'service-list.yaml']) {
    await call('cp', ['-r', path.join(root, item), clone]);
  }
  await call('ln', ['-s', path.join(root, 'node_modules'), path.join(clone, 'node_modules')]);
}

interface Result {
  readonly code: number;
  readonly end: { ran: number; fresh: number; failed: number; skipped: number };
  readonly ran: readonly string[];
  readonly text: string;
}

/** Runs `pai ... --output json` in the clone. */
async function pai(...words: string[]): Promise<Result> {
  const options = { cwd: clone, maxBuffer: 1 << 26 };
  const { stdout, stderr, code } = await call(
    'node',
    ['bin/pai.js', ...words, '-p', configuration, '--output', 'json'],
    options,
  ).then(
    (done) => ({ ...done, code: 0 }),
    (error: { stdout: string; stderr: string; code: number }) => error,
  );
  const events = stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
  return {
    code,
    end: events.at(-1),
    ran: events.filter((event) => event.type === 'target-end' && event.outcome === 'ran').map((event) => event.target),
    text: stdout + stderr,
  };
}

function expectEnd(result: Result, counts: Partial<Result['end']>): void {
  expect(result.end, result.text.slice(-4000)).toMatchObject({ type: 'run-end', ...counts });
}

describe('one master and one worker, from bare hosts', () => {
  it('brings up the cluster, builds and pushes the image and runs the services', async () => {
    const result = await pai('run', 'services');
    expectEnd(result, { failed: 0, skipped: 0, fresh: 0, ran: 12 });
    expect(result.code).toBe(0);
    const page = await fetch('http://172.30.0.11/');
    expect(await page.text()).toBe('pylon of pai-rig\n');
  });

  it('finds nothing to do from a fresh clone with an empty .cache', async () => {
    await freshClone();
    const result = await pai('run', 'services');
    expectEnd(result, { ran: 0, fresh: 12, failed: 0, skipped: 0 });
  });

  it('reads the keys back from the master when the configuration folder has lost them, and finds nothing to do', async () => {
    await rm(path.join(configuration, 'pki'), { recursive: true });
    const result = await pai('run', 'services');
    expectEnd(result, { ran: 0, fresh: 12, failed: 0, skipped: 0 });
    expect(await readFile(path.join(configuration, 'pki/ca.crt'), 'utf8')).toContain('BEGIN CERTIFICATE');
  });

  it('runs just what depends on a changed template', async () => {
    const template = path.join(clone, 'templates/services/pylon/pylon.yaml.template');
    const text = await readFile(template, 'utf8');
    await writeFile(template, text.replaceAll('"pylon of', '"changed pylon of'));
    const result = await pai('run', 'services');
    expectEnd(result, { failed: 0, skipped: 0 });
    expect(result.ran).toEqual(['service:pylon']);
    // A changed ConfigMap reaches the pod: it is rolled.
    expect(await (await fetch('http://172.30.0.11/')).text()).toBe('changed pylon of pai-rig\n');
    await copyFile(path.join(root, 'templates/services/pylon/pylon.yaml.template'), template);
    expect((await pai('run', 'services')).ran).toEqual(['service:pylon']);
  });

  it('takes services, workers and Kubernetes down again, in reverse order', async () => {
    const services = await pai('clean', 'services');
    expectEnd(services, { ran: 2, failed: 0, skipped: 0 });
    expect(services.ran).toEqual(['service:pylon', 'service:cluster-configuration']);
    expectEnd(await pai('clean', 'workers'), { ran: 1, failed: 0, skipped: 0 });
    const kubernetes = await pai('clean', 'kubernetes');
    expectEnd(kubernetes, { failed: 0, skipped: 0 });
    expect(kubernetes.ran.indexOf('master:h1')).toBeLessThan(kubernetes.ran.indexOf('etcd:h1'));
    for (const host of ['h1', 'h2']) {
      const left = await call(path.join(root, 'test/rig/host.sh'), [
        host,
        'sh',
        '-c',
        'docker ps -aq; ls -A /var/lib/etcd /etc/kubernetes /var/lib/kubelet 2>/dev/null | grep -v :',
      ]).catch((error: { stdout: string }) => error);
      expect(left.stdout.trim()).toBe('');
    }
  });

  it('brings it back with a second run', async () => {
    const result = await pai('run', 'services');
    expectEnd(result, { failed: 0, skipped: 0 });
    expect(await (await fetch('http://172.30.0.11/')).text()).toBe('pylon of pai-rig\n');
    expectEnd(await pai('run', 'services'), { ran: 0, fresh: 12, failed: 0, skipped: 0 });
  });
});

describe('bad input on real hosts', () => {
  it('a wrong SSH password is one clear error, changes nothing, and leaves with exit code 1', async () => {
    const file = path.join(configuration, 'cluster-configuration.yaml');
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace('"password": "pai"', '"password": "wrong"'));
    const result = await pai('run', 'workers');
    expect(result.code).toBe(1);
    expect(result.text).toContain('SSH_AUTH');
    await writeFile(file, text);
    expectEnd(await pai('run', 'workers'), { ran: 0, failed: 0 });
  });

  it('a misspelt configuration key is told with its place and leaves with exit code 2', async () => {
    const file = path.join(configuration, 'services-configuration.yaml');
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace('"data-path"', '"data-pth"'));
    const result = await pai('run', 'services');
    expect(result.code).toBe(2);
    expect(result.text).toMatch(/services-configuration\.yaml:\d+:\d+/);
    expect(result.text).toContain('data-path');
    await writeFile(file, text);
  });
});
