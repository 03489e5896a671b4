import { existsSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { liftFault, setFault } from '../../../src/sandbox/faults.js';
import { HOST_FAULTS, type HostFault, SANDBOX_FAULTS, type SandboxFault } from '../../../src/sandbox/layout.js';
import { contextFor, workFor } from '../ssh/driver-fixture.js';
import { SANDBOX, sandboxBed } from './hosts-fixture.js';
import { apply, etcdTarget, prepareTarget, workerTarget } from './hosts-scripts.js';

const bed = sandboxBed();

const set = (fault: HostFault | SandboxFault, host?: string, detail?: string) =>
  setFault(bed().layout, SANDBOX, fault, host, detail);
const lift = (fault: HostFault | SandboxFault, host?: string) => liftFault(bed().layout, SANDBOX, fault, host);

const run = (name: string, script = 'echo done') => {
  const { context, lines } = contextFor(`host:${name}`);
  const { driver, login } = bed();
  return driver()
    .run(login(name), workFor(`host:${name}`, script), context)
    .then(() => lines);
};

const prepare = (name: string) => apply(bed().driver(), bed().login(name), `host:${name}`, prepareTarget(name));
const joinWorker = (name: string) => apply(bed().driver(), bed().login(name), `worker:${name}`, workerTarget(name));

describe('faults of simulated hosts, as the real SSH driver meets them', () => {
  afterEach(async () => {
    for (const fault of SANDBOX_FAULTS) await lift(fault);
    for (const { name } of SANDBOX.hosts) for (const fault of HOST_FAULTS) await lift(fault, name);
  });

  it('down: the host does not answer, the others do, and it does once that is lifted', async () => {
    await set('down', 'm1');
    const [down, up] = await Promise.allSettled([run('m1'), run('m2')]);
    expect(down).toMatchObject({
      status: 'rejected',
      reason: { code: 'HOST_UNREACHABLE', message: expect.stringContaining('did not answer') },
    });
    expect(up).toMatchObject({ status: 'fulfilled', value: ['done'] });
    await expect(bed().hosts.exec('m1', 'true')).rejects.toMatchObject({ code: 'HOST_UNREACHABLE' });
    await lift('down', 'm1');
    expect(await run('m1')).toEqual(['done']);
  });

  it('down: an open connection is of no use any more', async () => {
    const { driver, login } = bed();
    const shared = driver();
    expect(await shared.observe(login('m1'), 'host:m1', 'true')).toMatchObject({ kind: 'known' });
    await set('down', 'm1');
    // Over another one the host is asked once more.
    expect(await shared.observe(login('m1'), 'host:m1', 'true')).toMatchObject({
      kind: 'unknown',
      error: { code: 'HOST_UNREACHABLE' },
    });
  });

  it('cut: the connection is cut once, the script goes on, and the driver finds it again', async () => {
    await set('cut', 'm1');
    const { reopen, driver, login, file } = bed();
    // Opened anew, as for each run of pai.
    const hosts = reopen();
    let connections = 0;
    const own = driver({
      route: (host) => {
        connections += 1;
        return hosts.route(host.address, host.port);
      },
    });
    const script = 'echo "run" >> "$ROOT/runs"; for i in 1 2 3 4 5 6; do echo "$i"; sleep 0.1; done';
    const { context, lines } = contextFor('host:m1');
    await own.run(login('m1'), workFor('host:m1', script), context);
    expect(lines).toEqual(['1', '2', '3', '4', '5', '6']);
    expect(connections).toBe(2);
    expect(readFileSync(file('m1', 'runs'), 'utf8')).toBe('run\n');
    // For this run that was all; the fault is on for the next.
    await own.run(login('m1'), workFor('host:m1', script), contextFor('host:m1').context);
    expect(connections).toBe(2);
    expect(existsSync(`${bed().layout.host('m1').faults}/cut`)).toBe(true);
  });

  it('cut: as many times as it says, and then it is lifted', async () => {
    await set('cut', 'm2', '2');
    const { driver, hosts, login, layout } = bed();
    let connections = 0;
    const own = driver({
      route: (host) => {
        connections += 1;
        return hosts.route(host.address, host.port);
      },
    });
    const { context, lines } = contextFor('host:m2');
    await own.run(login('m2'), workFor('host:m2', 'sleep 3; echo end'), context);
    expect(lines).toEqual(['end']);
    expect(connections).toBe(3);
    expect(existsSync(`${layout.host('m2').faults}/cut`)).toBe(false);
  });

  it('slow: the host answers later', async () => {
    await set('slow', 'm1', '1');
    const before = performance.now();
    expect(await run('m1')).toEqual(['done']);
    expect(performance.now() - before).toBeGreaterThan(990);
  });

  it('disk-full: no script can be started, and looking still works', async () => {
    await set('disk-full', 'm1');
    await expect(run('m1')).rejects.toMatchObject({
      code: 'HOST_SCRIPT',
      message: expect.stringContaining('could not start the script'),
      details: expect.arrayContaining([expect.stringContaining('No space left on device')]),
    });
    const { driver, login, hosts } = bed();
    expect(await driver().observe(login('m1'), 'host:m1', 'true')).toMatchObject({ kind: 'known' });
    expect((await hosts.exec('m1', 'df -Pk var')).stdout).toMatch(/ 0 +100%/);
    await lift('disk-full', 'm1');
    expect(await run('m1')).toEqual(['done']);
  });

  it('sudo-denied: the user is not in the sudoers file', async () => {
    await set('sudo-denied', 'm1');
    await expect(run('m1')).rejects.toMatchObject({
      code: 'SUDO_DENIED',
      message: expect.stringContaining('user pai may not use sudo'),
    });
  });

  it('wipe: the host is bare again, with the same SSH host key', async () => {
    const { layout, file, hosts } = bed();
    await prepare('m3');
    const before = readFileSync(layout.host('m3').hostKey, 'utf8');
    expect((await hosts.exec('m3', 'docker version')).code).toBe(0);
    await set('wipe', 'm3');
    expect((await hosts.exec('m3', 'docker version')).code).toBe(127);
    expect(existsSync(file('m3', 'var/lib/pai'))).toBe(false);
    expect(existsSync(file('m3', 'etc/os-release'))).toBe(true);
    expect(readFileSync(layout.host('m3').hostKey, 'utf8')).toBe(before);
    expect(await prepare('m3')).toContain('docker.io installed (simulated)');
  });

  it('kubelet-dead: its probe tells, and running the target again starts it', async () => {
    await expect(set('kubelet-dead', 'w1')).rejects.toMatchObject({ code: 'USAGE' });
    await Promise.all(['m1', 'm2', 'm3', 'w1'].map(prepare));
    const { driver, login, hosts } = bed();
    const shared = driver();
    await Promise.all(['m1', 'm2', 'm3'].map((name) => apply(shared, login(name), `etcd:${name}`, etcdTarget(name))));
    await hosts.exec('m1', 'echo "kind: Pod" > etc/kubernetes/manifests/kube-apiserver.yaml');
    await joinWorker('w1');
    const look = () => driver().observe(login('w1'), 'worker:w1', workerTarget('w1').probe);
    expect(await look()).not.toHaveProperty('problem');
    await set('kubelet-dead', 'w1');
    expect(await look()).toMatchObject({ problem: 'the kubelet container is not running' });
    expect(await joinWorker('w1')).toContain('starting kubelet');
    expect(await look()).not.toHaveProperty('problem');
  });

  it('etcd-dead: the member does not run until that is lifted; two dead ones take the quorum', async () => {
    const { driver, login, hosts, reopen } = bed();
    const look = (name: string) => driver().observe(login(name), `etcd:${name}`, etcdTarget(name).probe);
    await set('etcd-dead', 'm1');
    expect(await look('m1')).toMatchObject({ problem: expect.stringContaining('Exited (1)') });
    expect(await look('m2')).not.toHaveProperty('problem');
    expect((await hosts.exec('m1', 'docker ps -aq --filter name=^/k8s_etcd_')).stdout).toMatch(/^k8s_etcd_/);
    // A run tells why it gave up.
    const hasty = reopen({ waitSeconds: 2 });
    const own = driver({ route: (host) => hasty.route(host.address, host.port) });
    await expect(apply(own, login('m1'), 'etcd:m1', etcdTarget('m1'))).rejects.toMatchObject({
      code: 'HOST_SCRIPT',
      details: expect.arrayContaining([
        'waiting for etcd on 10.99.0.11',
        'no container of etcd runs: Exited (1) (simulated)',
        'error: gave up waiting for etcd on 10.99.0.11',
      ]),
    });
    await set('etcd-dead', 'm3');
    expect(await look('m2')).toMatchObject({ problem: expect.stringContaining('etcd is not healthy') });
    await lift('etcd-dead', 'm1');
    await apply(driver(), login('m1'), 'etcd:m1', etcdTarget('m1'));
    expect(await look('m2')).not.toHaveProperty('problem');
    expect(await look('m1')).not.toHaveProperty('problem');
  });

  it('registry-down: images that a host has not pulled yet can not be had', async () => {
    const { hosts } = bed();
    await prepare('w1');
    await set('registry-down');
    const pull = 'docker pull -q registry.test/new:1';
    expect(await hosts.exec('w1', pull)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('connection refused'),
    });
    await lift('registry-down');
    expect(await hosts.exec('w1', pull)).toMatchObject({ code: 0 });
    await set('registry-down');
    expect((await hosts.exec('w1', 'docker image inspect registry.test/new:1')).code).toBe(0);
  });

  it('can only be set where they make sense', async () => {
    await expect(set('down')).rejects.toMatchObject({ code: 'USAGE' });
    await expect(set('registry-down', 'm1')).rejects.toMatchObject({ code: 'USAGE' });
    await expect(set('down', 'm9')).rejects.toMatchObject({ code: 'UNKNOWN_NAME' });
  });
});
