import { accessSync, constants, statSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SandboxLayout } from './layout.js';

/**
 * Whether stand-ins of our own are used for what the host programs need of Linux's tools: `where needed`, on systems that
 * lack them or have other ones by that name, or `always`.
 */
export type ShimUse = 'where needed' | 'always';

/** Beside the sources in src/, and where the build puts them: paths relative to this file hold in both. */
const SOURCES = fileURLToPath(new URL('../sandbox/commands', import.meta.url));

/** Path of a file of ours that hosts are given, from `commands/` on. */
export function commandSource(name: string): string {
  return path.join(SOURCES, name);
}

/** Commands of this machine that hosts have. None of them reaches beyond the files that it is given. */
const TOOLS = [
  ...['[', 'awk', 'base64', 'basename', 'cat', 'chmod', 'cksum', 'clear', 'cmp', 'comm', 'cp', 'cut', 'date', 'diff'],
  ...[
    'dirname',
    'du',
    'echo',
    'ed',
    'env',
    'expr',
    'false',
    'file',
    'find',
    'flock',
    'fold',
    'getconf',
    'grep',
    'gzip',
  ],
  ...[
    'gunzip',
    'head',
    'hexdump',
    'join',
    'kill',
    'less',
    'ln',
    'ls',
    'mkdir',
    'mkfifo',
    'mktemp',
    'more',
    'mv',
    'nano',
  ],
  ...[
    'nice',
    'nl',
    'nohup',
    'od',
    'openssl',
    'paste',
    'perl',
    'printenv',
    'printf',
    'ps',
    'pwd',
    'readlink',
    'realpath',
  ],
  ...[
    'rm',
    'rmdir',
    'sed',
    'seq',
    'setsid',
    'sh',
    'sha256sum',
    'sleep',
    'sort',
    'split',
    'stat',
    'sync',
    'tac',
    'tail',
    'tar',
  ],
  ...['tee', 'test', 'timeout', 'touch', 'tr', 'tree', 'true', 'tty', 'uniq', 'vi', 'vim', 'wc', 'xargs', 'xxd'],
];

/** What has a stand-in, and where that is used though there is a command of that name: its options differ. */
const SHIMS: Readonly<Record<string, 'missing' | 'not Linux'>> = {
  flock: 'missing',
  setsid: 'missing',
  sha256sum: 'missing',
  stat: 'not Linux',
  sync: 'not Linux',
  tail: 'not Linux',
  timeout: 'missing',
  xargs: 'not Linux',
};

/** Further names of simulated commands. */
const ALIASES: Readonly<Record<string, readonly string[]>> = {
  'iptables-save': ['ip6tables-save'],
  'iptables-restore': ['ip6tables-restore'],
  'does-nothing': [
    ...['mount', 'reboot', 'shutdown', 'poweroff', 'halt', 'modprobe', 'swapoff', 'sysctl', 'iptables', 'ip6tables'],
  ],
};

const SYSTEM_FOLDERS = ['/usr/bin', '/bin', '/usr/sbin', '/sbin'];

/**
 * Writes the commands of hosts: `simulated/` and `packages/`, which are ours, `tools/`, which leads to this machine's own or to a
 * stand-in of `shims/`. What is there already is not written again.
 */
export async function installCommands(layout: SandboxLayout, shims: ShimUse): Promise<void> {
  const files = await readdir(SOURCES, { recursive: true, withFileTypes: true });
  const tools = path.join(layout.commands, 'tools');
  await Promise.all([
    ...files
      .filter((file) => file.isFile())
      .map((file) => copy(path.join(file.parentPath, file.name), layout.commands)),
    mkdir(tools, { recursive: true }),
  ]);
  const simulated = path.join(layout.commands, 'simulated');
  await Promise.all([
    ...Object.entries(ALIASES).flatMap(([command, names]) =>
      names.map((name) => link(command, path.join(simulated, name))),
    ),
    ...TOOLS.map(async (name) => {
      const target = toolPath(layout, name, shims);
      if (target !== undefined) await link(target, path.join(tools, name));
    }),
  ]);
}

function toolPath(layout: SandboxLayout, name: string, shims: ShimUse): string | undefined {
  const found = findProgram(name);
  const shim = SHIMS[name];
  const useShim =
    shim !== undefined &&
    (shims === 'always' || found === undefined || (shim === 'not Linux' && process.platform !== 'linux'));
  return useShim ? path.join(layout.commands, 'shims', name) : found;
}

/** The system's own before what the user's PATH has. */
function findProgram(name: string): string | undefined {
  const folders = [
    ...SYSTEM_FOLDERS,
    ...(process.env.PATH ?? '').split(':').filter((folder) => path.isAbsolute(folder)),
  ];
  return folders.map((folder) => path.join(folder, name)).find(isProgram);
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

async function copy(source: string, commands: string): Promise<void> {
  const place = path.join(commands, path.relative(SOURCES, source));
  const [wanted, present] = await Promise.all([readFile(source), readFile(place).catch(() => undefined)]);
  if (present?.equals(wanted) === true) return;
  await mkdir(path.dirname(place), { recursive: true });
  await replace(place, async (fresh) => {
    await writeFile(fresh, wanted);
    await chmod(fresh, 0o755);
  });
}

async function link(target: string, place: string): Promise<void> {
  const present = await readlink(place).catch(() => undefined);
  if (present !== target) await replace(place, (fresh) => symlink(target, fresh));
}

/** Whole or not at all: hosts may be running it. */
async function replace(place: string, make: (fresh: string) => Promise<void>): Promise<void> {
  const fresh = `${place}.new-${process.pid}`;
  await rm(fresh, { force: true });
  await make(fresh);
  await rename(fresh, place);
}
