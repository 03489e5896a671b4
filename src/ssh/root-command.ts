import { randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { ClientChannel } from 'ssh2';
import type { HostLogin } from '../model/drivers.js';
import { PaiError } from '../model/errors.js';
import type { Connection, PlainLogin } from './connection.js';
import { describeHost, lostError, sshCommand, sudoError } from './host-errors.js';
import { shellQuote } from './shell.js';
import type { Bootstrap } from './supervisor.js';

/** How long sudo and the login shell may take to come up. Name look-ups by sudo alone can take 10 s. */
const READY_SECONDS = 30;

/** Kept of standard error, for messages. */
const STDERR_LIMIT = 16_384;

/** How a command on a host ended. `code` is undefined when the connection broke, or when we ended it. */
export interface RootExit {
  readonly code: number | undefined;
  readonly stderr: readonly string[];
}

/** What runs as root, and what goes in and out. */
export interface RootCommand {
  readonly bootstrap: Bootstrap;
  /** Goes to standard input once root was reached; then that is closed. A stream is read as fast as the host takes it. */
  readonly input: Uint8Array | Readable;
  /** Standard output in pieces. Returning true means that enough was seen: the channel is closed, not the command ended. */
  readonly onData: (chunk: Buffer) => boolean;
}

/**
 * Runs a command as root, over sudo unless the login user is root. The password goes to standard input, and only when
 * sudo asks for it.
 * @throws PaiError SUDO_DENIED, HOST_SCRIPT when no shell comes up, HOST_CONNECTION_LOST when it was lost before
 */
export async function runAsRoot(connection: Connection, command: RootCommand): Promise<RootExit> {
  const mark = `pai-${randomBytes(8).toString('hex')}`;
  const channel = await connection.exec(commandLine(connection.host, command.bootstrap, mark));
  return new RootSession(connection.host, channel, command, mark).ended;
}

/** The command line; it holds nothing secret. */
function commandLine(host: HostLogin, bootstrap: Bootstrap, mark: string): string {
  const shell = ['sh', '-c', `echo ${mark}; ${bootstrap.program}`, 'pai', ...bootstrap.arguments]
    .map(shellQuote)
    .join(' ');
  if (host.user === 'root') return shell;
  // In English, because we read what sudo says.
  const sudo = 'exec env LC_ALL=C.UTF-8 LANGUAGE=C sudo -H';
  return host.password === undefined ? `${sudo} -n -- ${shell}` : `${sudo} -S -p ${mark}-password -- ${shell}`;
}

class RootSession {
  readonly ended: Promise<RootExit>;
  readonly #host: PlainLogin;
  readonly #channel: ClientChannel;
  readonly #command: RootCommand;
  readonly #ready: Buffer;
  readonly #prompt: string;
  #head = Buffer.alloc(0);
  #isReady = false;
  #prompts = 0;
  #stderr = '';
  #code: number | undefined;
  #settle: { resolve: (exit: RootExit) => void; reject: (error: PaiError) => void };
  readonly #timer: NodeJS.Timeout;

  constructor(host: PlainLogin, channel: ClientChannel, command: RootCommand, mark: string) {
    this.#host = host;
    this.#channel = channel;
    this.#command = command;
    this.#ready = Buffer.from(`${mark}\n`);
    this.#prompt = `${mark}-password`;
    const { promise, ...settle } = withResolvers<RootExit>();
    this.ended = promise;
    this.#settle = settle;
    this.#timer = setTimeout(() => this.#fail(this.#silent()), READY_SECONDS * 1000);
    channel.on('data', (chunk: Buffer) => this.#onStdout(chunk));
    channel.stderr.on('data', (chunk: Buffer) => this.#onStderr(chunk.toString('utf8')));
    channel.on('exit', (code: number | null) => {
      // A command that a signal ended has no code; shells say 128 + signal, and for us any non-zero will do.
      this.#code = code ?? 128;
    });
    channel.on('error', () => {});
    channel.once('close', () => this.#onClose());
    if (host.user === 'root') this.#send();
  }

  #onStdout(chunk: Buffer): void {
    if (this.#isReady) {
      this.#give(chunk);
      return;
    }
    this.#head = Buffer.concat([this.#head, chunk]);
    const at = this.#head.indexOf(this.#ready);
    if (at < 0) return;
    this.#isReady = true;
    clearTimeout(this.#timer);
    if (this.#host.user !== 'root') this.#send();
    const rest = this.#head.subarray(at + this.#ready.length);
    if (rest.length > 0) this.#give(rest);
  }

  #send(): void {
    const { input } = this.#command;
    if (input instanceof Uint8Array) {
      this.#channel.end(input);
      return;
    }
    input.once('error', ({ message }) => this.#fail(new PaiError('LOCAL_FILE', message, { next: 'Run it again.' })));
    input.pipe(this.#channel);
  }

  #give(chunk: Buffer): void {
    if (!this.#command.onData(chunk)) return;
    this.#settle.resolve({ code: undefined, stderr: this.#words() });
    this.#channel.close();
  }

  #onStderr(text: string): void {
    if (this.#stderr.length < STDERR_LIMIT) this.#stderr += text;
    if (this.#isReady || this.#host.password === undefined) return;
    const prompts = this.#stderr.split(this.#prompt).length - 1;
    if (prompts > 1) {
      const next = "Correct the password in the host's entry: it is used for SSH and for sudo.";
      this.#fail(sudoError(this.#host, 'sudo does not accept the password', next));
    } else if (prompts === 1 && this.#prompts === 0) {
      this.#channel.write(`${this.#host.password}\n`);
    }
    this.#prompts = prompts;
  }

  #onClose(): void {
    clearTimeout(this.#timer);
    if (this.#isReady) {
      this.#settle.resolve({ code: this.#code, stderr: this.#words() });
    } else if (this.#code === undefined) {
      const next = 'Run the same command again.';
      this.#settle.reject(lostError(this.#host, 'before a command was started', next));
    } else {
      this.#settle.reject(this.#refused());
    }
  }

  #fail(error: PaiError): void {
    clearTimeout(this.#timer);
    this.#settle.reject(error);
    this.#channel.close();
  }

  /** What was said on standard error, without prompts, empty lines and repetitions. */
  #words(): readonly string[] {
    const lines = this.#stderr.replaceAll(this.#prompt, '').split('\n');
    return [...new Set(lines.map((line) => line.trim()).filter((line) => line !== ''))];
  }

  #silent(): PaiError {
    const next = `Log in and see what happens there: ${sshCommand(this.#host)} sudo true`;
    return sudoError(this.#host, `sudo gave no root shell within ${READY_SECONDS} s`, next, this.#words());
  }

  /** The command ended before it said that it is there. */
  #refused(): PaiError {
    const words = this.#words();
    const said = words.join('\n');
    const { user } = this.#host;
    if (user === 'root' || !/sudo/.test(said)) {
      return new PaiError('HOST_SCRIPT', `${describeHost(this.#host)}: no shell came up (exit code ${this.#code})`, {
        where: `host ${this.#host.name}`,
        next: `Give user ${user} a POSIX shell that starts without a terminal.`,
        details: words,
      });
    }
    if (/sudo['’"]?: (No such file|not found)|sudo: (command )?not found/i.test(said)) {
      return sudoError(
        this.#host,
        'sudo is not installed there',
        'Install sudo on the host, or log in as root.',
        words,
      );
    }
    if (/not in the sudoers file|not allowed to (run|execute)|may not run sudo/i.test(said)) {
      const next = `Allow it on the host: add user ${user} to its group sudo (or wheel).`;
      return sudoError(this.#host, `user ${user} may not use sudo`, next, words);
    }
    if (/must have a tty|no tty present/i.test(said)) {
      const next = `Allow sudo without a terminal on the host: 'Defaults:${user} !requiretty' in its sudoers.`;
      return sudoError(this.#host, 'sudo wants a terminal', next, words);
    }
    if (/password is required|no password was provided|incorrect password/i.test(said)) {
      const next =
        this.#host.password === undefined
          ? "Give the host's entry a password, or allow NOPASSWD for the user in its sudoers."
          : "Correct the password in the host's entry: it is used for SSH and for sudo.";
      const what =
        this.#host.password === undefined
          ? 'sudo asks for a password and none is configured'
          : 'sudo does not accept the password';
      return sudoError(this.#host, what, next, words);
    }
    return sudoError(this.#host, 'sudo gave no root shell', 'Read what sudo said, below.', words);
  }
}

function withResolvers<T>(): {
  promise: Promise<T>;
  resolve: (value: T) => void;
  reject: (error: PaiError) => void;
} {
  let resolve: (value: T) => void = () => {};
  let reject: (error: PaiError) => void = () => {};
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}
