import { setTimeout as sleep } from 'node:timers/promises';
import type { HostLogin } from '../model/drivers.js';
import { PaiError } from '../model/errors.js';
import { Connection, type ConnectionSettings } from './connection.js';
import { behindError } from './host-errors.js';

/** For so long every host behind a bastion that could not be reached is told so, and it is left alone. */
const BASTION_PAUSE_MS = 500;

/** Milliseconds until what broke while a host was asked is asked again. */
const AGAIN_MS = 200;

/** Tells logins apart. */
export function loginKey(host: HostLogin): string {
  return JSON.stringify([host.name, host.user, host.address, host.port]);
}

interface Entry {
  readonly host: HostLogin;
  readonly opened: Promise<Connection>;
}

/**
 * One connection a host, opened at its first use, opened anew when it broke. Hosts behind a bastion share the one to the
 * bastion.
 */
export class Connections {
  readonly #settings: ConnectionSettings;
  readonly #mostOpening: number;
  readonly #connections = new Map<string, Entry>();
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
    if (existing !== undefined) return existing.opened;
    const entry: Entry = { host, opened: this.#open(host) };
    const forget = (): void => {
      if (this.#connections.get(key) === entry) this.#connections.delete(key);
    };
    this.#connections.set(key, entry);
    entry.opened.then(
      (connection) => connection.closed.then(forget),
      (error: unknown) => {
        if (host.kind !== 'bastion') forget();
        // A wrong password, tried again for each host behind it, could lock us out: that is forgotten never.
        else if (mayPass(error)) setTimeout(forget, BASTION_PAUSE_MS).unref();
      },
    );
    return entry.opened;
  }

  /**
   * Asks a host something that changes nothing there: once more, over a new connection, when the first one breaks.
   * @throws PaiError what `ask` throws, and as Connection.open
   */
  async ask<Answer>(host: HostLogin, ask: (connection: Connection) => Promise<Answer>): Promise<Answer> {
    try {
      return await ask(await this.get(host));
    } catch (error) {
      if (!(error instanceof PaiError) || error.code !== 'HOST_CONNECTION_LOST') throw error;
      await sleep(AGAIN_MS);
      return ask(await this.get(host));
    }
  }

  /** Closes those behind bastions before the bastions. */
  async close(): Promise<void> {
    const all = [...this.#connections.values()];
    this.#connections.clear();
    await closeAll(all.filter(({ host }) => host.kind !== 'bastion'));
    await closeAll(all.filter(({ host }) => host.kind === 'bastion'));
  }

  async #open(host: HostLogin): Promise<Connection> {
    const bastion = host.via === undefined ? undefined : await this.#bastionOf(host, host.via);
    if (this.#opening >= this.#mostOpening) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#opening += 1;
    try {
      return await Connection.open(host, this.#settings, bastion);
    } finally {
      // The place goes straight to the next in line.
      const next = this.#waiting.shift();
      if (next === undefined) this.#opening -= 1;
      else next();
    }
  }

  async #bastionOf(host: HostLogin, via: HostLogin): Promise<Connection> {
    try {
      return await this.get(via);
    } catch (error) {
      throw error instanceof PaiError ? behindError(host, error) : error;
    }
  }
}

function mayPass(error: unknown): boolean {
  return error instanceof PaiError && error.code === 'HOST_UNREACHABLE';
}

async function closeAll(entries: readonly Entry[]): Promise<void> {
  await Promise.all(
    entries.map(({ opened }) =>
      opened.then(
        (connection) => connection.close(),
        () => {},
      ),
    ),
  );
}
