import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, link, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { SandboxDescription, SandboxHost, SandboxLayout } from './layout.js';

/** Folders below a host's root, as a minimal Debian has them. */
const FOLDERS = ['etc', 'proc/net', 'run/systemd/system', 'tmp', 'root', 'usr', 'var/lib/dpkg', 'var/log', 'var/tmp'];

const OS_RELEASE = `PRETTY_NAME="Debian GNU/Linux 12 (bookworm), simulated"
NAME="Debian GNU/Linux"
VERSION_ID="12"
ID=debian
`;

const MEMORY = `MemTotal:        4194304 kB
MemFree:         3145728 kB
MemAvailable:    3670016 kB
SwapTotal:             0 kB
SwapFree:              0 kB
`;

const SOCKETS = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';

const HOSTS_AT_ONCE = 32;

/** Makes the folders of all hosts; of those that are there nothing is changed. */
export async function prepareHosts(layout: SandboxLayout, sandbox: SandboxDescription): Promise<void> {
  // Some at a time: each has a dozen files open.
  for (let start = 0; start < sandbox.hosts.length; start += HOSTS_AT_ONCE) {
    const some = sandbox.hosts.slice(start, start + HOSTS_AT_ONCE);
    await Promise.all(some.map((host) => createHost(layout, sandbox, host)));
  }
}

/** Makes the folder of a bare host: its root, an SSH host key, and what sudo asks for. Nothing that is there is changed. */
export async function createHost(layout: SandboxLayout, sandbox: SandboxDescription, host: SandboxHost): Promise<void> {
  const own = layout.host(host.name);
  await Promise.all([own.bin, own.docker, own.faults].map((folder) => mkdir(folder, { recursive: true })));
  if (!existsSync(machineId(own.root))) await makeRoot(own.root, sandbox, host);
  await keep(path.join(own.directory, 'password'), `${sandbox.login.password}\n`);
  await keep(path.join(own.directory, 'address'), `${host.address}\n`);
  if (!existsSync(own.hostKey)) await makeHostKey(own.hostKey);
}

/**
 * Makes what a host in process needs: its SSH host key. The rest of a bare machine is known, and made by `createHost` when a
 * person wants a shell on it.
 */
export async function createHostInProcess(layout: SandboxLayout, host: SandboxHost): Promise<void> {
  const own = layout.host(host.name);
  if (existsSync(own.hostKey)) return;
  await mkdir(own.directory, { recursive: true });
  await makeHostKey(own.hostKey);
}

/** Gives a host in process, once `createHost` made it, the commands that its scripts would have installed. */
export async function completeHost(layout: SandboxLayout, host: SandboxHost): Promise<void> {
  const own = layout.host(host.name);
  const docker = path.join(own.bin, 'docker');
  if (!existsSync(path.join(own.docker, 'running')) || existsSync(docker)) return;
  await symlink(path.join(layout.commands, 'packages/docker.io/docker'), docker);
}

/** Makes a host bare again, as a new installation of its system does. Its name, address and SSH host key stay. */
export async function wipeHost(layout: SandboxLayout, sandbox: SandboxDescription, host: SandboxHost): Promise<void> {
  const own = layout.host(host.name);
  const folders = [own.root, own.docker, own.bin];
  await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true, maxRetries: 5 })));
  if (sandbox.hostsInProcess === true) await createHostInProcess(layout, host);
  else await createHost(layout, sandbox, host);
}

/** Home of the user that logs in. */
export function homeOf(root: string, user: string): string {
  return user === 'root' ? path.join(root, 'root') : path.join(root, 'home', user);
}

async function makeRoot(root: string, { login }: SandboxDescription, { name, address }: SandboxHost): Promise<void> {
  const home = homeOf(root, login.user);
  const folders = [...FOLDERS.map((folder) => path.join(root, folder)), path.join(home, '.ssh')];
  await Promise.all(folders.map((folder) => mkdir(folder, { recursive: true })));
  const files: Readonly<Record<string, string>> = {
    'etc/os-release': OS_RELEASE,
    'etc/hostname': `${name}\n`,
    'etc/hosts': hostsFile({ name, address }),
    'proc/meminfo': MEMORY,
    'proc/net/tcp': SOCKETS,
    'proc/net/tcp6': SOCKETS,
    'proc/mounts': '',
  };
  await Promise.all([
    ...Object.entries(files).map(([file, content]) => writeIfMissing(path.join(root, file), content)),
    symlink('../run', path.join(root, 'var/run')).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    }),
  ]);
  // Last: it tells that the rest is there.
  await writeFile(machineId(root), `${randomBytes(16).toString('hex')}\n`);
}

/** What scripts changed before a person wanted a shell on a host in process stays. */
async function writeIfMissing(file: string, content: string): Promise<void> {
  await writeFile(file, content, { flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
}

/** `/etc/hosts` of a bare host. */
export function hostsFile({ name, address }: Pick<SandboxHost, 'name' | 'address'>): string {
  return `127.0.0.1\tlocalhost\n${address}\t${name}\n`;
}

function machineId(root: string): string {
  return path.join(root, 'etc/machine-id');
}

/** A new Ed25519 key, PEM. */
export async function newKey(): Promise<string> {
  const { utils } = await import('ssh2').then((ssh2) => ssh2.default);
  for (;;) {
    const key = utils.generateKeyPairSync('ed25519').private;
    // ssh2 1.17 writes one in 256 wrongly: it drops a zero that a public key begins with.
    if (!(utils.parseKey(key) instanceof Error)) return key;
  }
}

/** Of two that make it at the same time, one is first and both take that. */
async function makeHostKey(place: string): Promise<void> {
  const fresh = `${place}.new-${randomBytes(6).toString('hex')}`;
  await writeSecret(fresh, await newKey());
  await link(fresh, place).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  await rm(fresh);
}

async function writeSecret(file: string, content: string): Promise<void> {
  await writeFile(file, content, { mode: 0o600 });
  await chmod(file, 0o600);
}

/** Commands on the host read them. */
async function keep(file: string, content: string): Promise<void> {
  const present = await readFile(file, 'utf8').catch(() => undefined);
  if (present !== content) await writeSecret(file, content);
}
