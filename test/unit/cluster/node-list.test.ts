import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { loadNodeList } from '../../../src/cluster/node-list.js';
import { placed } from '../../../src/cluster/problems.js';
import { reveal } from '../../../src/model/secret.js';
import { CLUSTER, type Edit, edited, FIXTURE, failure, load, removeEdited } from './configuration-fixture.js';

afterEach(removeEdited);

/** A node list beside the edited fixture. */
function listed(text: string, ...edits: readonly Edit[]) {
  const folder = edited(...edits);
  const nodeListFile = join(folder, 'nodes.yaml');
  writeFileSync(nodeListFile, text);
  return { folder, options: { nodeListFile, configurationDirectory: folder } };
}

async function problemsOf(text: string, ...edits: readonly Edit[]): Promise<readonly string[]> {
  const { folder, options } = listed(text, ...edits);
  const error = await failure(loadNodeList(options));
  expect([error.code, error.exitCode]).toEqual(['CONFIG_INVALID', 2]);
  return error.details.map((line) => line.replaceAll(`${folder}/`, ''));
}

const NEW = '- {hostname: w3, hostip: 10.1.0.13, machine-type: GPU, k8s-role: worker, pai-worker: true}';

describe('a node list', () => {
  it.each(['machine-list', 'machinelist', 'machine_list'])(
    'has machines with defaults and SKUs of the configuration: %s',
    async (key) => {
      const { options } = listed(`${key}:\n${NEW}\n`);
      const [node, ...rest] = (await loadNodeList(options)).nodes;
      expect(rest).toEqual([]);
      expect(node).toMatchObject({
        inConfiguration: false,
        host: {
          name: 'w3',
          address: '10.1.0.13',
          sku: { name: 'GPU', memoryGb: 224 },
          login: { user: 'pai', port: 2200 },
          labels: { hdfsrole: 'worker', machinetype: 'gpu' },
        },
      });
      expect(await reveal(node?.host.login.password ?? '')).toBe('default-secret');
      expect(Object.isFrozen(node?.host.login)).toBe(true);
    },
  );

  it('hints at old spellings', async () => {
    const { options, folder } = listed(`machinelist:\n${NEW.replaceAll('machine-type', 'machinetype')}\n`);
    const told: string[] = [];
    await loadNodeList({ ...options, warn: (warnings) => told.push(...warnings.map(placed)) });
    expect(told).toEqual([
      `${folder}/nodes.yaml:1:1: machinelist is taken for machine-list; write machine-list`,
      `${folder}/nodes.yaml:2:37: machinetype is taken for machine-type; write machine-type`,
    ]);
  });

  it('may name machines of the configuration, which are as they are there', async () => {
    const { options } = listed(
      'machine-list:\n- {hostname: W2, hostip: 10.1.0.12, machine-type: GENERIC, k8s-role: worker}\n',
    );
    const cluster = await load(FIXTURE);
    const { nodes } = await loadNodeList({ ...options, configurationDirectory: FIXTURE });
    expect(nodes).toMatchObject([{ host: cluster.hosts.find(({ name }) => name === 'w2'), inConfiguration: true }]);
  });

  it('may have secrets from elsewhere, which are asked for when they are needed', async () => {
    const { options } = listed(`machine-list:\n${NEW.replace('}', ', password: !env NODE_PASSWORD}')}\n`);
    const absent = await loadNodeList({ ...options, env: {} });
    expect((await failure(absent.revealSecrets())).code).toBe('SECRET');
    const { nodes } = await loadNodeList({ ...options, env: { NODE_PASSWORD: 'hush' } });
    expect(await reveal(nodes[0]?.host.login.password ?? '')).toBe('hush');
  });

  it('that is not there is told with its path', async () => {
    const error = await failure(loadNodeList({ nodeListFile: '/no/nodes.yaml', configurationDirectory: FIXTURE }));
    expect([error.code, error.message]).toEqual(['CONFIG_MISSING', 'there is no file /no/nodes.yaml']);
  });

  const cases: readonly [string, string, readonly string[]][] = [
    ['no machine', 'machine-list: []\n', ['nodes.yaml:1:15: machine-list must not be empty']],
    [
      'another key',
      `nodes:\n${NEW}\n`,
      ['nodes.yaml:1:1: machine-list is missing', 'nodes.yaml:1:1: unknown key "nodes"; known here: machine-list'],
    ],
    [
      'a field that no machine has',
      'machine-list:\n- {hostname: w3, hostip: 10.1.0.13, machine-type: GPU, k8s-role: worker, gpus: 4}\n',
      [
        'nodes.yaml:2:74: unknown key "gpus"; known here: hostname, hostip, machine-type, k8s-role, etcdid, zkid, username, password, ssh-keyfile-path, sshport, ssh-bastion, dashboard, pai-master, pai-worker, node-exporter',
      ],
    ],
    [
      'a SKU that the configuration has not',
      `machine-list:\n${NEW.replace('GPU', 'CPU')}\n`,
      ['nodes.yaml:2:51: machine-type "CPU" is not in machine-sku; did you mean GPU?'],
    ],
    [
      'an address that is taken there',
      `machine-list:\n${NEW.replace('10.1.0.13', '10.1.0.12')}\n`,
      [
        `nodes.yaml:2:26: hostip "10.1.0.12" is that of "w2" in the cluster configuration (${CLUSTER}, line 49); it must be unique`,
      ],
    ],
    [
      'fields that are different there',
      'machine-list:\n- {hostname: w2, hostip: 10.1.0.99, machine-type: GENERIC, k8s-role: worker, pai-worker: false, dashboard: true}\n',
      [
        `nodes.yaml:2:26: hostip 10.1.0.99: in the cluster configuration (${CLUSTER}, line 49) it is 10.1.0.12; make them the same`,
        `nodes.yaml:2:90: pai-worker false: in the cluster configuration (${CLUSTER}, line 49) it is true; make them the same`,
        `nodes.yaml:2:108: dashboard true: in the cluster configuration (${CLUSTER}, line 49) it has none; make them the same`,
      ],
    ],
    [
      'a name twice',
      `machine-list:\n${NEW}\n${NEW.replace('10.1.0.13', '10.1.0.14')}\n`,
      ['nodes.yaml:3:14: hostname "w3" is that of the machine on line 2 already; it must be unique'],
    ],
    [
      'a bastion that is not there',
      `machine-list:\n${NEW.replace('}', ', ssh-bastion: gate}')}\n`,
      ['nodes.yaml:2:105: ssh-bastion "gate" is not in ssh-bastions; it is empty'],
    ],
  ];

  it.each(cases)('is told at its place when something is wrong: %s', async (_, text, expected) => {
    expect(await problemsOf(text)).toEqual(expected);
  });

  it('needs a login, its own or the defaults', async () => {
    expect(
      await problemsOf(`machine-list:\n${NEW}\n`, [CLUSTER, '  password: default-secret\n', '  ssh-bastion: none\n']),
    ).toContain('nodes.yaml:2:3: w3: no password and no ssh-keyfile-path here, nor in default-machine-properties');
  });

  it('is told with what is wrong with the configuration', async () => {
    expect(await problemsOf('machine-list: []\n', [CLUSTER, 'mem: 224', 'mem: much'])).toEqual([
      `${CLUSTER}:8:10: mem must be a number, not "much"`,
      'nodes.yaml:1:15: machine-list must not be empty',
    ]);
  });
});

