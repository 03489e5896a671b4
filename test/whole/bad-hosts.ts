import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { expectEnd, expectFailure, type Project } from './project.js';

const call = promisify(execFile);

/** Two bare hosts, and what can be done to one of them. Each returns what takes it back. */
export interface TwoHosts {
  readonly project: Project;
  /** Its work goes on. */
  readonly healthy: string;
  /** Things happen to it. */
  readonly ill: string;
  /** A command line as root on a host, with ROOT in front of its paths. Its exit code does not matter. */
  onHost(host: string, command: string): Promise<string>;
  /** The user may log in by a key as well, and its password is not the one that sudo wants. */
  wrongSudoPassword(): Promise<() => Promise<unknown>>;
  down(): Promise<() => Promise<unknown>>;
  /** Whether work of pai has begun on the ill host and is not at its end; quick, so that it can be caught at it. */
  isAtWork(): Promise<boolean>;
  /** Installed anew, it has another SSH host key. */
  newHostKey(): Promise<unknown>;
  occupyPort(port: number): Promise<() => Promise<unknown>>;
  remove(): Promise<unknown>;
}

/**
 * What goes wrong with one host ends in one clear error, leaves the other's work alone, and is repaired by the next run.
 * Hosts are only made ready (target `host:<name>`): no Kubernetes is needed for that.
 */
export function tellBadHosts(open: () => Promise<TwoHosts>): void {
  let hosts: TwoHosts;

  beforeAll(async () => {
    hosts = await open();
  });
  afterAll(async () => {
    await hosts?.project.remove();
    await hosts?.remove();
  });
  beforeEach(async () => {
    expectEnd(await hosts.project.pai('clean', 'hosts'), { failed: 0 });
  });

  const run = () => hosts.project.pai('run', 'hosts');
  const target = () => `host:${hosts.ill}`;
  const others = () => [`host:${hosts.healthy}`];
  const name = () => new RegExp(hosts.ill);
  /** Fixes what is wrong, and expects that a run then does just what was left. */
  async function expectRepair(fix: () => Promise<unknown>): Promise<void> {
    await fix();
    const repaired = await run();
    expectEnd(repaired, { failed: 0, skipped: 0 });
    expect(repaired.ran).toEqual([target()]);
    expectEnd(await run(), { ran: 0, fresh: 2, failed: 0, skipped: 0 });
  }

  it('with a wrong SSH password is told by name and field, and the other host is made ready', async () => {
    const fix = await hosts.project.editMachine(hosts.ill, { password: 'wrong' });
    const result = await run();
    const failure = expectFailure(result, target(), 'SSH_AUTH', name());
    expect(failure.next).toContain('password');
    expect(result.ran).toEqual(others());
    expect(result.text).not.toContain('"wrong"');
    await expectRepair(fix);
  });

  it('with a wrong sudo password is told so, though the key logs in', async () => {
    const fix = await hosts.wrongSudoPassword();
    const result = await run();
    const failure = expectFailure(result, target(), 'SUDO_DENIED', name());
    expect(failure.next).toContain('password');
    expect(result.ran).toEqual(others());
    await expectRepair(fix);
  });

  it('that is down is told so', async () => {
    const fix = await hosts.down();
    const result = await run();
    expectFailure(result, target(), 'HOST_UNREACHABLE', name());
    expect(result.ran).toEqual(others());
    await expectRepair(fix);
  });

  it('whose key has changed is not talked to, and the error says how to accept the new one', async () => {
    const knownHosts = path.join(hosts.project.configuration, 'known_hosts');
    const before = await readFile(knownHosts, 'utf8');
    await hosts.newHostKey();
    const result = await run();
    const failure = expectFailure(result, target(), 'HOST_KEY_CHANGED', name());
    expect(result.ran).toEqual(others());
    expect(await readFile(knownHosts, 'utf8')).toBe(before);
    const command = /ssh-keygen -R .*/.exec(failure.next ?? '')?.[0];
    if (command === undefined) throw new Error(`no command in: ${failure.next}`);
    await expectRepair(() => call('sh', ['-c', command]));
  });

  it('with a port in use or of another cluster fails its preflight, with all problems told together', async () => {
    const { ill, onHost } = hosts;
    await onHost(ill, 'mkdir -p $ROOT/var/lib/pai && echo other > $ROOT/var/lib/pai/cluster-id');
    const free = await hosts.occupyPort(10250);
    const result = await run();
    const failure = expectFailure(result, target(), 'HOST_SCRIPT', name());
    const told = failure.details?.join('\n');
    expect(told).toContain("belongs to the cluster 'other'");
    expect(told).toContain('10250 is in use');
    expect(result.ran).toEqual(others());
    expect(await onHost(ill, 'cat $ROOT/var/lib/pai/cluster-id')).toBe('other\n');
    await expectRepair(async () => {
      await free();
      await onHost(ill, 'rm -f $ROOT/var/lib/pai/cluster-id');
    });
  });

  it('during whose work pai was killed is brought to its end by the next run', async () => {
    const { ill, healthy, onHost, project } = hosts;
    const running = project.start('run', target());
    for (let tries = 0; ; tries++) {
      if (await hosts.isAtWork()) break;
      if (tries > 2000) throw new Error(`the work on ${ill} never began`);
      await sleep(5);
    }
    running.kill('SIGKILL');
    const result = await run();
    expectEnd(result, { failed: 0, skipped: 0 });
    expect(result.ran).toContain(`host:${healthy}`);
    expectEnd(await run(), { ran: 0, fresh: 2, failed: 0, skipped: 0 });
    expect(await onHost(ill, 'ls $ROOT/var/lib/pai/unfinished $ROOT/var/lib/pai/run')).not.toMatch(
      /host%|^[0-9a-f]{8}/m,
    );
  });
}
