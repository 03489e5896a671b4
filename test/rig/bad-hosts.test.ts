import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectEnd, expectFailure } from '../whole/project.js';
import { onHost, RigProject, rig } from './rig.js';

/**
 * What goes wrong with one host (h4) ends in one clear error, leaves the other's (h3) work alone, and is repaired by the next
 * run. Hosts with Docker, only made ready (target `host:<name>`): no Kubernetes is needed for that. Needs `npm run rig:up`.
 */
const call = promisify(execFile);
let project: RigProject;

beforeAll(async () => {
  await rig('up.sh', '--fresh', '--docker', 'h3', 'h4');
  project = await RigProject.create('h3', 'h4');
});

afterAll(async () => {
  await project.remove();
  await rig('down.sh', 'h3', 'h4');
});

/** Fixes what is wrong, and expects that a run then does just what was left. */
async function expectRepair(fix: () => Promise<unknown>): Promise<void> {
  await fix();
  const repaired = await project.pai('run', 'hosts');
  expectEnd(repaired, { failed: 0, skipped: 0 });
  expect(repaired.ran).toEqual(['host:h4']);
  expectEnd(await project.pai('run', 'hosts'), { ran: 0, fresh: 2, failed: 0, skipped: 0 });
}

describe('a host that can not be worked on', () => {
  beforeEach(async () => {
    expectEnd(await project.pai('clean', 'hosts'), { failed: 0 });
  });

  it('with a wrong SSH password is told by name and field, and the other host is made ready', async () => {
    const fix = await project.editMachine('h4', { password: 'wrong' });
    const result = await project.pai('run', 'hosts');
    const failure = expectFailure(result, 'host:h4', 'SSH_AUTH', /h4/);
    expect(failure.next).toContain('password');
    expect(result.ran).toEqual(['host:h3']);
    expect(result.text).not.toContain('"wrong"');
    await expectRepair(fix);
  });

  it('with a wrong sudo password is told so, though the key logs in', async () => {
    const { key } = JSON.parse(await rig('describe.sh'));
    const fix = await project.editMachine('h4', { 'ssh-keyfile-path': key, password: 'wrong' });
    const result = await project.pai('run', 'hosts');
    const failure = expectFailure(result, 'host:h4', 'SUDO_DENIED', /h4/);
    expect(failure.next).toContain('password');
    expect(result.ran).toEqual(['host:h3']);
    await expectRepair(fix);
  });

  it('that is down is told so', async () => {
    await call('docker', ['stop', '-t', '1', 'pairig-h4']);
    const result = await project.pai('run', 'hosts');
    expectFailure(result, 'host:h4', 'HOST_UNREACHABLE', /h4/);
    expect(result.ran).toEqual(['host:h3']);
    await expectRepair(() => rig('up.sh', '--docker', 'h4'));
  });

  it('whose key has changed is not talked to, and the error says how to accept the new one', async () => {
    const knownHosts = path.join(project.configuration, 'known_hosts');
    const before = await readFile(knownHosts, 'utf8');
    await rig('up.sh', '--fresh', '--docker', 'h4');
    const result = await project.pai('run', 'hosts');
    const failure = expectFailure(result, 'host:h4', 'HOST_KEY_CHANGED', /h4/);
    expect(result.ran).toEqual(['host:h3']);
    expect(await readFile(knownHosts, 'utf8')).toBe(before);
    const command = /ssh-keygen -R .*/.exec(failure.next ?? '')?.[0];
    if (command === undefined) throw new Error(`no command in: ${failure.next}`);
    await expectRepair(() => call('sh', ['-c', command]));
  });

  it('with a port in use or of another cluster fails its preflight, with all problems told together', async () => {
    await onHost('h4', 'mkdir -p /var/lib/pai && echo other > /var/lib/pai/cluster-id');
    await onHost('h4', 'nohup nc -lk 10250 > /dev/null 2>&1 & echo $! > /run/test-nc');
    const result = await project.pai('run', 'hosts');
    const failure = expectFailure(result, 'host:h4', 'HOST_SCRIPT', /h4/);
    const told = failure.details?.join('\n');
    expect(told).toContain("belongs to the cluster 'other'");
    expect(told).toContain('10250 is in use');
    expect(result.ran).toEqual(['host:h3']);
    expect(await onHost('h4', 'cat /var/lib/pai/cluster-id')).toBe('other\n');
    await expectRepair(() => onHost('h4', 'kill "$(cat /run/test-nc)"; rm -f /var/lib/pai/cluster-id'));
  });

  it('during whose work pai was killed is brought to its end by the next run', async () => {
    const running = project.start('run', 'host:h4');
    for (let tries = 0; ; tries++) {
      if ((await onHost('h4', 'ls /var/lib/pai/unfinished 2>/dev/null')).includes('host')) break;
      if (tries > 400) throw new Error('the work on h4 never began');
      await sleep(20);
    }
    running.kill('SIGKILL');
    const result = await project.pai('run', 'hosts');
    expectEnd(result, { failed: 0, skipped: 0 });
    expect(result.ran).toContain('host:h3');
    expectEnd(await project.pai('run', 'hosts'), { ran: 0, fresh: 2, failed: 0, skipped: 0 });
    expect(await onHost('h4', 'ls /var/lib/pai/unfinished /var/lib/pai/run')).not.toMatch(/host|[0-9a-f]{8}/);
  });
});
