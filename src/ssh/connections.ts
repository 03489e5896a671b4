import type { HostLogin } from '../model/drivers.js';
import { Connection, type ConnectionSettings } from './connection.js';

/** Tells logins apart. */
export function loginKey(host: HostLogin): string {
  return JSON.stringify([host.name, host.user, host.address, host.port]);
}

/** One connection a host, opened at its first use, opened anew when it broke. */
export class Connections {
  readonly #settings: ConnectionSettings;
  readonly #mostOpening: number;
  readonly #connections = new Map<string, Promise<Connection>>();
  readonly #waiting: (() => void)[] = [];
  #opening = 0;

  constructor(settings: ConnectionSettings, mostOpening: number) {
    this.#settings = settings;
    this.#mostOpening = mostOpening;
  }

  /** @throws PaiError as Connection.open */
  get(host: HostLogin): Promise<Connection> {
    const key = loginKey(host);
    const existing = this.#connections.get(key);
    if (existing !== undefined) return existing;
    const opened = this.#open(host);
    const forget = (): void => {
      if (this.#connections.get(key) === opened) this.#connections.delete(key);
    };
    this.#connections.set(key, opened);
    opened.then((connection) => connection.closed.then(forget), forget);
    return opened;
  }

  async close(): Promise<void> {
    const all = [...this.#connections.values()];
    this.#connections.clear();
    await Promise.all(
      all.map((opened) =>
        opened.then(
          (connection) => connection.close(),
          () => {},
        ),
      ),
    );
  }

  async #open(host: HostLogin): Promise<Connection> {
    if (this.#opening >= this.#mostOpening) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#opening += 1;
    try {
      return await Connection.open(host, this.#settings);
    } finally {
      // The place goes straight to the next in line.
      const next = this.#waiting.shift();
      if (next === undefined) this.#opening -= 1;
      else next();
    }
  }
}
