import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { packTar } from '../../src/ssh/payload.js';
import { BenchHosts, type BenchSetting, PORT } from './hosts.js';
import { destination, FILES, script } from './work.js';

/** One measurement. Seconds. */
interface Cost {
  readonly wall: number;
  /** Processor time of the contender with all that it started here. */
  readonly cpu: number;
}

interface Contender {
  readonly name: string;
  /** Every host is new before each round. */
  readonly fresh: boolean;
  readonly rounds: number;
  command(setting: BenchSetting): readonly string[];
}

const bundles = process.argv[2] ?? '.';
const counts = (process.argv[3] ?? '10,50,100').split(',').map(Number);
const rounds = Number(process.argv[4] ?? 5);

const hasAnsible = spawnSync('ansible-playbook', ['--version']).status === 0;

const node = (program: string) => (setting: BenchSetting) => [
  process.execPath,
  join(bundles, program),
  join(setting.directory, 'setting.json'),
];
const ansible = (setting: BenchSetting) => [
  'ansible-playbook',
  '-i',
  join(setting.directory, 'inventory'),
  join(setting.directory, 'playbook.yaml'),
];

function contenders(count: number): readonly Contender[] {
  return [
    { name: 'bare ssh2, one command', fresh: true, rounds, command: node('bare.js') },
    { name: 'pai, first run', fresh: true, rounds, command: node('pai.js') },
    { name: 'pai, nothing to do', fresh: false, rounds, command: node('pai.js') },
    {
      name: 'OpenSSH, in parallel',
      fresh: true,
      rounds,
      command: (setting) => ['sh', join(setting.directory, 'openssh')],
    },
    // It takes minutes with more hosts.
    ...(hasAnsible && count <= 10
      ? [
          { name: 'Ansible, first run', fresh: true, rounds: Math.min(rounds, 3), command: ansible },
          { name: 'Ansible, nothing to do', fresh: false, rounds: Math.min(rounds, 3), command: ansible },
        ]
      : []),
  ];
}

/** Files that the contenders besides pai need. */
async function prepare(setting: BenchSetting): Promise<void> {
  const { directory, root, user, keyPath, knownHosts, hosts } = setting;
  const write = (name: string, content: string | Uint8Array): void => writeFileSync(join(directory, name), content);
  write('setting.json', JSON.stringify(setting));
  write('payload.tar', await packTar([...FILES, { path: 'script', mode: 0o600, content: script(root) }]));
  const inner = 'umask 077; d=$(mktemp -d) && cd "$d" && tar -xf - && sh ./script; code=$?; rm -rf "$d"; exit $code';
  write('command', `sudo -n sh -c '${inner}'`);
  const options = [
    `-i ${keyPath}`,
    `-p ${PORT}`,
    `-o UserKnownHostsFile=${knownHosts}`,
    '-o KexAlgorithms=curve25519-sha256',
    '-o IdentitiesOnly=yes',
    '-o BatchMode=yes',
  ];
  const addresses = hosts.map((host) => host.address).join('\n');
  write('addresses', `${addresses}\n`);
  write(
    'openssh',
    `xargs -a ${directory}/addresses -P ${hosts.length} -I {} sh -c 'ssh -F none ${options.join(' ')} ${user}@{} "$(cat ${directory}/command)" <${directory}/payload.tar'\n`,
  );
  mkdirSync(join(directory, 'payload'), { recursive: true });
  for (const file of FILES) write(`payload/${file.path}`, file.content);
  write('inventory', `${hosts.map((host) => `${host.name} ansible_host=${host.address}`).join('\n')}\n`);
  write('ansible.cfg', ansibleConfiguration(setting));
  write('playbook.yaml', playbook(setting));
}

function ansibleConfiguration(setting: BenchSetting): string {
  return `[defaults]
forks = ${setting.hosts.length}
remote_user = ${setting.user}
remote_port = ${PORT}
private_key_file = ${setting.keyPath}
local_tmp = ${setting.directory}/ansible-tmp
interpreter_python = /usr/bin/python3
[privilege_escalation]
become = True
[ssh_connection]
pipelining = True
control_path_dir = ${setting.directory}/cp
ssh_args = -F none -o ControlMaster=auto -o ControlPersist=60s -o UserKnownHostsFile=${setting.knownHosts} -o IdentitiesOnly=yes
`;
}