describe('a node list as CSV', () => {
  const csv = (text: string) => {
    const folder = edited();
    const nodeListFile = join(folder, 'nodes.csv');
    writeFileSync(nodeListFile, text);
    return { folder, options: { nodeListFile, configurationDirectory: folder } };
  };

  it('has the same fields, and what is empty is not there', async () => {
    const { options } = csv(
      '# new ones\nhostname,hostip,machine-type,k8s-role,pai-worker,password\nw3,10.1.0.13,GPU,worker,true,!env PW\nw4,"10.1.0.14",GPU,worker,,\n',
    );
    const { nodes } = await loadNodeList(options);
    expect(nodes.map(({ host }) => [host.name, host.paiWorker])).toEqual([
      ['w3', true],
      ['w4', false],
    ]);
    expect(nodes.map(({ written }) => Object.entries(written).map(([key, value]) => `${key}: ${value}`))).toEqual([
      [
        'hostname: w3',
        'hostip: 10.1.0.13',
        'machine-type: GPU',
        'k8s-role: worker',
        'pai-worker: true',
        'password: !env PW',
      ],
      ['hostname: w4', 'hostip: 10.1.0.14', 'machine-type: GPU', 'k8s-role: worker'],
    ]);
  });

  it.each([
    [
      'hostname,hostip,machine-type,k8s-role\nw3,10.1.0.12,GPU,worker',
      /nodes.csv:2:4: hostip "10.1.0.12" is that of "w2"/,
    ],
    [
      'hostname,hostip,machine-type,k8s-role\n\nw3,10.1.0.13,GP,worker',
      /nodes.csv:3:14: machine-type "GP" is not in machine-sku/,
    ],
    [
      'hostname,hostip,machine-type,k8s-role\nw3,10.1.0.13,GPU,worker,x',
      /nodes.csv:2:1: there are 5 values for 4 columns/,
    ],
    ['hostname,hostname2\nw3,a', /nodes.csv:2:4: unknown key "hostname2"/],
    ['', /nodes.csv:1:1: the file is empty/],
  ])('that is wrong is told at its place: %j', async (text, problem) => {
    const { options } = csv(text);
    const error = await failure(loadNodeList(options));
    expect([error.code, error.exitCode]).toEqual(['CONFIG_INVALID', 2]);
    expect(error.details.join('\n')).toMatch(problem);
  });
});
