import { setImmediate as turn } from 'node:timers/promises';
import type { HostLogin } from '../model/drivers.js';
import type { Observation } from '../model/stamp.js';
import { type Connections, loginKey } from './connections.js';
import { observeTargets } from './observe.js';
import type { Look } from './supervisor.js';

interface Waiting {
  readonly look: Look;
  readonly resolve: (observation: Observation) => void;
  readonly reject: (error: unknown) => void;
}

/** Gathers looks at one host: those asked for in the same turn, or while it is being connected to, share one command. */
export class Looks {
  readonly #connections: Connections;
  readonly #rootOf: (host: HostLogin) => string;
  readonly #waiting = new Map<string, Waiting[]>();

  constructor(connections: Connections, rootOf: (host: HostLogin) => string) {
    this.#connections = connections;
    this.#rootOf = rootOf;
  }

  /** @throws PaiError when the host can't be looked at */
  add(host: HostLogin, look: Look): Promise<Observation> {
    return new Promise((resolve, reject) => {
      const key = loginKey(host);
      const waiting = this.#waiting.get(key);
      if (waiting === undefined) {
        this.#waiting.set(key, [{ look, resolve, reject }]);
        void this.#answer(host, key);
      } else {
        waiting.push({ look, resolve, reject });
      }
    });
  }

  async #answer(host: HostLogin, key: string): Promise<void> {
    const take = (): readonly Waiting[] => {
      const waiting = this.#waiting.get(key) ?? [];
      this.#waiting.delete(key);
      return waiting;
    };
    let asked: readonly Waiting[] = [];
    try {
      await Promise.all([this.#connections.get(host), turn()]);
      asked = take();
      const looks = asked.map((entry) => entry.look);
      const observations = await this.#connections.ask(host, (connection) =>
        observeTargets(connection, this.#rootOf(host), looks),
      );
      for (const [index, entry] of asked.entries()) {
        const observation = observations[index];
        if (observation === undefined) entry.reject(new Error(`no answer for ${entry.look.target}`));
        else entry.resolve(observation);
      }
    } catch (error) {
      for (const entry of asked.length > 0 ? asked : take()) entry.reject(error);
    }
  }
}
