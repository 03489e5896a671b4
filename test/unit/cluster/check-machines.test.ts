import { afterEach, describe, expect, it } from 'vitest';
import {
  CLUSTER,
  type Edit,
  edited,
  failure,
  KUBERNETES,
  load,
  problems,
  removeEdited,
  warnings,
} from './configuration-fixture.js';

afterEach(removeEdited);

describe('machines', () => {
  const cases: readonly [string, readonly Edit[], readonly string[]][] = [
    [
      'a pai-master without zkid',
      [[CLUSTER, '    zkid: "1"\n', '']],
      [`${CLUSTER}:16:5: machine "m1" has pai-master: "true", so ZooKeeper runs there, and no zkid: give it zkid: "1"`],
    ],
    [
      'a zkid twice',
      [[CLUSTER, 'etcdid: etcdid2', 'etcdid: etcdid2\n    zkid: 1']],
      [`${CLUSTER}:30:11: zkid "1" is that of the machine on line 21 already; it must be unique`],
    ],
    [
      'a zkid that ZooKeeper would refuse',
      [[CLUSTER, 'zkid: "1"', 'zkid: "0"']],
      [`${CLUSTER}:21:11: zkid must be a number from 1 to 255, not "0"`],
    ],
    [
      'an IPv6 address twice, written in two ways',
      [
        [CLUSTER, 'hostip: 10.1.0.11', 'hostip: fd00::11'],
        [CLUSTER, 'hostip: 10.1.0.12', 'hostip: FD00:0:0::0011'],
      ],
      [`${CLUSTER}:50:13: hostip "FD00:0:0::0011" is that of the machine on line 44 already; it must be unique`],
    ],
    [
      'an address with a zone',
      [[CLUSTER, 'hostip: 10.1.0.11', 'hostip: fe80::1%eth0']],
      [`${CLUSTER}:44:13: hostip must be an IPv4 or IPv6 address, not "fe80::1%eth0"`],
    ],
    [
      'a host name that is none',
      [[CLUSTER, 'hostname: w1', 'hostname: w_1']],
      [
        `${CLUSTER}:43:15: hostname must be a host name: letters, digits, dots and hyphens, at most 63 characters, not "w_1"`,
      ],
    ],
  ];

  it.each(cases)('are told at their place when something is wrong: %s', async (_, edits, expected) => {
    expect(await problems(...edits)).toEqual(expected);
  });

  it('are told with all that is wrong at once', async () => {
    const told = await problems(
      [CLUSTER, '    zkid: "1"\n', ''],
      [CLUSTER, 'etcdid: etcdid3', 'etcdid: etcdid2'],
      [CLUSTER, 'hostip: 10.1.0.12', 'hostip: 10.1.0.11'],
      [KUBERNETES, '10.96.0.0/16', '10.1.0.0/24'],
    );
    expect(told.map((line) => line.split(': ')[0])).toEqual([
      `${CLUSTER}:16:5`,
      `${CLUSTER}:34:13`,
      `${CLUSTER}:49:13`,
      `${KUBERNETES}:4:29`,
    ]);
  });
});

describe('warnings about machines', () => {
  it('are none about the fixture', async () => {
    expect(await warnings()).toEqual([]);
  });

  const cases: readonly [string, readonly Edit[], readonly string[]][] = [
    [
      'an even number of masters',
      [[CLUSTER, 'k8s-role: master\n    etcdid: etcdid3', 'k8s-role: worker']],
      [`${CLUSTER}:15:1: 2 masters bear no more failures than 1, since etcd needs a majority; have 1 or 3`],
    ],
    [
      'no dashboard',
      [[CLUSTER, '    dashboard: "true"\n', '']],
      [`${CLUSTER}:15:1: no machine has dashboard: "true", so the Kubernetes dashboard runs nowhere; give it to one`],
    ],
    [
      'two dashboards',
      [[CLUSTER, 'username: ops', 'username: ops\n    dashboard: true']],
      [
        `${CLUSTER}:54:16: the dashboard is looked for on the machine of line 22; give dashboard: "true" to one machine only`,
      ],
    ],
    [
      'a zkid where ZooKeeper does not run',
      [[CLUSTER, 'etcdid: etcdid2', 'etcdid: etcdid2\n    zkid: 2']],
      [`${CLUSTER}:30:5: zkid says nothing here: ZooKeeper runs on the machine with pai-master only; remove it`],
    ],
  ];

  it.each(cases)('are told at their place: %s', async (_, edits, expected) => {
    expect(await warnings(...edits)).toEqual(expected);
  });

  it('do not make an error, and are not in one', async () => {
    const noDashboard: Edit = [CLUSTER, '    dashboard: "true"\n', ''];
    await load(edited(noDashboard));
    const error = await failure(load(edited(noDashboard, [CLUSTER, 'mem: 224', 'mem: 0'])));
    expect(error.details).toHaveLength(1);
    expect(error.details[0]).toContain('mem must be more than 0');
  });
});
