import { existsSync, readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe } from 'vitest';
import type { HostDriver, HostLogin, HostWork } from '../../../src/model/drivers.js';
import type { Stamp } from '../../../src/model/stamp.js';
import type { ActionContext } from '../../../src/model/target.js';
import { createHostDriver, type HostDriverOptions } from '../../../src/ssh/driver.js';
import { makeUsers, TestHost, type TestUsers, whyNoTestHost } from './test-host.js';

/** A driver for a test host, with a known_hosts file of its own beside it. */
export function driverFor(host: TestHost, more: Partial<HostDriverOptions> = {}) {
  return createHostDriver({
    knownHosts: `${host.directory}/known_hosts`,
    hostKeys: 'accept-new',
    runId: 'run-1',
    rootPrefix: host.root,
    ...more,
  });
}

/** A context of a target, and the lines that were logged to it. Has no drivers: the SSH driver asks for none. */
export function contextFor(target: string, signal = new AbortController().signal) {
  const lines: string[] = [];
  const context: ActionContext = {
    target,
    get drivers(): never {
      throw new Error('the SSH driver uses no other driver');
    },
    outputs: new Map(),
    log: (line) => lines.push(line),
    signal,
  };
  return { context, lines };
}

export function stampFor(target: string, fingerprint = 'f1'): Stamp {
  return { format: 1, target, fingerprint, output: 'o1', parts: { script: 'd1' }, run: 'run-1' };
}

export function workFor(target: string, script: string, more: Partial<HostWork> = {}): HostWork {
  return { files: [], script, probe: 'true', stamp: stampFor(target), ...more };
}

/** A test host with users, and a driver for it. */
export interface TestBed {
  readonly users: TestUsers;
  readonly host: TestHost;
  /** Over sudo with a password: most is the same without, but with it there is more that can go wrong. */
  readonly login: HostLogin;
  readonly driver: HostDriver;
  /** Another driver; closed after the test, as all are. */
  open(more?: Partial<HostDriverOptions>): HostDriver;
}

/** Tests on a real sshd, a new one for each; counted as skipped where none can be started. */
export function onTestHost(subject: string, tests: (bed: () => TestBed) => void): void {
  const reason = whyNoTestHost();
  describe.skipIf(reason !== undefined)(`${subject}${reason === undefined ? '' : ` (skipped: ${reason})`}`, () => {
    let users: TestUsers | undefined;
    let bed: TestBed | undefined;
    const drivers: HostDriver[] = [];
    const started = (): TestBed => {
      if (bed === undefined) throw new Error('the test host is not started');
      return bed;
    };
    beforeAll(() => {
      users = makeUsers();
    });
    afterAll(() => users?.remove());
    beforeEach(async () => {
      if (users === undefined) throw new Error('there are no users');
      const host = await TestHost.start();
      const open = (more: Partial<HostDriverOptions> = {}): HostDriver => {
        const opened = driverFor(host, more);
        drivers.push(opened);
        return opened;
      };
      bed = { users, host, login: host.login(users.admin), driver: open(), open };
    });
    afterEach(async () => {
      await Promise.all(drivers.splice(0).map((each) => each.close()));
      await bed?.host.remove();
      bed = undefined;
    });
    tests(started);
  });
}

/** Process ID of the shell that runs the script, detached. */
export function jobPid(host: TestHost): number {
  return Number(readFileSync(host.state('lock.info'), 'utf8').split(' ')[1]);
}

export function isRunning(pid: number): boolean {
  return existsSync(`/proc/${pid}`);
}
