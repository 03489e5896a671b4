import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export const PORT = 2222;

/** What the contenders are told about a host. */
export interface BenchHost {
  readonly name: string;
  readonly address: string;
}

/** What the contenders are told. */
export interface BenchSetting {
  readonly directory: string;
  /** Every host sees a folder of its own here: its file system, as far as this is concerned. */
  readonly root: string;
  readonly user: string;
  readonly keyPath: string;
  readonly knownHosts: string;
  readonly hosts: readonly BenchHost[];
}

/** One sshd for each host, on 127.0.1.1 and so on, each in a mount namespace of its own. Needs root. */
export class BenchHosts {
  readonly setting: BenchSetting;
  readonly #servers: ChildProcess[] = [];

  private constructor(setting: BenchSetting) {
    this.setting = setting;
  }

  static async start(count: number): Promise<BenchHosts> {
    const directory = mkdtempSync(join(tmpdir(), 'pai-fan-out-'));
    chmodSync(directory, 0o755);
    const user = `paibench${process.pid}`;
    const setting: BenchSetting = {
      directory,
      root: join(directory, 'root'),
      user,
      keyPath: join(directory, 'key'),
      knownHosts: join(directory, 'known_hosts'),
      hosts: Array.from({ length: count }, (_, index) => ({ name: `b${index + 1}`, address: `127.0.1.${index + 1}` })),
    };
    mkdirSync(setting.root);
    mkdirSync('/run/sshd', { recursive: true });
    execFileSync('useradd', ['--create-home', '--shell', '/bin/sh', user]);
    // Without it the account is locked, and sshd refuses its key.
    execFileSync('usermod', ['--password', '*', user]);
    writeFileSync(`/etc/sudoers.d/${user}`, `${user} ALL=(ALL) NOPASSWD: ALL\n`, { mode: 0o440 });
    const hosts = new BenchHosts(setting);
    try {
      makeKey(setting.keyPath);
      for (const host of setting.hosts) hosts.#boot(host);
      await Promise.all(setting.hosts.map((host) => untilListens(host.address)));
    } catch (error) {
      await hosts.stop();
      throw error;
    }
    return hosts;
  }

  /** Every host as if it were new. */
  wipe(): void {
    for (const host of this.setting.hosts) {
      rmSync(this.#folder(host), { recursive: true, force: true });
      mkdirSync(this.#folder(host));
    }
  }

  async stop(): Promise<void> {
    await Promise.all(
      this.#servers.map((server) => {
        const ended = new Promise((resolve) => server.once('exit', resolve));
        server.kill();
        return ended;
      }),
    );
    rmSync(`/etc/sudoers.d/${this.setting.user}`, { force: true });
    execFileSync('userdel', ['--remove', '--force', this.setting.user], { stdio: 'ignore' });
    rmSync(this.setting.directory, { recursive: true, force: true });
  }

  #folder(host: BenchHost): string {
    return join(this.setting.directory, 'hosts', host.name, 'files');
  }

  #boot(host: BenchHost): void {
    const folder = join(this.setting.directory, 'hosts', host.name);
    mkdirSync(this.#folder(host), { recursive: true });
    makeKey(join(folder, 'host-key'));
    const configuration = [
      `Port ${PORT}`,
      `ListenAddress ${host.address}`,
      `HostKey ${join(folder, 'host-key')}`,
      `AuthorizedKeysFile ${this.setting.keyPath}.pub`,
      'PidFile none',
      'StrictModes no',
      'UsePAM yes',
      'Subsystem sftp internal-sftp',
    ];
    writeFileSync(join(folder, 'sshd_config'), `${configuration.join('\n')}\n`);
    // The parent of `files` is what is bound, so that `files` itself can be replaced.
    const script = `mount --bind ${folder} ${this.setting.root} && exec /usr/sbin/sshd -D -f ${folder}/sshd_config -E ${folder}/log`;
    this.#servers.push(spawn('unshare', ['--mount', 'sh', '-c', script], { stdio: 'inherit' }));
    const publicKey = readFileSync(join(folder, 'host-key.pub'), 'utf8').split(' ').slice(0, 2).join(' ');
    writeFileSync(this.setting.knownHosts, `[${host.address}]:${PORT} ${publicKey}\n`, { flag: 'a' });
  }
}

function makeKey(path: string): void {
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path]);
}

async function untilListens(address: string): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const listens = await new Promise<boolean>((resolve) => {
      const socket = connect(PORT, address);
      socket.once('connect', () => {
        socket.destroy();
        resolve(true);
      });
      socket.once('error', () => resolve(false));
    });
    if (listens) return;
    await sleep(50);
  }
  throw new Error(`sshd does not listen on ${address}`);
}
