import { afterEach, describe, expect, it } from 'vitest';
import {
  CLUSTER,
  type Edit,
  FIXTURE,
  hostOf,
  KUBERNETES,
  load,
  loadEdited,
  removeEdited,
  SERVICES,
} from './configuration-fixture.js';

afterEach(removeEdited);

describe('addresses', () => {
  it('are worked out from who runs what', async () => {
    expect((await load(FIXTURE)).addresses).toEqual({
      etcdPeers: 'etcdid1=https://10.1.0.1:2380,etcdid2=https://10.1.0.2:2380,etcdid3=https://10.1.0.3:2380',
      etcdServers: 'https://10.1.0.1:2379,https://10.1.0.2:2379,https://10.1.0.3:2379',
      apiServer: 'https://10.1.0.4:6443',
      dashboard: 'https://10.1.0.1:9090',
      zookeeper: '10.1.0.1:2181',
      hdfs: 'hdfs://10.1.0.1:9000',
      webHdfs: 'http://10.1.0.1:50070',
      yarn: 'http://10.1.0.1:8088',
      jobHistory: 'http://10.1.0.1:19888',
      timeline: 'http://10.1.0.1:8188',
      launcher: 'http://10.1.0.1:9086',
      restServer: 'http://10.1.0.1:9186',
      webportal: 'http://10.1.0.1:9286',
      grafana: 'http://10.1.0.1:3000',
      prometheus: 'http://10.1.0.1:9091',
      pylon: 'http://10.1.0.1:80',
    });
  });

  it('follow ports, and where the dashboard is', async () => {
    const { addresses, variables } = await loadEdited(
      [CLUSTER, '    dashboard: "true"\n', ''],
      [CLUSTER, 'username: ops', 'username: ops\n    dashboard: true'],
      [SERVICES, 'restserver:', 'pylon: {port: 8080}\nrestserver:\n  server-port: 9187'],
    );
    expect(addresses).toMatchObject({
      dashboard: 'https://10.1.0.12:9090',
      pylon: 'http://10.1.0.1:8080',
      restServer: 'http://10.1.0.1:9187',
    });
    expect((await variables.services()).addresses).toEqual(addresses);
  });

  it('have none of a dashboard that runs nowhere', async () => {
    expect((await loadEdited([CLUSTER, '    dashboard: "true"\n', ''])).addresses).not.toHaveProperty('dashboard');
  });

  it('of IPv6 stand in brackets, and name their nodes by host name', async () => {
    const edits = [1, 2, 3, 4].map((n): Edit => [CLUSTER, `hostip: 10.1.0.${n}\n`, `hostip: fd00::${n}\n`]);
    const cluster = await loadEdited(
      ...edits,
      [CLUSTER, 'hostname: p1', 'hostname: P1'],
      [KUBERNETES, 'load-balance-ip: 10.1.0.4', 'load-balance-ip: fd00::4'],
      [KUBERNETES, '10.96.0.0/16', 'fd00:96::/112'],
    );
    expect(cluster.addresses).toMatchObject({
      etcdPeers: 'etcdid1=https://[fd00::1]:2380,etcdid2=https://[fd00::2]:2380,etcdid3=https://[fd00::3]:2380',
      apiServer: 'https://[fd00::4]:6443',
      zookeeper: '[fd00::1]:2181',
      hdfs: 'hdfs://[fd00::1]:9000',
    });
    const { zookeeper: _, ...uris } = cluster.addresses;
    for (const text of Object.values(uris)) {
      for (const uri of text.replaceAll(/etcdid.=/g, '').split(',')) expect(() => new URL(uri)).not.toThrow();
    }
    expect(hostOf(cluster, 'P1')).toMatchObject({ address: 'fd00::4', nodeName: 'p1' });
    expect(hostOf(cluster, 'w1')).toMatchObject({ address: '10.1.0.11', nodeName: '10.1.0.11' });
  });
});
