import type { Duplex } from 'node:stream';
import type { ServerChannel } from 'ssh2';
import type { ConnectionFaults } from '../connection-faults.js';
import { hasFault, type SandboxDescription, type SandboxHost, type SandboxLayout } from '../layout.js';
import { HostProcess } from './host-process.js';
import { serveInProcess } from './serve.js';
import { Scripts } from './steps.js';

/** What hosts in process are told. */
export interface HostsInProcessOptions {
  readonly layout: SandboxLayout;
  readonly sandbox: SandboxDescription;
  readonly faults: ConnectionFaults;
  readonly waitSeconds: number;
}

/** Answers commands on a host. `connection` is what to destroy to cut the connection. */
export type ExecInProcess = (command: string, channel: ServerChannel, connection: Duplex) => void;

/**
 * Hosts without a shell: pai's own command lines, programs and scripts are understood by this process, and done to the same
 * files. The SSH protocol stays.
 */
export class HostsInProcess {
  readonly #options: HostsInProcessOptions;
  readonly #scripts = new Scripts();

  constructor(options: HostsInProcessOptions) {
    this.#options = options;
  }

  open(host: SandboxHost): ExecInProcess {
    const { layout, sandbox, faults, waitSeconds } = this.#options;
    const process = new HostProcess({ layout, sandbox, waitSeconds, scripts: this.#scripts }, host);
    return (command, channel, connection) =>
      serveInProcess(channel, command, {
        process,
        login: sandbox.login,
        delay: faults.delay(host),
        isDenied: () => hasFault(layout.host(host.name), 'sudo-denied'),
        onStart: () => faults.cut(host, connection),
      });
  }
}
