import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectEnd, expectFailure, root } from '../whole/project.js';
import { ImagesProject } from './images-project.js';
import { Mirror } from './mirror.js';
import { rig } from './rig.js';

const call = promisify(execFile);
const IMAGES = [
  ...['base-image', 'cleaning-image', 'zookeeper', 'hadoop-run', 'frameworklauncher', 'rest-server', 'webportal'],
  ...['drivers', 'gpu-exporter', 'prometheus', 'grafana', 'pylon', 'end-to-end-test'],
];

/** Needs `npm run rig:up`, or a Docker Engine and registry as it makes them. */
describe('the images of the catalogue', () => {
  let project: ImagesProject;
  const containers: string[] = [];

  beforeAll(async () => {
    project = await ImagesProject.create();
  });
  afterAll(async () => {
    if (containers.length > 0) await call('docker', ['rm', '-f', '-v', ...containers]);
    await project?.pai('clean', 'images', '--yes', '--remote');
    await project?.remove();
  });

  const docker = async (...words: string[]): Promise<string> =>
    (await call('docker', ['--config', project.login, ...words])).stdout.trim();
  const nameOf = (image: string) => `${project.prefix}/${image}:rig`;

  /** Starts a container and waits until it is ready by the convention of services. */
  async function start(image: string, options: readonly string[] = [], ...words: string[]): Promise<string> {
    const id = await docker('run', '-d', '--health-interval=1s', ...options, nameOf(image), ...words);
    containers.push(id);
    for (let tries = 0; tries < 240; tries++) {
      const ready = await docker('exec', id, 'test', '-e', '/jobstatus/jobok').then(
        () => true,
        () => false,
      );
      if (ready) return id;
      await sleep(500);
    }
    throw new Error(`${image} is not ready: ${await docker('logs', '--tail', '20', id)}`);
  }

  async function health(id: string): Promise<string> {
    let state = '';
    for (let tries = 0; tries < 120 && state !== 'healthy'; tries++) {
      state = await docker('inspect', '-f', '{{.State.Health.Status}}', id);
      await sleep(500);
    }
    return state;
  }

  const addressOf = (id: string) => docker('inspect', '-f', '{{.NetworkSettings.IPAddress}}', id);
  const usersOf = async (id: string) =>
    [
      ...new Set(
        (await docker('top', id, '-eo', 'pid,uid,comm'))
          .split('\n')
          .slice(1)
          .map((line) =>
            line
              .trim()
              .replace(/^\d+ +/, '')
              .replace(/ +/, ' '),
          ),
      ),
    ].sort();

  it('are not built without their sources: the error names image, place and cure', async () => {
    const plan = ['bin/pai.js', 'plan', 'image:grafana', ...project.place];
    await expect(call('node', plan, { cwd: project.clone })).rejects.toMatchObject({
      stdout: expect.stringContaining('image grafana: there is no folder'),
    });
    const refused = await project.pai('run', 'image:grafana');
    expectFailure(
      refused,
      'image:grafana',
      'IMAGE_SOURCE',
      /service-list\.yaml:\d+:\d+ image grafana: there is no folder/,
    );
    expect(refused.ran).toEqual(['image:base-image']);
    await cp(path.join(root, 'test/stand-ins'), path.join(project.clone, 'sources'), { recursive: true });
  });

  it('are all built and pushed, each after what it is built on', async () => {
    const built = await project.pai('run', 'images');
    expectEnd(built, { failed: 0, skipped: 0 });
    expect([...built.ran].sort()).toEqual(
      IMAGES.filter((name) => name !== 'base-image')
        .map((name) => `image:${name}`)
        .sort(),
    );
    expect(built.ran.indexOf('image:hadoop-run')).toBeLessThan(built.ran.indexOf('image:end-to-end-test'));
  });

  it('have nothing left to do then, also from a fresh clone', async () => {
    expectEnd(await project.pai('run', 'images'), { ran: 0, failed: 0 });
    await project.freshClone();
    await cp(path.join(root, 'test/stand-ins'), path.join(project.clone, 'sources'), { recursive: true });
    expectEnd(await project.pai('run', 'images'), { ran: 0, failed: 0 });
  });

  const servers: readonly [image: string, words: readonly string[], port: number, answer: RegExp, root: boolean][] = [
    ['hadoop-run', ['name-node'], 50070, /stand-in for name-node/, false],
    ['hadoop-run', ['data-node'], 50075, /stand-in for data-node/, false],
    ['hadoop-run', ['resource-manager'], 8088, /stand-in for resource-manager/, false],
    ['hadoop-run', ['node-manager'], 8042, /stand-in for node-manager/, true],
    ['hadoop-run', ['job-history'], 19888, /stand-in for job-history/, false],
    ['hadoop-run', ['timeline'], 8188, /stand-in for timeline/, false],
    ['frameworklauncher', [], 9086, /stand-in for frameworklauncher/, false],
    ['rest-server', [], 8080, /stand-in for rest-server/, false],
    ['webportal', [], 8080, /stand-in for webportal/, false],
    ['gpu-exporter', [], 9100, /node_cpu_seconds_total/, false],
    ['prometheus', [], 9091, /Prometheus/i, false],
    ['grafana', [], 3000, /stand-in for grafana/, false],
  ];
  it.each(servers)(
    '%s %j serves port %i, is ready and healthy, and has no rights that it does not need',
    async (image, words, port, answer, asRoot) => {
      const id = await start(image, [], ...words);
      const page = port === 9100 ? '/metrics' : port === 9091 ? '/graph' : '/';
      const response = await fetch(`http://${await addressOf(id)}:${port}${page}`);
      expect(await response.text()).toMatch(answer);
      expect(await health(id)).toBe('healthy');
      const served = (await usersOf(id)).filter((line) => !/ (tini|sh|sleep|listening|curl|test)$/.test(line));
      expect(served.length).toBeGreaterThan(0);
      expect(
        served.every((line) => line.startsWith(asRoot ? '0 ' : '10001 ')),
        served.join(),
      ).toBe(true);
    },
  );

  it('zookeeper is a member that answers, also as one of an ensemble of three', async () => {
    const one = await start('zookeeper');
    expect(await health(one)).toBe('healthy');
    expect((await usersOf(one)).find((line) => line.endsWith('java'))).toMatch(/^10001 /);
    const network = `pai-images-${Date.now()}`;
    await docker('network', 'create', network);
    const members: string[] = [];
    try {
      const servers = 'ZOOKEEPER_SERVERS=1=zk1 2=zk2 3=zk3';
      for (const member of [1, 2, 3]) {
        const options = ['--network', network, '--network-alias', `zk${member}`, '-e', `ZOOKEEPER_ID=${member}`];
        members.push(await docker('run', '-d', '--health-interval=1s', ...options, '-e', servers, nameOf('zookeeper')));
      }
      for (const id of members) expect(await health(id)).toBe('healthy');
      const ask = 'exec 3<>/dev/tcp/127.0.0.1/2181; echo srvr >&3; cat <&3';
      const modesOf = () => Promise.all(members.map((id) => docker('exec', id, 'bash', '-c', ask)));
      // A member is well before the ensemble has chosen a leader.
      let modes = await modesOf();
      for (let tries = 0; tries < 60 && !modes.every((text) => text.includes('Mode: ')); tries++) {
        await sleep(500);
        modes = await modesOf();
      }
      expect(modes.filter((text) => text.includes('Mode: leader'))).toHaveLength(1);
      expect(modes.filter((text) => text.includes('Mode: follower'))).toHaveLength(2);
    } finally {
      await docker('rm', '-f', '-v', ...members);
      await docker('network', 'rm', network);
    }
  });

  it('drivers runs the installer once', async () => {
    const id = await start('drivers');
    expect(await docker('logs', id)).toContain('stand-in for the NVIDIA installer: --silent');
  });

  it('end-to-end-test passes when services answer, and fails when one does not', async () => {
    const grafana = `http://${await addressOf(await start('grafana'))}:3000`;
    const test = (uri: string) =>
      docker(
        'run',
        '--rm',
        '-e',
        'STAY=false',
        '-e',
        'TIMEOUT=1',
        '-e',
        `GRAFANA_URI=${uri}`,
        nameOf('end-to-end-test'),
      );
    expect(await test(grafana)).toContain('1 asked, 0 failed');
    await expect(test('http://127.0.0.1:1')).rejects.toMatchObject({
      code: 1,
      stdout: expect.stringContaining('failed GRAFANA_URI'),
    });
  });

  it('cleaning-image empties a folder and no other, and refuses those of the system', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'pai-clean-'));
    try {
      await mkdir(path.join(folder, 'data/deep'), { recursive: true });
      await writeFile(path.join(folder, 'data/deep/x'), '');
      await writeFile(path.join(folder, 'data/.hidden'), '');
      await writeFile(path.join(folder, 'other'), '');
      const clean = (...words: string[]) =>
        docker('run', '--rm', '-e', 'STAY=false', '-v', `${folder}:/mnt`, nameOf('cleaning-image'), ...words);
      for (const wrong of ['/', '/etc', '/usr/lib', 'mnt', '/mnt/../etc']) {
        await expect(clean('/mnt/data', wrong)).rejects.toMatchObject({ code: 2 });
      }
      expect(await readdir(path.join(folder, 'data'))).toHaveLength(2);
      await clean('/mnt/data');
      expect(await readdir(path.join(folder, 'data'))).toEqual([]);
      expect(await readdir(folder)).toEqual(['data', 'other']);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('are built anew when a file of their source changes: that one only', async () => {
    const file = path.join(project.clone, 'sources/grafana/bin/grafana-server');
    await writeFile(file, `${await readFile(file, 'utf8')}# changed\n`);
    const changed = await project.pai('run', 'images');
    expectEnd(changed, { ran: 1, failed: 0 });
    expect(changed.ran).toEqual(['image:grafana']);
  });

  it('are put right when somebody pushed another image under their tag', async () => {
    const digest = async () =>
      (await docker('inspect', '-f', '{{index .RepoDigests 0}}', nameOf('grafana'))).replace(/.*@/, '');
    await docker('pull', nameOf('grafana'));
    const before = await digest();
    await docker('tag', nameOf('pylon'), nameOf('grafana'));
    await docker('push', nameOf('grafana'));
    const repaired = await project.pai('run', 'images');
    expect(repaired.ran).toEqual(['image:grafana']);
    await docker('pull', nameOf('grafana'));
    expect(await digest()).toBe(before);
  });

  it('are removed from this machine, and from the registry when that is asked for', async () => {
    expectEnd(await project.pai('clean', 'image:grafana'), { failed: 0 });
    await expect(docker('image', 'inspect', nameOf('grafana'))).rejects.toThrow('No such image');
    expectEnd(await project.pai('run', 'image:grafana'), { ran: 0 });
    expectEnd(await project.pai('clean', 'image:grafana', '--remote'), { failed: 0 });
    expectEnd(await project.pai('run', 'image:grafana'), { ran: 1, failed: 0 });
  });

  it('take their packages from the mirror of apt-line, and say so when it has none', async () => {
    const image = `${JSON.parse(await rig('describe.sh')).registry.plain}/pai/debian:bookworm`;
    const list = await docker('run', '--rm', image, 'cat', '/etc/apt/sources.list');
    const [line = '', uri = ''] = /^deb .*?(https?:\/\/\S+) bookworm main$/m.exec(list) ?? [];
    expect(line).not.toBe('');
    const mirror = await Mirror.start(uri);
    try {
      const aptLine = line.replace(uri, mirror.uri);
      await project.edit('services-configuration.yaml', (text) => {
        const { cluster } = JSON.parse(text);
        return JSON.stringify({
          cluster: { ...cluster, 'image-build': { ...cluster['image-build'], 'apt-line': aptLine } },
        });
      });
      mirror.empty = true;
      const failed = await project.pai('run', 'image:base-image');
      const { details } = expectFailure(failed, 'image:base-image', 'IMAGE_BUILD', /RUN .*: exit code 100/);
      expect(details?.join('\n')).toContain(mirror.uri);
      mirror.empty = false;
      expectEnd(await project.pai('run', 'image:base-image'), { ran: 1, failed: 0 });
      expect(mirror.served.filter((path) => path.endsWith('.deb')).length).toBeGreaterThan(0);
      expect(await docker('run', '--rm', nameOf('base-image'), 'cat', '/etc/apt/sources.list')).toBe(aptLine);
    } finally {
      mirror.stop();
    }
  });
});
