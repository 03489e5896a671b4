import { readFile } from 'node:fs/promises';
import type { AnyAuthMethod, Client, ClientChannel, ConnectConfig, ServerHostKeyAlgorithm } from 'ssh2';
import type { HostLogin } from '../model/drivers.js';
import { PaiError } from '../model/errors.js';
import { reveal } from '../model/secret.js';
import { authError, connectError, describeHost, lostError, sshCommand } from './host-errors.js';
import type { KnownHosts } from './known-hosts.js';
import { afterListening } from './listening-time.js';
import { type Forwarder, forwardedRoute, type Route } from './route.js';

/** What connections have in common. */
export interface ConnectionSettings {
  readonly knownHosts: KnownHosts;
  /** `accept-new`: the first key of a host is trusted and kept. `strict`: only what is in the file. */
  readonly hostKeys: 'accept-new' | 'strict';
  readonly connectTimeoutSeconds: number;
  readonly agentSocket: string | undefined;
  /** To a host that is behind no bastion. */
  readonly route: (host: HostLogin) => Route;
}

/** A login with its password in the clear. */
export type PlainLogin = Omit<HostLogin, 'password'> & { readonly password?: string };

/** How long a host may take to answer that the connection ends. */
const CLOSE_SECONDS = 1;

/** A host that stops answering is noticed after this many seconds, four times. */
const KEEPALIVE_SECONDS = 15;

/** ssh2's own list, in its order; the types that are known for a host go first. */
const HOST_KEY_TYPES: readonly ServerHostKeyAlgorithm[] = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
];

/** An SSH connection to one host, logged in. */
export class Connection implements Forwarder {
  readonly host: PlainLogin;
  /** Settles when the connection is gone, for whatever reason. */
  readonly closed: Promise<void>;
  readonly #client: Client;
  readonly #route: Route;
  #open = true;

  private constructor(host: PlainLogin, client: Client, route: Route) {
    this.host = host;
    this.#client = client;
    this.#route = route;
    this.closed = new Promise((resolve) => {
      client.once('close', () => {
        this.#open = false;
        resolve();
      });
    });
  }

  get isOpen(): boolean {
    return this.#open;
  }

  /**
   * Connects and logs in; over the connection to its bastion where it is behind one.
   * @throws PaiError HOST_UNREACHABLE, HOST_KEY_CHANGED, SSH_AUTH, LOCAL_FILE, SECRET
   */
  static async open(login: HostLogin, settings: ConnectionSettings, bastion?: Forwarder): Promise<Connection> {
    const [ssh2, host, privateKey, knownTypes] = await Promise.all([
      import('ssh2'),
      plainLogin(login),
      readKey(login),
      settings.knownHosts.types(login),
    ]);
    // Before anything is opened: it may have nothing to log in with.
    const authHandler = authMethods(host, privateKey, settings.agentSocket);
    const route =
      bastion === undefined
        ? settings.route(host)
        : await forwardedRoute(host, bastion, settings.connectTimeoutSeconds);
    const client = new ssh2.Client();
    const connection = new Connection(host, client, route);
    let refused: unknown;
    let newKey: Buffer | undefined;
    const config: ConnectConfig = {
      sock: route,
      username: host.user,
      // Ours, below: ssh2's own takes a host for silent while this process is busy with a thousand others.
      readyTimeout: 0,
      keepaliveInterval: KEEPALIVE_SECONDS * 1000,
      authHandler,
      hostVerifier: (key: Buffer, verify: (valid: boolean) => void) => {
        checkKey(host, key, settings).then(
          (verdict) => {
            if (verdict === 'new') newKey = key;
            verify(true);
          },
          (error: unknown) => {
            refused = error;
            verify(false);
          },
        );
      },
      // Everything else is ssh2's default order, which begins with the cheapest: curve25519, Ed25519, AES-GCM.
      ...(knownTypes.length === 0 ? {} : { algorithms: { serverHostKey: hostKeyOrder(knownTypes) } }),
    };
    let stopWaiting = (): void => {};
    try {
      await new Promise<void>((resolve, reject) => {
        stopWaiting = afterListening(settings.connectTimeoutSeconds * 1000, () => {
          reject(Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' }));
        });
        // Errors after the first (and those of an open connection) are followed by 'close'.
        client.on('error', reject);
        client.once('ready', resolve);
        client.once('close', () => reject(new Error('the connection was closed during the handshake')));
        client.connect(config);
      });
      // Kept only now: the host has proved that the key is its own.
      if (newKey !== undefined) await settings.knownHosts.add(host, newKey);
    } catch (error) {
      route.destroy();
      throw connectError(host, refused ?? error, settings.connectTimeoutSeconds);
    } finally {
      stopWaiting();
    }
    return connection;
  }

  /** Starts a command. @throws PaiError HOST_CONNECTION_LOST */
  exec(command: string): Promise<ClientChannel> {
    return new Promise((resolve, reject) => {
      const lost = (cause: unknown): void =>
        reject(lostError(this.host, 'before a command could be started', 'Run the same command again.', cause));
      try {
        this.#client.exec(command, (error, channel) => {
          if (error === undefined) resolve(channel);
          else lost(error);
        });
      } catch (error) {
        lost(error);
      }
    });
  }

  forward(address: string, port: number): Promise<ClientChannel> {
    return new Promise((resolve, reject) => {
      this.#client.forwardOut('127.0.0.1', 0, address, port, (error, channel) => {
        if (error === undefined) resolve(channel);
        else reject(error);
      });
    });
  }

  /** Ends the connection. */
  async close(): Promise<void> {
    if (!this.#open) return;
    this.#client.end();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, CLOSE_SECONDS * 1000);
    });
    await Promise.race([this.closed, late]);
    clearTimeout(timer);
    // Not the client's own destroy: after its end that does nothing.
    this.#route.destroy();
  }
}

