import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import type { HostDriver, HostLogin } from '../../../src/model/drivers.js';
import { prepareHosts } from '../../../src/sandbox/bare-host.js';
import { openSandboxHosts, type SandboxHosts, type SandboxHostsOptions, SSH_PORT } from '../../../src/sandbox/hosts.js';
import { type SandboxDescription, type SandboxLayout, sandboxLayout } from '../../../src/sandbox/layout.js';
import { createHostDriver, type HostDriverOptions } from '../../../src/ssh/driver.js';

export const SANDBOX: SandboxDescription = {
  format: 1,
  hosts: [
    { name: 'm1', address: '10.99.0.11', role: 'master' },
    { name: 'm2', address: '10.99.0.12', role: 'master' },
    { name: 'm3', address: '10.99.0.13', role: 'master' },
    { name: 'w1', address: '10.99.0.21', role: 'worker' },
    { name: 'p1', address: '10.99.0.31', role: 'proxy' },
  ],
  login: { user: 'pai', password: 'simulated secret' },
  registry: { domain: 'registry.test:5000', user: 'pai', password: 'x' },
  apiAddress: '10.99.0.11',
};

/** Hosts of a sandbox in a temporary folder. */
export interface SandboxBed {
  readonly layout: SandboxLayout;
  readonly hosts: SandboxHosts;
  login(name: string, more?: Partial<HostLogin>): HostLogin;
  /** A driver with known hosts of its own beside the sandbox. Closed in the end. */
  driver(more?: Partial<HostDriverOptions>): HostDriver;
  /** Other hosts over the same files, as another pai has them. Closed in the end. */
  reopen(options?: SandboxHostsOptions): SandboxHosts;
  /** Below a host's root. */
  file(host: string, name: string): string;
}

/** The same machines without shells. */
export const IN_PROCESS: SandboxDescription = { ...SANDBOX, hostsInProcess: true };

/** One sandbox for the tests of a file. */
export function sandboxBed(options: SandboxHostsOptions = {}, sandbox = SANDBOX): () => SandboxBed {
  let bed: SandboxBed | undefined;
  const opened: { close(): Promise<void> }[] = [];
  const directory = mkdtempSync(path.join(tmpdir(), 'pai sandbox '));
  beforeAll(async () => {
    const layout = sandboxLayout(directory);
    if (sandbox.hostsInProcess !== true) await prepareHosts(layout, sandbox);
    const open = (more: SandboxHostsOptions = {}): SandboxHosts => {
      const hosts = openSandboxHosts(layout, sandbox, { ...options, ...more });
      opened.unshift(hosts);
      return hosts;
    };
    const hosts = open();
    bed = {
      layout,
      hosts,
      login: (name, more = {}) => ({
        name,
        address: SANDBOX.hosts.find((host) => host.name === name)?.address ?? '10.99.0.99',
        port: SSH_PORT,
        ...SANDBOX.login,
        ...more,
      }),
      driver(more = {}) {
        const driver = createHostDriver({
          knownHosts: path.join(directory, 'known_hosts'),
          hostKeys: 'accept-new',
          runId: 'run-1',
          route: (host) => hosts.route(host.address, host.port),
          rootPrefix: (host) => hosts.rootOf(host.address),
          ...more,
        });
        opened.unshift(driver);
        return driver;
      },
      reopen: open,
      file: (host, name) => path.join(layout.host(host).root, name),
    };
  });
  afterAll(async () => {
    for (const each of opened) await each.close();
    rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
  });
  return () => {
    if (bed === undefined) throw new Error('the sandbox is not open yet');
    return bed;
  };
}
