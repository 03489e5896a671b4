import type { HostWork } from '../../../src/model/drivers.js';
import type { Stamp } from '../../../src/model/stamp.js';
import type { ActionContext } from '../../../src/model/target.js';
import { createHostDriver, type HostDriverOptions } from '../../../src/ssh/driver.js';
import type { TestHost } from './test-host.js';

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