async function checkKey(host: HostLogin, key: Buffer, settings: ConnectionSettings): Promise<'known' | 'new'> {
  const verdict = await settings.knownHosts.check(host, key);
  if (verdict === 'known' || settings.hostKeys === 'accept-new') return verdict;
  const { path } = settings.knownHosts;
  const { via } = host;
  const from = via === undefined ? '' : `${sshCommand(via)} `;
  throw new PaiError('HOST_KEY_CHANGED', `the key of ${describeHost(host)} is not known, and host keys are strict`, {
    where: path,
    next: `Compare its fingerprint with the host's own, then add it: ${from}ssh-keyscan -p ${host.port} ${host.address} >> ${path}`,
  });
}

function hostKeyOrder(knownTypes: readonly string[]): ServerHostKeyAlgorithm[] {
  const isKnown = (type: string): boolean => knownTypes.includes(type.startsWith('rsa-sha2') ? 'ssh-rsa' : type);
  return [...HOST_KEY_TYPES.filter(isKnown), ...HOST_KEY_TYPES.filter((type) => !isKnown(type))];
}

async function readKey(host: HostLogin): Promise<Buffer | undefined> {
  if (host.keyPath === undefined) return undefined;
  const { utils } = await import('ssh2').then((ssh2) => ssh2.default);
  const refuse = (what: string, next: string, cause?: unknown): PaiError =>
    new PaiError('SSH_AUTH', `the private key for ${describeHost(host)} ${what}`, {
      where: host.keyPath ?? '',
      next,
      cause,
    });
  const key = await readFile(host.keyPath).catch((error: NodeJS.ErrnoException) => {
    throw refuse(`can't be read (${error.code})`, "Correct the key's path or its permissions.", error);
  });
  const parsed = utils.parseKey(key);
  if (!(parsed instanceof Error)) return key;
  if (/passphrase/i.test(parsed.message)) {
    throw refuse('has a passphrase', `Load it into ssh-agent (ssh-add ${host.keyPath}) and leave the key out.`);
  }
  throw refuse('is no private key that can be used', 'Make one with: ssh-keygen -t ed25519', parsed);
}

async function plainLogin({ password, ...login }: HostLogin): Promise<PlainLogin> {
  return password === undefined ? login : { ...login, password: await reveal(password) };
}

/** Ways to log in, one after the other: key file, password, agent. Asked by ssh2 with what the server still accepts. */
function authMethods(host: PlainLogin, key: Buffer | undefined, agentSocket: string | undefined) {
  const username = host.user;
  const { password } = host;
  const ways: ((accepted: readonly string[] | null) => AnyAuthMethod | undefined)[] = [];
  if (key !== undefined) ways.push(() => ({ type: 'publickey', username, key }));
  if (password !== undefined) {
    let tried = false;
    ways.push((accepted) => {
      if (accepted !== null && !accepted.includes('password')) return undefined;
      tried = true;
      return { type: 'password', username, password };
    });
    ways.push((accepted) => {
      // Where passwords are accepted the same one, asked for interactively, would only burn a second attempt.
      if (accepted?.includes('keyboard-interactive') !== true || (tried && accepted.includes('password')))
        return undefined;
      return {
        type: 'keyboard-interactive',
        username,
        prompt: (_name, _instructions, _language, prompts, finish) => finish(prompts.map(() => password)),
      };
    });
  }
  if (agentSocket !== undefined) ways.push(() => ({ type: 'agent', username, agent: agentSocket }));
  if (ways.length === 0) throw authError(host);
  let next = 0;
  return (accepted: readonly string[] | null): AnyAuthMethod | false => {
    while (next < ways.length) {
      const way = ways[next++]?.(accepted);
      if (way !== undefined) return way;
    }
    return false;
  };
}
