import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HostLogin } from '../../../src/model/drivers.js';

const SSHD = '/usr/sbin/sshd';

/** Why tests against a real sshd can't run here; undefined when they can. */
export function whyNoTestHost(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root, to make users that log in';
  const missing = [SSHD, '/usr/bin/sudo', '/usr/sbin/useradd', '/usr/bin/flock'].filter((path) => !existsSync(path));
  return missing.length === 0 ? undefined : `not installed: ${missing.join(', ')}`;
}

/** A user on this machine, made for a test. */
export interface TestUser {
  readonly name: string;
  readonly password: string;
}

/** Users that log in to test hosts. They exist until `remove`. */
export interface TestUsers {
  /** May use sudo with a password. */
  readonly admin: TestUser;
  /** May use sudo without one. */
  readonly trusted: TestUser;
  /** May not use sudo. */
  readonly guest: TestUser;
  /** Where sudo logs what `admin` does. */
  readonly sudoLog: string;
  remove(): void;
}

export function makeUsers(): TestUsers {
  const tag = `pai${randomBytes(4).toString('hex')}`;
  const sudoLog = join(tmpdir(), `${tag}-sudo.log`);
  const make = (suffix: string): TestUser => {
    const user = { name: `${tag}-${suffix}`, password: randomBytes(12).toString('hex') };
    execFileSync('useradd', ['--create-home', '--shell', '/bin/sh', user.name], { stdio: 'pipe' });
    execFileSync('chpasswd', { input: `${user.name}:${user.password}\n` });
    return user;
  };
  const users = { admin: make('a'), trusted: make('t'), guest: make('g') };
  const sudoers = `/etc/sudoers.d/${tag}`;
  const rules = [
    `${users.admin.name} ALL=(ALL) ALL`,
    `Defaults:${users.admin.name} logfile=${sudoLog}`,
    `${users.trusted.name} ALL=(ALL) NOPASSWD: ALL`,
  ];
  writeFileSync(sudoers, `${rules.join('\n')}\n`, { mode: 0o440 });
  return {
    ...users,
    sudoLog,
    remove() {
      rmSync(sudoers, { force: true });
      rmSync(sudoLog, { force: true });
      for (const user of Object.values(users)) {
        execFileSync('userdel', ['--remove', '--force', user.name], { stdio: 'pipe' });
      }
    },
  };
}

/** An sshd of our own on 127.0.0.1, and a folder that stands for the host's file system. */
export class TestHost {
  readonly directory: string;
  readonly port: number;
  /** What the driver gets as `rootPrefix`. */
  readonly root: string;
  /** Private key that logs in as anybody. */
  readonly keyPath: string;
  readonly #log: string;
  #process: ChildProcess | undefined;

  private constructor(directory: string, port: number) {
    this.directory = directory;
    this.port = port;
    this.root = join(directory, 'root');
    this.keyPath = join(directory, 'user-key');
    this.#log = join(directory, 'sshd.log');
  }

  static async start(extraConfiguration: readonly string[] = []): Promise<TestHost> {
    const directory = mkdtempSync(join(tmpdir(), 'pai-test-host-'));
    const host = new TestHost(directory, await freePort());
    mkdirSync('/run/sshd', { recursive: true });
    mkdirSync(host.root);
    execFileSync('chmod', ['755', directory, host.root]);
    makeKey(join(directory, 'host-key'));
    makeKey(host.keyPath);
    const configuration = [
      `Port ${host.port}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${join(directory, 'host-key')}`,
      `AuthorizedKeysFile ${host.keyPath}.pub`,
      'PidFile none',
      'StrictModes no',
      'UsePAM yes',
      'PermitRootLogin yes',
      'LogLevel VERBOSE',
      ...extraConfiguration,
    ];
    writeFileSync(join(directory, 'sshd_config'), `${configuration.join('\n')}\n`);
    await host.boot();
    return host;
  }

  /** Starts sshd and waits until it listens. */
  async boot(): Promise<void> {
    const sshd = spawn(SSHD, ['-D', '-f', join(this.directory, 'sshd_config'), '-E', this.#log], { stdio: 'ignore' });
    this.#process = sshd;
    for (let tries = 0; tries < 100; tries++) {
      if (await listens(this.port)) return;
      if (sshd.exitCode !== null) break;
      await sleep(50);
    }
    throw new Error(`sshd does not listen: ${this.log()}`);
  }

  login(user: TestUser | 'root', more: Partial<HostLogin> = {}): HostLogin {
    const base = { name: 'h1', address: '127.0.0.1', port: this.port };
    if (user === 'root') return { ...base, user: 'root', keyPath: this.keyPath, ...more };
    return { ...base, user: user.name, password: user.password, ...more };
  }

  log(): string {
    return existsSync(this.#log) ? readFileSync(this.#log, 'utf8') : '';
  }

  /** Commands started so far, over all connections. */
  commands(): number {
    return this.log().split('Starting session: command').length - 1;
  }

  /** Log-ins so far. */
  logins(): number {
    return [...this.log().matchAll(/Accepted \S+ for /g)].length;
  }

  /** Below the folder that pai keeps on the host. */
  state(...path: readonly string[]): string {
    return join(this.root, 'var/lib/pai', ...path);
  }

  /** Ends the processes that serve connections, not what they started. */
  dropConnections(): void {
    this.#signalConnections('SIGKILL');
  }

  /** Stops them: they stay open, and nothing answers. */
  freezeConnections(): void {
    this.#signalConnections('SIGSTOP');
  }

  #signalConnections(signal: NodeJS.Signals): void {
    const pid = this.#process?.pid;
    for (const child of pid === undefined ? [] : descendants(pid)) {
      if (processName(child).startsWith('sshd')) tryKill(child, signal);
    }
  }

  newHostKey(): void {
    makeKey(join(this.directory, 'host-key'));
  }

  /** Ends sshd with all connections. */
  async shutdown(): Promise<void> {
    this.dropConnections();
    const sshd = this.#process;
    this.#process = undefined;
    if (sshd === undefined || sshd.exitCode !== null) return;
    const ended = new Promise((resolve) => sshd.once('exit', resolve));
    sshd.kill('SIGKILL');
    await ended;
  }

  async remove(): Promise<void> {
    await this.shutdown();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** A port of 127.0.0.1 on which nobody listens. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** Tries until it gives something. */
export async function until<T>(what: () => T | undefined | false, seconds = 10): Promise<T> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const found = what();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > end) throw new Error(`not within ${seconds} s: ${what}`);
    await sleep(20);
  }
}

export function tryKill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It is gone already.
  }
}

function makeKey(path: string): void {
  rmSync(path, { force: true });
  rmSync(`${path}.pub`, { force: true });
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path]);
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

function processName(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return '';
  }
}

function descendants(pid: number): number[] {
  let children: number[] = [];
  try {
    children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
  } catch {
    // It is gone already.
  }
  return children.flatMap((child) => [child, ...descendants(child)]);
}
