import type { Duplex } from 'node:stream';
import type { HostDriver, HostLogin, HostWork } from '../model/drivers.js';
import { PaiError, toPaiError } from '../model/errors.js';
import type { Observation } from '../model/stamp.js';
import type { ActionContext } from '../model/target.js';
import type { Connection } from './connection.js';
import { Connections } from './connections.js';
import { describeHost, lostError } from './host-errors.js';
import { HostRun } from './host-run.js';
import { KnownHosts } from './known-hosts.js';
import { fetchFile, sendFile } from './large-file.js';
import { Looks } from './looks.js';
import { unpackTar } from './payload.js';
import { runAsRoot } from './root-command.js';
import { directRoute } from './route.js';
import { askProgram, programBootstrap, readProgram } from './supervisor.js';

/** What the SSH driver is told. */
export interface HostDriverOptions {
  /** Absolute path of the cluster's own known_hosts file. */
  readonly knownHosts: string;
  /** `accept-new`: the first key of a host is trusted and kept. `strict`: only what is in the file. */
  readonly hostKeys: 'accept-new' | 'strict';
  /** Written into the lock of a host, for people. */
  readonly runId: string;
  /** Connections that are being opened at one time. Default 32. */
  readonly maxConnections?: number;
  /** Default 10. */
  readonly connectTimeoutSeconds?: number;
  /** Path of an ssh-agent's socket. */
  readonly agentSocket?: string;
  /** Put before every path on the hosts, and given to scripts as ROOT; the same for all or asked for each. Default '': the host itself. */
  readonly rootPrefix?: string | ((host: HostLogin) => string);
  /** What an SSH connection runs over that goes to its host directly. It may be on its way yet. Default: a TCP socket to its address and port. */
  readonly route?: (host: HostLogin) => Duplex;
}

/** Hosts over SSH. Nothing is loaded or opened before the first use; `close` it in the end. */
export function createHostDriver(options: HostDriverOptions): HostDriver {
  const { rootPrefix = '' } = options;
  const rootOf = typeof rootPrefix === 'string' ? () => rootPrefix : rootPrefix;
  const connections = new Connections(
    {
      knownHosts: new KnownHosts(options.knownHosts),
      hostKeys: options.hostKeys,
      connectTimeoutSeconds: options.connectTimeoutSeconds ?? 10,
      agentSocket: options.agentSocket,
      route: options.route ?? directRoute,
    },
    options.maxConnections ?? 32,
  );
  const looks = new Looks(connections, rootOf);
  return {
    async observe(host: HostLogin, target: string, probe: string): Promise<Observation> {
      try {
        return await looks.add(host, { target, probe });
      } catch (error) {
        return { kind: 'unknown', error: toPaiError(error) };
      }
    },
    async run(host: HostLogin, work: HostWork, context: ActionContext): Promise<void> {
      const connect = () => connections.get(host);
      await new HostRun(host, context, { rootPrefix: rootOf(host), runId: options.runId, connect }).run(work);
    },
    async read(host: HostLogin, paths: readonly string[]): Promise<ReadonlyMap<string, Uint8Array>> {
      for (const path of paths) {
        if (!path.startsWith('/')) throw new PaiError('INTERNAL', `not an absolute path: ${path}`);
      }
      if (paths.length === 0) return new Map();
      const archive = await connections.ask(host, (connection) =>
        answerOf(connection, readProgram(rootOf(host), paths), 'files could not be read'),
      );
      const files = archive.length === 0 ? new Map<string, Uint8Array>() : await unpackTar(archive);
      const found = new Map<string, Uint8Array>();
      for (const path of paths) {
        const content = files.get(`.${path}`);
        if (content !== undefined) found.set(path, content);
      }
      return found;
    },
    async ask(host: HostLogin, script: string): Promise<string> {
      const answer = await connections.ask(host, (connection) =>
        answerOf(connection, askProgram(rootOf(host), script), 'a question was not answered'),
      );
      return answer.toString('utf8');
    },
    async fetch(host: HostLogin, path: string, to: string): Promise<string> {
      return fetchFile(await connections.get(host), rootOf(host), path, to);
    },
    async send(host: HostLogin, from: string, path: string): Promise<void> {
      await sendFile(await connections.get(host), rootOf(host), from, path);
    },
    close: () => connections.close(),
  };
}

/**
 * What a program that changes nothing prints, as root.
 * @throws PaiError HOST_CONNECTION_LOST, and HOST_SCRIPT with what it said when it does not exit with 0
 */
async function answerOf(connection: Connection, program: string, failure: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const exit = await runAsRoot(connection, {
    bootstrap: programBootstrap,
    input: Buffer.from(program),
    onData: (chunk) => {
      chunks.push(chunk);
      return false;
    },
  });
  const { host } = connection;
  if (exit.code === undefined) throw lostError(host, 'while it was asked', 'Run the same command again.');
  if (exit.code === 0) return Buffer.concat(chunks);
  throw new PaiError('HOST_SCRIPT', `${describeHost(host)}: ${failure}`, {
    where: `host ${host.name}`,
    next: 'Read what the host said, below.',
    details: exit.stderr,
  });
}
