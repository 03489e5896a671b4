import { afterEach, describe, expect, it } from 'vitest';
import { CLUSTER, type Edit, KUBERNETES, loadEdited, problems, removeEdited } from './configuration-fixture.js';

afterEach(removeEdited);

/** The fixture on IPv6: all machines, the balancer, and the range of services. */
const IPV6: readonly Edit[] = [
  ...[1, 2, 3, 4].map((n): Edit => [CLUSTER, `hostip: 10.1.0.${n}\n`, `hostip: fd00::${n}\n`]),
  ...[11, 12].map((n): Edit => [CLUSTER, `hostip: 10.1.0.${n}\n`, `hostip: fd00::${n}\n`]),
];

function ipv6(balancer: string, range: string): readonly Edit[] {
  return [
    ...IPV6,
    [KUBERNETES, 'load-balance-ip: 10.1.0.4', `load-balance-ip: ${balancer}`],
    [KUBERNETES, '10.96.0.0/16', range],
  ];
}

const WHAT = 'choose a range that nothing in your network uses';

describe('the range of services', () => {
  const cases: readonly [string, readonly Edit[], readonly string[]][] = [
    [
      'it holds machines',
      [[KUBERNETES, '10.96.0.0/16', '10.1.0.0/16']],
      [
        `${KUBERNETES}:4:29: service-cluster-ip-range 10.1.0.0/16 holds the address of m1 (10.1.0.1), m2 (10.1.0.2), m3 (10.1.0.3) and 3 more; ${WHAT}`,
      ],
    ],
    [
      'its last address is a machine',
      [
        [KUBERNETES, '10.96.0.0/16', '10.1.0.8/29'],
        [CLUSTER, 'hostip: 10.1.0.11', 'hostip: 10.1.0.16'],
        [CLUSTER, 'hostip: 10.1.0.12', 'hostip: 10.1.0.15'],
      ],
      [`${KUBERNETES}:4:29: service-cluster-ip-range 10.1.0.8/29 holds the address of w2 (10.1.0.15); ${WHAT}`],
    ],
    [
      'it does not start at its first address and holds a machine all the same',
      [[KUBERNETES, '10.96.0.0/16', '10.1.0.9/29']],
      [
        `${KUBERNETES}:4:29: service-cluster-ip-range 10.1.0.9/29 does not start at its first address; did you mean 10.1.0.8/29?`,
        `${KUBERNETES}:4:29: service-cluster-ip-range 10.1.0.9/29 holds the address of w1 (10.1.0.11), w2 (10.1.0.12); ${WHAT}`,
      ],
    ],
    [
      'it holds a load balancer outside the cluster',
      [
        [CLUSTER, 'k8s-role: proxy', 'k8s-role: worker'],
        [KUBERNETES, 'load-balance-ip: 10.1.0.4', 'load-balance-ip: 10.96.7.7'],
      ],
      [`${KUBERNETES}:4:29: service-cluster-ip-range 10.96.0.0/16 holds load-balance-ip 10.96.7.7; ${WHAT}`],
    ],
    [
      'it holds IPv6 machines',
      ipv6('fd00::4', 'fd00::/112'),
      [
        `${KUBERNETES}:4:29: service-cluster-ip-range fd00::/112 holds the address of m1 (fd00::1), m2 (fd00::2), m3 (fd00::3) and 3 more; ${WHAT}`,
      ],
    ],
    [
      'it is of another kind than the masters',
      ipv6('fd00::4', '10.96.0.0/16'),
      [
        `${KUBERNETES}:4:29: service-cluster-ip-range 10.96.0.0/16 is IPv4, and m1, m2, m3 have an IPv6 address; an API server takes a range of its own kind`,
      ],
    ],
    [
      'it is too large for an API server',
      [[KUBERNETES, '10.96.0.0/16', '10.0.0.0/8']],
      [
        `${KUBERNETES}:4:29: service-cluster-ip-range 10.0.0.0/8 holds the address of m1 (10.1.0.1), m2 (10.1.0.2), m3 (10.1.0.3) and 3 more; ${WHAT}`,
        `${KUBERNETES}:4:29: service-cluster-ip-range must be a range such as 10.96.0.0/12 or fd00:96::/112, its prefix from 12 to 29 (IPv6: from 108 to 125), not "10.0.0.0/8"`,
      ],
    ],
  ];

  it.each(cases)('is told at its place when something is wrong: %s', async (_, edits, expected) => {
    expect(await problems(...edits)).toEqual(expected);
  });

  it('may lie beside the machines', async () => {
    await loadEdited([KUBERNETES, '10.96.0.0/16', '10.1.0.16/28']);
    await loadEdited(...ipv6('fd00::4', 'fd00::1:0/112'));
  });
});

describe('load-balance-ip of IPv6 machines', () => {
  it('is the proxy, however it is written', async () => {
    const cluster = await loadEdited(...ipv6('FD00:0:0::4', 'fd00:96::/112'));
    expect(cluster.kubernetes).toMatchObject({ loadBalanceIp: 'FD00:0:0::4', apiServiceIp: 'fd00:96::1' });
  });

  it('is told when it is not the proxy', async () => {
    expect(await problems(...ipv6('fd00::5', 'fd00:96::/112'))).toEqual([
      `${KUBERNETES}:3:20: load-balance-ip fd00::5 must be the address of the proxy "p1", fd00::4`,
    ]);
  });
});
