import { existsSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { liftFault, setFault } from '../../../src/sandbox/faults.js';
import { HOST_FAULTS, type HostFault, SANDBOX_FAULTS, type SandboxFault } from '../../../src/sandbox/layout.js';
import { contextFor, workFor } from '../ssh/driver-fixture.js';
import { IN_PROCESS, sandboxBed } from './hosts-fixture.js';
import { apply, etcdTarget, prepareTarget, workerTarget } from './hosts-scripts.js';

const bed = sandboxBed({ waitSeconds: 20 }, IN_PROCESS);

const set = (fault: HostFault | SandboxFault, host?: string, detail?: string) =>
  setFault(bed().layout, IN_PROCESS, fault, host, detail);
const lift = (fault: HostFault | SandboxFault, host?: string) => liftFault(bed().layout, IN_PROCESS, fault, host);

const run = (name: string, script = 'echo done', signal?: AbortSignal) => {
  const { context, lines } = contextFor(`host:${name}`, signal);
  const { driver, login } = bed();
  const work = workFor(`host:${name}`, script, { probe: 'set -eu' });
  return driver()
    .run(login(name), work, context)
    .then(() => lines);
};
const look = (name: string, target = `host:${name}`, probe = 'set -eu') =>
  bed().driver().observe(bed().login(name), target, probe);

describe('hosts in process, as the real SSH driver meets them', () => {
  afterEach(async () => {
    for (const fault of SANDBOX_FAULTS) await lift(fault);
    for (const { name } of IN_PROCESS.hosts) for (const fault of HOST_FAULTS) await lift(fault, name);
  });

  it('keep a stamp of what was applied, and none of what failed', async () => {
    expect(await look('p1')).toEqual({ kind: 'known', present: false });
    expect(await run('p1')).toEqual(['done']);
    expect(await look('p1')).toMatchObject({ present: true, stamp: { fingerprint: 'f1' } });
    await expect(run('p1', 'frobnicate')).rejects.toMatchObject({ code: 'HOST_SCRIPT' });
    const after = await look('p1');
    expect(after).toMatchObject({ kind: 'known', present: true });
    expect(after).not.toHaveProperty('stamp');
  });

  it.each([
    'frobnicate --all',
    'install_tree worker; reboot',
    'rm -rf /etc',
    'rm -rf "$ROOT/../.."',
    'for file in *; do rm "$file"; done',
    'wait_for 10 "the moon" moon_full',
    'say "$UNSET"',
  ])('refuse what is not simulated, and say how it can be run: %s', async (statement) => {
    await expect(run('m1', `set -eu\n${statement}\n`)).rejects.toMatchObject({
      code: 'HOST_SCRIPT',
      details: expect.arrayContaining([expect.stringContaining('hosts in process do not simulate')]),
    });
  });

  it('refuse a probe that is not simulated: it is a problem, never content', async () => {
    await run('p1');
    expect(await look('p1', 'host:p1', 'curl http://localhost')).toMatchObject({
      problem: expect.stringContaining("do not simulate 'curl http://localhost'"),
    });
  });

  it('read files, of those that are there', async () => {
    const { driver, login } = bed();
    const read = await driver().read(login('m1'), ['/etc/nothing', '/var/lib/pai/log/host%3Am1.log', '/']);
    expect([...read.keys()]).toEqual(['/var/lib/pai/log/host%3Am1.log']);
  });

  it('down: the host does not answer, the others do', async () => {
    await set('down', 'm1');
    const [down, up] = await Promise.allSettled([run('m1'), run('m2')]);
    expect(down).toMatchObject({ status: 'rejected', reason: { code: 'HOST_UNREACHABLE' } });
    expect(up).toMatchObject({ status: 'fulfilled', value: ['done'] });
  });

  it('cut: the driver connects again and finds how the script ended', async () => {
    await set('cut', 'm1');
    const { reopen, driver, login } = bed();
    const hosts = reopen();
    let connections = 0;
    const own = driver({
      route: (host) => {
        connections += 1;
        return hosts.route(host.address, host.port);
      },
    });
    const { context, lines } = contextFor('host:m1');
    await own.run(login('m1'), workFor('host:m1', 'echo one\necho two', { probe: 'set -eu' }), context);
    expect(lines).toEqual(['one', 'two']);
    expect(connections).toBe(2);
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
      message: expect.stringContaining('could not start the script'),
      details: [expect.stringContaining('No space left on device')],
    });
    expect(await look('m1')).toMatchObject({ kind: 'known' });
  });

  it('sudo-denied, and a wrong password', async () => {
    await set('sudo-denied', 'm1');
    await expect(run('m1')).rejects.toMatchObject({
      code: 'SUDO_DENIED',
      message: expect.stringContaining('may not use sudo'),
    });
    const { driver, login } = bed();
    const wrong = driver().observe(login('m2', { password: 'wrong' }), 'host:m2', 'set -eu');
    expect(await wrong).toMatchObject({ kind: 'unknown', error: { code: 'SSH_AUTH' } });
  });

  it('are bare again after wipe, with the same SSH host key', async () => {
    const { layout, file } = bed();
    await apply(bed().driver(), bed().login('m3'), 'host:m3', prepareTarget('m3'));
    const before = readFileSync(layout.host('m3').hostKey, 'utf8');
    await set('wipe', 'm3');
    expect(existsSync(file('m3', 'var/lib/pai'))).toBe(false);
    expect(readFileSync(layout.host('m3').hostKey, 'utf8')).toBe(before);
    expect(await apply(bed().driver(), bed().login('m3'), 'host:m3', prepareTarget('m3'))).toContain(
      'docker.io installed (simulated)',
    );
  });

  it('belong to one cluster: a host of another is refused by the preflight', async () => {
    const { driver, login } = bed();
    await apply(driver(), login('m3'), 'host:m3', prepareTarget('m3'));
    const other = prepareTarget('m3');
    const script = other.script.replace("CLUSTER_ID='test'", "CLUSTER_ID='other'");
    await expect(apply(driver(), login('m3'), 'host:m3', { ...other, script })).rejects.toMatchObject({
      details: ['error: preflight:', expect.stringContaining("belongs to the cluster 'test'")],
    });
  });

  it('wait for what is not there, tell why they gave up, and stop when they are told to', async () => {
    const { driver, login, reopen } = bed();
    await apply(driver(), login('w1'), 'host:w1', prepareTarget('w1'));
    const hasty = reopen({ waitSeconds: 0.3 });
    const own = driver({ route: (host) => hasty.route(host.address, host.port) });
    await expect(apply(own, login('w1'), 'worker:w1', workerTarget('w1'))).rejects.toMatchObject({
      details: expect.arrayContaining([
        'The connection to the server 10.99.0.21:6443 was refused - did you specify the right host or port?',
        'error: gave up waiting for node 10.99.0.21 to be Ready',
      ]),
    });
    const stop = new AbortController();
    const { context, lines } = contextFor('worker:w1', stop.signal);
    const { files, script, probe } = workerTarget('w1');
    const waiting = driver().run(login('w1'), workFor('worker:w1', script, { files, probe }), context);
    await expect.poll(() => lines).toContain('waiting for node 10.99.0.21 to be Ready');
    stop.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(await look('w1', 'worker:w1')).toMatchObject({ present: true });
  });

  it('refuse a second run while one is on', async () => {
    const { driver, login } = bed();
    const stop = new AbortController();
    const { context, lines } = contextFor('worker:w1', stop.signal);
    const { files, script, probe } = workerTarget('w1');
    const shared = driver();
    const first = shared.run(login('w1'), workFor('worker:w1', script, { files, probe }), context);
    await expect.poll(() => lines).toContain('waiting for node 10.99.0.21 to be Ready');
    await expect(run('w1')).rejects.toMatchObject({
      code: 'HOST_LOCKED',
      message: expect.stringContaining('worker:w1'),
    });
    stop.abort();
    await expect(first).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  it('registry-down: an image that a host does not have can not be had', async () => {
    await apply(bed().driver(), bed().login('m2'), 'host:m2', prepareTarget('m2'));
    await set('registry-down');
    await expect(apply(bed().driver(), bed().login('m2'), 'etcd:m2', etcdTarget('m2'))).rejects.toMatchObject({
      details: expect.arrayContaining([expect.stringContaining("can't be pulled")]),
    });
  });
});
