import { afterEach, describe, expect, it } from 'vitest';
import {
  CLUSTER,
  type Edit,
  KUBERNETES,
  loadEdited,
  problems,
  removeEdited,
  warnings,
} from './configuration-fixture.js';

afterEach(removeEdited);

/** The fixture with fields of its own in kubernetes-configuration.yaml; they are its last lines, from line 14 on. */
const withFields = (...lines: readonly string[]): Edit => [
  KUBERNETES,
  'pause-version: "3.2"\n',
  ['pause-version: "3.2"', ...lines, ''].join('\n  '),
];

const bridge = (podCidr: string, ...more: readonly string[]): Edit =>
  withFields('network: bridge', `pod-cidr: ${podCidr}`, ...more);

const USED = 'choose a range that nothing in your network uses';

describe('the network of pods', () => {
  it('is that of hosts unless told', async () => {
    const { kubernetes } = await loadEdited();
    expect(kubernetes.network).toEqual({ kind: 'host-only' });
    expect(kubernetes.ownDns).toBe(false);
  });

  it('is a bridge with a range of which each host gets a part', async () => {
    const { kubernetes } = await loadEdited(bridge('10.244.0.0/16'));
    expect(kubernetes.network).toEqual({ kind: 'bridge', podCidr: '10.244.0.0/16', mask: 24 });
  });

  it('is what manifests of the configuration folder make it', async () => {
    const { kubernetes, directory } = await loadEdited(withFields('network: manifests', 'network-manifests: cni'));
    expect(kubernetes.network).toEqual({ kind: 'manifests', path: `${directory}/cni`, mask: 24 });
  });

  const wrong: readonly [string, readonly Edit[], readonly string[]][] = [
    [
      'a bridge without a range',
      [withFields('network: bridge')],
      [
        `${KUBERNETES}:14:12: network: bridge needs a range for pods; add pod-cidr: 10.244.0.0/16 if nothing in your network uses that`,
      ],
    ],
    [
      'manifests that are nowhere',
      [withFields('network: manifests')],
      [`${KUBERNETES}:14:12: network: manifests needs network-manifests, a manifest or a folder of them`],
    ],
    [
      'a network that there is not',
      [withFields('network: overlay')],
      [`${KUBERNETES}:14:12: network must be host-only or bridge or manifests, not "overlay"`],
    ],
    [
      'what is no range',
      [bridge('10.244.0.0')],
      [
        `${KUBERNETES}:15:13: pod-cidr must be an IPv4 range such as 10.244.0.0/16, its prefix from 8 to 28, not "10.244.0.0"`,
      ],
    ],
    [
      'a range that does not start at its first address',
      [bridge('10.244.7.0/16')],
      [`${KUBERNETES}:15:13: pod-cidr 10.244.7.0/16 does not start at its first address; did you mean 10.244.0.0/16?`],
    ],
    [
      'a range with machines in it',
      [bridge('10.1.0.0/20')],
      [
        `${KUBERNETES}:15:13: pod-cidr 10.1.0.0/20 holds cluster-dns 10.1.0.254; ${USED}`,
        `${KUBERNETES}:15:13: pod-cidr 10.1.0.0/20 holds the address of m1 (10.1.0.1), m2 (10.1.0.2), m3 (10.1.0.3) and 3 more; ${USED}`,
      ],
    ],
    [
      'a range with the load balancer in it',
      [
        bridge('10.244.0.0/16'),
        [CLUSTER, 'k8s-role: proxy', 'k8s-role: worker'],
        [KUBERNETES, 'load-balance-ip: 10.1.0.4', 'load-balance-ip: 10.244.7.7'],
      ],
      [`${KUBERNETES}:15:13: pod-cidr 10.244.0.0/16 holds load-balance-ip 10.244.7.7; ${USED}`],
    ],
    [
      'a range inside that of services',
      [bridge('10.96.64.0/18')],
      [`${KUBERNETES}:15:13: pod-cidr 10.96.64.0/18 overlaps service-cluster-ip-range 10.96.0.0/16; ${USED}`],
    ],
    [
      'a range around that of services',
      [bridge('10.96.0.0/12')],
      [`${KUBERNETES}:15:13: pod-cidr 10.96.0.0/12 overlaps service-cluster-ip-range 10.96.0.0/16; ${USED}`],
    ],
    [
      'fewer parts than hosts',
      [bridge('10.244.0.0/22')],
      [
        `${KUBERNETES}:15:13: pod-cidr 10.244.0.0/22 has room for 4 hosts with pod-cidr-mask 24, and there are 6; take a larger range or a larger pod-cidr-mask`,
      ],
    ],
    [
      'a part that is larger than the whole',
      [bridge('10.244.0.0/26')],
      [
        `${KUBERNETES}:15:13: pod-cidr 10.244.0.0/26 is smaller than the part of one host (pod-cidr-mask 24); take a larger range or a larger pod-cidr-mask`,
      ],
    ],
    [
      'machines with IPv6',
      [bridge('10.244.0.0/16'), [CLUSTER, 'hostip: 10.1.0.12', 'hostip: fd00::12']],
      [`${KUBERNETES}:14:12: network: bridge is for IPv4 only, and the address of w2 is IPv6`],
    ],
    [
      "the API server's address for the name server",
      [bridge('10.244.0.0/16'), [KUBERNETES, 'cluster-dns: 10.1.0.254', 'cluster-dns: 10.96.0.1']],
      [
        `${KUBERNETES}:2:16: cluster-dns 10.96.0.1 is the API server's own service; take another of that range, such as 10.96.0.10`,
      ],
    ],
    [
      'a broadcast address for the name server',
      [bridge('10.244.0.0/16'), [KUBERNETES, 'cluster-dns: 10.1.0.254', 'cluster-dns: 10.96.255.255']],
      [
        `${KUBERNETES}:2:16: cluster-dns 10.96.255.255 is no address of a service; take another of that range, such as 10.96.0.10`,
      ],
    ],
  ];

  it.each(wrong)('is told at its place: %s', async (_, edits, expected) => {
    expect(await problems(...edits)).toEqual(expected);
  });

  it('takes small parts for many hosts', async () => {
    await loadEdited(bridge('10.244.0.0/24', 'pod-cidr-mask: 27'));
  });

  it('has the name server of the cluster where cluster-dns is an address of services', async () => {
    const edits = [
      bridge('10.244.0.0/16'),
      [KUBERNETES, 'cluster-dns: 10.1.0.254', 'cluster-dns: 10.96.0.10'],
    ] as const;
    expect((await loadEdited(...edits)).kubernetes.ownDns).toBe(true);
    expect(await warnings(...edits)).toEqual([]);
  });

  it('warns of what says nothing', async () => {
    expect(await warnings(withFields('pod-cidr: 10.244.0.0/16', 'network-manifests: cni'))).toEqual([
      `${KUBERNETES}:14:13: pod-cidr says nothing with network: host-only, where pods have no addresses`,
      `${KUBERNETES}:15:22: network-manifests says nothing without network: manifests`,
    ]);
    expect(await warnings([KUBERNETES, 'cluster-dns: 10.1.0.254', 'cluster-dns: 10.96.0.10'])).toEqual([
      `${KUBERNETES}:2:16: cluster-dns 10.96.0.10 is an address of services, and with network: host-only no name server runs there; use network: bridge, or the address of your name server`,
    ]);
  });
});

describe('the dashboard', () => {
  it('is deployed of release 2 only', async () => {
    expect(await problems([KUBERNETES, 'dashboard-version: v2.2.0', 'dashboard-version: v1.8.3'])).toEqual([
      `${KUBERNETES}:12:22: dashboard-version v1.8.3 is not of release 2, which is the one that is deployed on m1; take v2.7.0, or dashboard: "true" from it`,
    ]);
  });

  it('may have any version where no machine has it', async () => {
    await loadEdited(
      [KUBERNETES, 'dashboard-version: v2.2.0', 'dashboard-version: v1.8.3'],
      [CLUSTER, '    dashboard: "true"\n', ''],
    );
  });
});
