import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import path from 'node:path';
import { homeOf } from './bare-host.js';
import type { SandboxDescription, SandboxHost, SandboxLayout } from './layout.js';

/** A command on a host. */
export interface HostCommand {
  readonly host: SandboxHost;
  readonly user: string;
  readonly command: string;
  /** Variables besides those of every session. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Default: the user's home. */
  readonly directory?: string;
}

/**
 * Starts `/bin/sh -c COMMAND` as a process group of its own, which goes on when this process ends. Nothing of our own
 * environment reaches it, and its PATH holds no folder of this machine: what is not in `commands/` is not found there.
 */
export function spawnOnHost(
  layout: SandboxLayout,
  sandbox: SandboxDescription,
  { host, user, command, environment = {}, directory }: HostCommand,
): ChildProcessWithoutNullStreams {
  const own = layout.host(host.name);
  const masters = sandbox.hosts.filter(({ role }) => role === 'master');
  const home = homeOf(own.root, user);
  const commands = ['simulated', 'tools'].map((folder) => path.join(layout.commands, folder));
  const child = spawn('/bin/sh', ['-c', command], {
    cwd: directory ?? home,
    detached: true,
    env: {
      PATH: [own.bin, ...commands].join(':'),
      HOME: home,
      USER: user,
      LOGNAME: user,
      SHELL: '/bin/sh',
      LANG: 'C.UTF-8',
      TMPDIR: path.join(own.root, 'tmp'),
      SANDBOX_DIRECTORY: layout.directory,
      SANDBOX_COMMANDS: layout.commands,
      SANDBOX_HOST: host.name,
      SANDBOX_ADDRESS: host.address,
      SANDBOX_MASTERS: masters.map(({ name, address }) => `${name}=${address}`).join(' '),
      SANDBOX_MACHINE: process.arch === 'arm64' ? 'aarch64' : 'x86_64',
      ...environment,
    },
  });
  child.unref();
  return child;
}
