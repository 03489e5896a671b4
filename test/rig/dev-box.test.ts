import { execFile } from 'node:child_process';
import { chown, copyFile, cp, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from '../whole/project.js';
import { hostName, rig } from './rig.js';

const call = promisify(execFile);
const environment = { ...process.env, DOCKER_BUILDKIT: '0' };
const BASE = 'pairig/node:22';
const IMAGE = 'pairig/dev-box';
/** The user of the image. */
const UID = 1000;
const host = hostName(7);
const other = hostName(8);

let work: string;
let key: string;
let agent: { readonly socket: string; readonly pid: number };

/** Node for the Dockerfile, where Docker Hub can't be asked: the rig's Debian with Node and npm as npm has them, and this machine's CAs. */
async function makeBase(): Promise<void> {
  const folder = path.join(work, 'node');
  await call('npm', ['install', '--prefix', folder, '--no-audit', '--no-fund', 'node@22'], { maxBuffer: 1 << 26 });
  const context = path.join(work, 'base');
  const npm = path.dirname(path.dirname(await realpath((await call('which', ['npm'])).stdout.trim())));
  await cp(npm, path.join(context, 'npm'), { recursive: true, dereference: true });
  await copyFile(path.join(folder, 'node_modules/node/bin/node'), path.join(context, 'node'));
  await copyFile('/etc/ssl/certs/ca-certificates.crt', path.join(context, 'machine.crt'));
  const lines = [
    'FROM pairig/debian:bookworm',
    'COPY node /usr/local/bin/node',
    'COPY npm /usr/local/lib/node_modules/npm',
    'COPY machine.crt /etc/ssl/machine.crt',
    'RUN ln -s /usr/local/lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm',
    'ENV NODE_EXTRA_CA_CERTS=/etc/ssl/machine.crt',
  ];
  await writeFile(path.join(context, 'Dockerfile'), `${lines.join('\n')}\n`);
  await call('docker', ['build', '-q', '-t', BASE, context], { env: environment });
}

async function startAgent(): Promise<typeof agent> {
  const socket = path.join(work, 'agent');
  const { stdout } = await call('ssh-agent', ['-s', '-a', socket]);
  const pid = Number(/SSH_AGENT_PID=(\d+)/.exec(stdout)?.[1]);
  await call('ssh-add', ['-q', key], { env: { ...process.env, SSH_AUTH_SOCK: socket } });
  return { socket, pid };
}

/** The command of docs/dev-box.md, on the rig's network; resolves to everything on both outputs. */
async function devBox(words: readonly string[], more: readonly string[] = []): Promise<{ code: number; text: string }> {
  const line = [
    ...['run', '--rm', '--network', 'pairig', '-v', `${work}/configuration:/opt/pai/cluster-configuration`],
    ...[
      '-v',
      `${agent.socket}:/agent`,
      '-e',
      'SSH_AUTH_SOCK=/agent',
      '-v',
      '/var/run/docker.sock:/var/run/docker.sock',
    ],
    ...[
      '--group-add',
      (await call('stat', ['-c', '%g', '/var/run/docker.sock'])).stdout.trim(),
      ...more,
      IMAGE,
      ...words,
    ],
  ];
  return call('docker', line, { maxBuffer: 1 << 26 }).then(
    ({ stdout, stderr }) => ({ code: 0, text: stdout + stderr }),
    (error: { readonly code: number; readonly stdout: string; readonly stderr: string }) => ({
      code: error.code,
      text: error.stdout + error.stderr,
    }),
  );
}

beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'pai-dev-box-'));
  await rig('up.sh', '--fresh', '--docker', host, other);
  await makeBase();
  await call('docker', ['build', '-q', '--build-arg', `BASE=${BASE}`, '-t', IMAGE, root], {
    env: environment,
    maxBuffer: 1 << 26,
  });
  ({ key } = JSON.parse(await rig('describe.sh')) as { readonly key: string });
  agent = await startAgent();
  await rig('configure.sh', `${work}/configuration`, host, other);
  const file = `${work}/configuration/cluster-configuration.yaml`;
  // A login by a key that is mounted with the configuration.
  await copyFile(key, `${work}/configuration/key`);
  const text = await readFile(file, 'utf8');
  await writeFile(
    file,
    text.replace(/"username": "pai",\s*"password": "pai"/, '"username": "ops", "ssh-keyfile-path": "key"'),
  );
  // A namespace of this run's own: its image is in no registry yet.
  const services = `${work}/configuration/services-configuration.yaml`;
  const namespace = `"docker-namespace": "dev-box-${Date.now()}"`;
  await writeFile(services, (await readFile(services, 'utf8')).replace('"docker-namespace": "pai"', namespace));
  await call('chown', ['-R', String(UID), `${work}/configuration`]);
  await chown(work, UID, UID);
  await chown(agent.socket, UID, UID);
});

afterAll(async () => {
  if (agent !== undefined) process.kill(agent.pid);
  await rm(work, { recursive: true, force: true });
  await rig('down.sh', host, other);
});

describe('a dev box in a container', () => {
  it('is not root, and nobody can write to the program', async () => {
    const { text } = await devBox(['-c', 'id -u; touch /opt/pai/bin/x 2>&1'], ['--entrypoint', 'sh']);
    expect(text).toMatch(/^1000\n.*Permission denied/);
  });

  it('lists what the mounted configuration makes', async () => {
    const { code, text } = await devBox(['list']);
    expect(text).toContain(`  host:${host} `);
    expect(code).toBe(0);
  });

  it('says where kubectl comes from', async () => {
    const { code, text } = await devBox(['version'], ['--entrypoint', 'kubectl']);
    expect({ code, text }).toEqual({
      code: 1,
      text: 'there is no kubectl yet: pai run kubectl brings it from a master\n',
    });
  });

  it('works on hosts with the mounted key, and then has nothing to do in a new container', async () => {
    const first = await devBox(['run', 'hosts', '--output', 'plain']);
    expect(first.text).toMatch(/2 ran, 0 fresh, 0 failed/);
    const second = await devBox(['run', 'hosts', '--output', 'plain']);
    expect(second.text).toMatch(/nothing to do/);
    expect(await rig('host.sh', host, 'cat', '/var/lib/pai/cluster-id')).toMatch(/^pai-/);
  });

  it("builds images on the machine's Docker Engine", async () => {
    const { text } = await devBox(['run', 'image:pylon', '--output', 'plain']);
    expect(text).toMatch(/1 ran, 0 fresh, 0 failed/);
  });
});
