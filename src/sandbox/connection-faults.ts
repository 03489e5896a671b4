import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasFault, type SandboxHost, type SandboxLayout } from './layout.js';

/** Seconds by which a slow host answers later, unless the fault says how many. */
const SLOW_SECONDS = 2;

/** How often it is looked whether a job has begun that is to be cut off. */
const CUT_POLL_MS = 20;

/** Faults between pai and its hosts: `slow` and `cut`. */
export class ConnectionFaults {
  readonly #layout: SandboxLayout;
  readonly #cutAlready = new Set<string>();

  constructor(layout: SandboxLayout) {
    this.#layout = layout;
  }

  /** Milliseconds until a host begins what it was asked for. The content of `slow` says seconds. */
  delay(host: SandboxHost): number {
    const own = this.#layout.host(host.name);
    if (!hasFault(own, 'slow')) return 0;
    return (numberIn(path.join(own.faults, 'slow')) ?? SLOW_SECONDS) * 1000;
  }

  /**
   * Cuts the connection as soon as a job of pai runs on the host, if that has the fault `cut`: once for each opening of the
   * sandbox, or as many times as the fault's content says, which counts down and then lifts it. The job goes on. Never rejects.
   */
  async cutDuring(host: SandboxHost, connection: Duplex, ended: Promise<void>): Promise<void> {
    const own = this.#layout.host(host.name);
    if (!hasFault(own, 'cut')) return;
    let over = false;
    ended.then(() => {
      over = true;
    });
    while (!jobRuns(own.root)) {
      await sleep(CUT_POLL_MS, undefined, { ref: false });
      if (over || connection.destroyed) return;
    }
    if (!connection.destroyed && this.#takeCut(host)) connection.destroy();
  }

  /** Cuts the connection right now, if the host has the fault `cut` and it is not used up. */
  cut(host: SandboxHost, connection: Duplex): void {
    if (hasFault(this.#layout.host(host.name), 'cut') && this.#takeCut(host)) connection.destroy();
  }

  #takeCut(host: SandboxHost): boolean {
    const file = path.join(this.#layout.host(host.name).faults, 'cut');
    const left = numberIn(file);
    if (left === undefined) {
      if (this.#cutAlready.has(host.name)) return false;
      this.#cutAlready.add(host.name);
      return true;
    }
    try {
      if (left > 1) writeFileSync(file, `${left - 1}\n`);
      else rmSync(file, { force: true });
    } catch {
      // The fault, or the whole sandbox, was taken away meanwhile.
      return false;
    }
    return left > 0;
  }
}

/** Whether pai's supervisor has started something that has not ended. */
function jobRuns(root: string): boolean {
  return (statSync(path.join(root, 'var/lib/pai/lock.info'), { throwIfNoEntry: false })?.size ?? 0) > 0;
}

/** The number that a file begins with. */
function numberIn(file: string): number | undefined {
  try {
    const content = readFileSync(file, 'utf8').trim();
    return /^\d+(\.\d+)?$/.test(content) ? Number(content) : undefined;
  } catch {
    return undefined;
  }
}
