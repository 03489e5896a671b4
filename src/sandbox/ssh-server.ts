import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { AuthContext, Connection, ParsedKey, Server, ServerChannel } from 'ssh2';

/** What the SSH server of a host is told. */
export interface SshServerOptions {
  /** PEM. */
  readonly hostKey: string;
  readonly user: string;
  readonly password: string;
  /** Content of the user's authorized_keys, at the time of asking. */
  authorizedKeys(): string;
  /** Runs a command over a channel. `connection` is what to destroy to cut the connection. */
  exec(command: string, channel: ServerChannel, connection: Duplex): void;
}

/** The SSH server of one host. It listens nowhere: connections are handed to it. */
export class SshServer {
  readonly #options: SshServerOptions;
  readonly #server: Server;
  readonly #ssh2: typeof import('ssh2');
  /** By the port of their other end: all that ssh2 tells of a connection. */
  readonly #sockets = new Map<number | undefined, Socket>();

  private constructor(ssh2: typeof import('ssh2'), options: SshServerOptions) {
    this.#ssh2 = ssh2;
    this.#options = options;
    this.#server = new ssh2.Server({ hostKeys: [options.hostKey], ident: 'pai-sandbox' }, (connection, { port }) => {
      const socket = this.#sockets.get(port);
      if (socket === undefined) connection.end();
      else this.#serve(connection, socket);
    });
  }

  static async open(options: SshServerOptions): Promise<SshServer> {
    const ssh2 = await import('ssh2').then((loaded) => loaded.default);
    return new SshServer(ssh2, options);
  }

  accept(socket: Socket): void {
    const port = socket.remotePort;
    this.#sockets.set(port, socket);
    socket.once('close', () => this.#sockets.delete(port));
    this.#server.injectSocket(socket);
  }

  #serve(connection: Connection, socket: Socket): void {
    connection.on('error', () => socket.destroy());
    connection.on('authentication', (context) => {
      if (this.#mayLogIn(context)) context.accept();
      else context.reject(['publickey', 'password']);
    });
    connection.on('session', (accept) => {
      const session = accept();
      session.on('env', (acceptVariable) => acceptVariable?.());
      session.on('exec', (acceptCommand, _reject, { command }) => {
        this.#options.exec(command, acceptCommand(), socket);
      });
    });
  }

  #mayLogIn(context: AuthContext): boolean {
    const { user, password } = this.#options;
    if (context.username !== user) return false;
    if (context.method === 'password') return context.password === password;
    if (context.method !== 'publickey') return false;
    const key = this.#authorizedKey(context.key.data);
    if (key === undefined) return false;
    // Without a signature it only asks whether the key would do.
    if (context.signature === undefined || context.blob === undefined) return true;
    return key.verify(context.blob, context.signature, context.hashAlgo) === true;
  }

  #authorizedKey(data: Buffer): ParsedKey | undefined {
    for (const line of this.#options.authorizedKeys().split('\n')) {
      const key = this.#ssh2.utils.parseKey(line);
      if (!(key instanceof Error) && key.getPublicSSH().equals(data)) return key;
    }
    return undefined;
  }
}
