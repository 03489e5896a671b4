import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadCluster } from '../../../src/cluster/load.js';
import { makeProject, pai, startIn, writeProjectFile } from './project.js';

const FILES = [
  'cluster-configuration.yaml',
  'k8s-role-definition.yaml',
  'kubernetes-configuration.yaml',
  'services-configuration.yaml',
];
const LIST = 'address,user,role,keyfile,password\n10.0.0.1,ops,master,k,\n10.0.0.2,ops,worker,k,!file pw\n';

let root: string;
const out = () => path.join(root, 'made/configuration');
const made = (name: string) => readFile(path.join(out(), name), 'utf8');
const load = () =>
  loadCluster({ configurationDirectory: out(), serviceListFile: path.join(root, 'service-list.yaml') });
const generate = (...more: string[]) =>
  pai(root, 'config', 'generate', '-i', 'lists/m.csv', '-o', 'made/configuration', ...more);

beforeEach(async () => {
  root = await makeProject();
  await writeProjectFile(root, 'lists/m.csv', LIST);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe('pai config generate', () => {
  it('writes four valid files that only their owner may read, with comments and schemas', async () => {
    const said = await generate();
    expect(said).toMatchObject({ exitCode: 0, stderr: '' });
    expect(said.stdout).toContain('wrote the configuration of 1 master, 1 worker to made/configuration\n');
    expect(said.stdout).toMatch(/set these yourself.*\n.*docker-registry +registry.example.com\/kubernetes/);
    expect(readdirSync(out()).toSorted()).toEqual(FILES);
    for (const name of FILES) {
      expect(statSync(path.join(out(), name)).mode & 0o777).toBe(0o600);
      const [first = '', second] = (await made(name)).split('\n');
      const schema = path.resolve(out(), first.replace('# yaml-language-server: $schema=', ''));
      expect(JSON.parse(await readFile(schema, 'utf8'))).toMatchObject({ title: name });
      expect(second).toMatch(/^# /);
    }
  });

  it('needs no more than address, user and role: then the password is in the environment, and that is told', async () => {
    await writeProjectFile(root, 'lists/m.csv', 'address,user,role\n10.0.0.1,ops,master\n10.0.0.2,ops,worker\n');
    const said = await generate();
    expect(said).toMatchObject({ exitCode: 0, stderr: '' });
    expect(said.stdout).toContain(
      'password of machines without password and keyfile: !env PAI_SSH_PASSWORD; export it',
    );
    expect(await made('cluster-configuration.yaml')).toContain('  password: !env PAI_SSH_PASSWORD\n');
  });

  it('gives each machine what it needs, and paths as they are seen from the folder', async () => {
    await generate();
    const { hosts, kubernetes } = await load();
    expect(kubernetes.loadBalanceIp).toBe('10.0.0.1');
    expect(
      hosts.map(({ name, role, etcdId, paiMaster, paiWorker, login }) => [
        name,
        role,
        etcdId,
        paiMaster,
        paiWorker,
        login.keyPath,
      ]),
    ).toEqual([
      ['master1', 'master', 'etcd1', true, false, path.join(root, 'lists/k')],
      ['worker1', 'worker', undefined, false, true, path.join(root, 'lists/k')],
    ]);
    await writeProjectFile(root, 'lists/pw', 'hush\n');
    const password = hosts[1]?.login.password;
    expect(typeof password === 'object' && (await password.reveal())).toBe('hush');
  });

  it('overwrites nothing unless it is told so', async () => {
    await generate();
    const before = await made('cluster-configuration.yaml');
    await writeProjectFile(root, 'lists/m.csv', LIST.replace('10.0.0.2', '10.0.0.3'));
    const said = await generate();
    expect(said.exitCode).toBe(2);
    expect(said.stderr).toContain('has cluster-configuration.yaml, kubernetes-configuration.yaml');
    expect(await made('cluster-configuration.yaml')).toBe(before);
    expect((await generate('--force')).exitCode).toBe(0);
    expect(await made('cluster-configuration.yaml')).toContain('10.0.0.3');
  });

  it.each([
    ['a list with a mistake', LIST.replace('master', 'mastr'), /lists\/m.csv:2:14: role must be/],
    ['masters without a proxy', `${LIST}10.0.0.4,ops,master,k,\n10.0.0.5,ops,master,k,\n`, /one of 3 masters/],
  ])('writes nothing for %s', async (_, text, words) => {
    await writeProjectFile(root, 'lists/m.csv', text);
    const said = await generate();
    expect(said.exitCode).toBe(2);
    expect(said.stderr).toMatch(words);
    expect(said.stderr).not.toContain('.new-');
    expect(existsSync(path.join(root, 'made'))).toBe(false);
  });

  it('needs a list and a folder', async () => {
    for (const words of [[], ['-i', 'lists/m.csv'], ['-i', 'none.csv', '-o', 'x']]) {
      expect((await pai(root, 'config', 'generate', ...words)).exitCode).toBe(2);
    }
  });
});

describe('pai init', () => {
  /** A person who types these answers, and then nothing more. */
  function init(answers: readonly string[], ...words: string[]) {
    const asked: string[] = [];
    const rest = [...answers];
    const terminal = {
      whole: true,
      ask: async (question: string) => {
        asked.push(question);
        return rest.shift() ?? '';
      },
    };
    return { asked, said: startIn({ terminal }, root, 'init', ...words).said };
  }
  const ANSWERS = [
    'mine',
    '10.0.0.1 10.0.0.2,10.0.0.3',
    '10.0.0.4',
    '10.0.0.11',
    'ops',
    '',
    '',
    '10.0.0.53',
    'reg.example/k8s',
    'public',
    'team',
  ];

  it('writes what was answered', async () => {
    const { said, asked } = init(ANSWERS, '-o', 'made/configuration');
    expect(await said).toMatchObject({ exitCode: 0 });
    expect((await said).stdout).not.toContain('set these yourself');
    expect(asked).toHaveLength(ANSWERS.length);
    const { hosts, services, kubernetes } = await load();
    expect(hosts.map(({ name }) => name)).toEqual(['master1', 'master2', 'master3', 'proxy1', 'worker1']);
    expect(hosts[0]?.login).toMatchObject({ user: 'ops', keyPath: expect.stringMatching(/\/\.ssh\/id_ed25519$/) });
    expect(kubernetes).toMatchObject({
      loadBalanceIp: '10.0.0.4',
      clusterDns: '10.0.0.53',
      dockerRegistry: 'reg.example/k8s',
    });
    expect(services).toMatchObject({ clusterId: 'mine', registry: { domain: 'docker.io', namespace: 'team' } });
  });

  it('asks again what was answered wrongly, and for no proxy before one master', async () => {
    const answers = [
      '',
      '10.0.0',
      '10.0.0.1',
      '10.0.0.1',
      '',
      'ops',
      'none',
      'hunter2',
      '!env PW',
      '10.0.0.53',
      'reg/k8s',
      'public',
      '',
    ];
    const { said, asked } = init(answers, '-o', 'made/configuration');
    const { exitCode, stderr } = await said;
    expect(exitCode).toBe(0);
    expect(asked.filter((question) => question.includes('proxy'))).toEqual([]);
    expect(stderr).toContain('10.0.0 is no IPv4 or IPv6 address');
    expect(stderr).toContain('10.0.0.1 is that of another machine already');
    expect(stderr).toContain('say where it is kept');
    expect(await made('cluster-configuration.yaml')).toContain('password: !env PW');
  });

  it('gives up where there are no answers, and writes nothing', async () => {
    const { exitCode, stderr } = await init([], '-o', 'made/configuration').said;
    expect(exitCode).toBe(2);
    expect(stderr).toContain('no answer to: Addresses of the masters');
    expect(existsSync(path.join(root, 'made'))).toBe(false);
  });

  it('does not ask where a configuration is already, nor without a terminal', async () => {
    const there = init(ANSWERS);
    expect((await there.said).exitCode).toBe(2);
    expect(there.asked).toEqual([]);
    const said = await pai(root, 'init', '-o', 'made/configuration');
    expect(said.exitCode).toBe(2);
    expect(said.stderr).toContain('pai config generate -i LIST -o DIR');
  });
});