/** The same eight files, and a probe. Copying is what Ansible's own module for it does, with its check for changes. */
function playbook(setting: BenchSetting): string {
  const target = destination(setting.root);
  return `- hosts: all
  gather_facts: false
  tasks:
    - file: {path: ${target}, state: directory, mode: '0700'}
    - copy: {src: '{{ item }}', dest: ${target}/, mode: '0600'}
      loop: [${FILES.map((file) => `${setting.directory}/payload/${file.path}`).join(', ')}]
    - command: test -f ${target}/file-7.conf
      changed_when: false
`;
}

/** Runs a contender once. */
async function measure(contender: Contender, hosts: BenchHosts): Promise<Cost> {
  if (contender.fresh) hosts.wipe();
  const [command = '', ...words] = contender.command(hosts.setting);
  const times = join(hosts.setting.directory, 'times');
  // bash's `time` counts the processes that a contender started and waited for, too.
  const script = `TIMEFORMAT='%R %U %S'; { time "$@" >${times}.out 2>&1; } 2>${times}`;
  const child = spawn('bash', ['-c', script, 'bench', command, ...words], {
    stdio: 'inherit',
    env: { ...process.env, ANSIBLE_CONFIG: join(hosts.setting.directory, 'ansible.cfg') },
  });
  const code = await new Promise((resolve) => child.once('exit', resolve));
  if (code !== 0) throw new Error(`${contender.name} failed: ${readFileSync(`${times}.out`, 'utf8')}`);
  for (const host of hosts.setting.hosts) {
    const file = join(hosts.setting.directory, 'hosts', host.name, 'files/etc/bench/file-7.conf');
    if (!existsSync(file)) throw new Error(`${contender.name} left ${host.name} without its files`);
  }
  const [wall = 0, user = 0, system = 0] = readFileSync(times, 'utf8').trim().split(' ').map(Number);
  // What a contender left behind on the hosts ends within this, and does not slow down the next.
  await new Promise((resolve) => setTimeout(resolve, 500));
  return { wall, cpu: user + system };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

async function bench(count: number): Promise<void> {
  const hosts = await BenchHosts.start(count);
  try {
    await prepare(hosts.setting);
    const all = contenders(count);
    const costs = new Map<string, Cost[]>(all.map((contender) => [contender.name, []]));
    // Round after round, not contender after contender: what else this machine does then hits all alike.
    for (let round = 0; round < rounds; round++) {
      for (const contender of all) {
        if (round < contender.rounds) costs.get(contender.name)?.push(await measure(contender, hosts));
      }
    }
    print(count, costs);
  } finally {
    await hosts.stop();
  }
}

function print(count: number, costs: ReadonlyMap<string, readonly Cost[]>): void {
  const of = (name: string, what: keyof Cost): number => median((costs.get(name) ?? []).map((cost) => cost[what]));
  const base = of('bare ssh2, one command', 'wall');
  console.log(`\n${count} hosts, median of ${rounds} rounds, seconds`);
  console.log('| contender | wall | CPU of the contender | wall / bare ssh2 |');
  console.log('| --- | ---: | ---: | ---: |');
  for (const name of costs.keys()) {
    const wall = of(name, 'wall');
    const cells = [wall, of(name, 'cpu'), wall / base].map((value) => value.toFixed(2));
    console.log(`| ${name} | ${cells.join(' | ')} |`);
  }
  if (costs.has('Ansible, first run')) {
    for (const run of ['first run', 'nothing to do']) {
      const ratio = of(`Ansible, ${run}`, 'wall') / of(`pai, ${run}`, 'wall');
      console.log(`pai is ${ratio.toFixed(1)} times as fast as Ansible, ${run}`);
    }
  }
}

if (process.getuid?.() !== 0) throw new Error('needs root: it starts sshd processes and makes a user');
console.log(`${cpus().length} x ${cpus()[0]?.model}; node ${process.version}; same key and sudo (NOPASSWD) for all`);
if (!hasAnsible) console.log('Ansible is not installed: left out (apt-get install ansible)');
for (const count of counts) await bench(count);
