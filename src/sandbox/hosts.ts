import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import path from 'node:path';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { PaiError } from '../model/errors.js';
import { didYouMean } from '../model/suggest.js';
import { completeHost, createHost, createHostInProcess, homeOf } from './bare-host.js';
import { installCommands, type ShimUse } from './command-files.js';
import { ConnectionFaults } from './connection-faults.js';
import { spawnOnHost } from './host-shell.js';
import type { ExecInProcess, HostsInProcess } from './in-process/exec.js';
import { hasFault, type SandboxDescription, type SandboxHost, type SandboxLayout } from './layout.js';
import { Loopback, WaitingSocket } from './loopback.js';
import { serveCommand } from './serve-command.js';
import { SshServer } from './ssh-server.js';

/** Where the hosts of a sandbox have their SSH servers. */
export const SSH_PORT = 22;

/** How a command on a host ended. */
export interface HostCommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The simulated hosts. Nothing is loaded, made or started before the first use; `close` them in the end. */
export interface SandboxHosts {
  /**
   * A socket on its way to what listens on a host, which is its SSH server. Where nothing does it ends with the code that
   * a network gives: ETIMEDOUT for a host that is down, EHOSTUNREACH for an address that is none, ECONNREFUSED for a port.
   */
  route(address: string, port: number): Duplex;
  /** Absolute path of what stands for the `/` of the host with that address. @throws PaiError UNKNOWN_NAME */
  rootOf(address: string): string;
  /**
   * Runs a command by /bin/sh as root of a host, in the folder that stands for its `/`, which ROOT names too.
   * @throws PaiError UNKNOWN_NAME, HOST_UNREACHABLE when the host is down
   */
  exec(name: string, command: string): Promise<HostCommandResult>;
  /** Cuts all connections. What runs detached on hosts goes on. */
  close(): Promise<void>;
}

/** How hosts are opened. */
export interface SandboxHostsOptions {
  /** Default: where needed. */
  readonly shims?: ShimUse;
  /** The longest that a host script waits for anything, instead of minutes: what is simulated is there at once, or never. Default 60. */
  readonly waitSeconds?: number;
}

/** Opens the hosts of a sandbox. */
export function openSandboxHosts(
  layout: SandboxLayout,
  sandbox: SandboxDescription,
  { shims = 'where needed', waitSeconds = 60 }: SandboxHostsOptions = {},
): SandboxHosts {
  const loopback = new Loopback();
  const faults = new ConnectionFaults(layout);
  const servers = new Map<string, Promise<SshServer>>();
  const byAddress = new Map(sandbox.hosts.map((host) => [host.address, host]));
  let installed: Promise<void> | undefined;
  let inProcess: Promise<HostsInProcess> | undefined;

  async function makeReady(host: SandboxHost): Promise<void> {
    installed ??= installCommands(layout, shims).catch((error: unknown) => {
      installed = undefined;
      throw error;
    });
    await Promise.all([installed, createHost(layout, sandbox, host)]);
    if (sandbox.hostsInProcess === true) await completeHost(layout, host);
  }

  async function startServer(host: SandboxHost): Promise<SshServer> {
    if (sandbox.hostsInProcess === true) await createHostInProcess(layout, host);
    else await makeReady(host);
    const own = layout.host(host.name);
    const { user, password } = sandbox.login;
    const exec = sandbox.hostsInProcess === true ? (await openInProcess()).open(host) : execByShell(host);
    return SshServer.open({
      hostKey: await readFile(own.hostKey, 'utf8'),
      user,
      password,
      authorizedKeys: () => readIfThere(path.join(homeOf(own.root, user), '.ssh/authorized_keys')),
      exec(command, channel, connection) {
        if (hasFault(own, 'down')) connection.destroy();
        else exec(command, channel, connection);
      },
    });
  }

  function openInProcess(): Promise<HostsInProcess> {
    inProcess ??= import('./in-process/exec.js').then(
      (loaded) => new loaded.HostsInProcess({ layout, sandbox, faults, waitSeconds }),
    );
    return inProcess;
  }

  const execByShell = (host: SandboxHost): ExecInProcess => {
    const environment = { WAIT_LIMIT: String(waitSeconds) };
    return (command, channel, connection) =>
      serveCommand(channel, {
        delay: faults.delay(host),
        start: () => spawnOnHost(layout, sandbox, { host, user: sandbox.login.user, command, environment }),
        onStart: (ended) => void faults.cutDuring(host, connection, ended),
      });
  };

  function server(host: SandboxHost): Promise<SshServer> {
    const present = servers.get(host.name);
    if (present !== undefined) return present;
    const started = startServer(host);
    servers.set(host.name, started);
    // What was in the way may be gone at the next try.
    started.catch(() => servers.delete(host.name));
    return started;
  }

  return {
    route(address, port) {
      const host = byAddress.get(address);
      if (host === undefined) return refused('EHOSTUNREACH', address, port);
      if (hasFault(layout.host(host.name), 'down')) return refused('ETIMEDOUT', address, port);
      if (port !== SSH_PORT) return refused('ECONNREFUSED', address, port);
      return loopback.connect(async () => {
        const started = await server(host);
        return (socket) => started.accept(socket);
      });
    },
    rootOf(address) {
      const host = byAddress.get(address);
      if (host === undefined) throw new PaiError('UNKNOWN_NAME', `no host of the sandbox has the address ${address}`);
      return layout.host(host.name).root;
    },
    async exec(name, command) {
      const host = findHost(sandbox, name);
      const own = layout.host(name);
      if (hasFault(own, 'down')) {
        throw new PaiError('HOST_UNREACHABLE', `host ${name} is down`, { where: `host ${name}` });
      }
      await makeReady(host);
      const environment = { ROOT: own.root };
      const child = spawnOnHost(layout, sandbox, { host, user: 'root', command, environment, directory: own.root });
      child.ref();
      child.stdin.end();
      const code = new Promise<number>((resolve, reject) => {
        child.once('error', reject);
        child.once('exit', (exitCode, signal) => resolve(exitCode ?? (signal === null ? 1 : 128)));
      });
      const [stdout, stderr, ended] = await Promise.all([text(child.stdout), text(child.stderr), code]);
      return { code: ended, stdout, stderr };
    },
    async close() {
      await loopback.close();
      servers.clear();
    },
  };
}

/** The machine of that name. @throws PaiError UNKNOWN_NAME */
export function findHost(sandbox: SandboxDescription, name: string): SandboxHost {
  const found = sandbox.hosts.find((host) => host.name === name);
  if (found !== undefined) return found;
  const names = sandbox.hosts.map((host) => host.name);
  const meant = didYouMean(name, names);
  throw new PaiError('UNKNOWN_NAME', `the sandbox has no host '${name}'${meant === undefined ? '' : `; ${meant}`}`, {
    next: `Its hosts are: ${names.slice(0, 10).join(', ')}${names.length > 10 ? ', ...' : ''}`,
  });
}

function refused(code: string, address: string, port: number): Socket {
  const socket = new WaitingSocket();
  const error = Object.assign(new Error(`connect ${code} ${address}:${port}`), { code });
  // Whoever asked must be able to listen first.
  setImmediate(() => socket.destroy(error));
  return socket;
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
