import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { composeFiles, type HadoopCluster } from '../../../../tasks/hadoop/compose.js';
import { readProperties } from '../../../../tasks/hadoop/properties-xml.js';
import { type PropertyTable, readTable } from '../../../../tasks/hadoop/property-table.js';
import { FILES, type FileName, ROLES, type Section } from '../../../../tasks/hadoop/roles.js';
import type { Stock } from '../../../../tasks/hadoop/stock.js';
import { fakeStock, type Layout } from './fake-release.js';

const cluster: HadoopCluster = {
  master: '10.0.0.1',
  zookeeper: '10.0.0.1:2181',
  queues: [
    { name: 'default', capacity: 59.5 },
    { name: 'vc1', capacity: 40.5 },
  ],
  skus: { BIG: { memoryMb: 206438, vcores: 23 }, SMALL: { memoryMb: 2048, vcores: 1 } },
};

let overlays: PropertyTable;
beforeAll(async () => {
  const file = path.resolve(import.meta.dirname, '../../../../templates/hadoop/overlays.yaml');
  overlays = await readTable(file, 'overlays.yaml');
});

function stock(layout: Layout = 'fake-2.x'): Stock {
  const files = fakeStock(layout);
  return new Map(FILES.map((file) => [file, files[file] ?? files[`${file}.template`] ?? '']));
}

function overrides(section: Section, file: FileName, properties: Record<string, string>): PropertyTable {
  return new Map([[section, new Map([[file, new Map(Object.entries(properties))]])]]);
}

async function propertiesIn(file: string, tables: readonly PropertyTable[] = [overlays], layout?: Layout) {
  const files = await composeFiles(stock(layout), tables, cluster);
  return Object.fromEntries(await readProperties(files.get(file) ?? '', file));
}

describe("the configuration of Hadoop's roles", () => {
  it('has every file of every role, and one of node managers for each SKU', async () => {
    const files = await composeFiles(stock(), [overlays], cluster);
    const folders = ROLES.flatMap((role) =>
      role === 'hadoop-node-manager' ? [`${role}/BIG`, `${role}/SMALL`] : [role],
    );
    expect([...files.keys()].sort()).toEqual(
      folders.flatMap((folder) => FILES.map((file) => `${folder}/${file}`)).sort(),
    );
  });

  it.each(['fake-2.x', 'fake-3.x'] as const)(
    'has the values that the services rely on, with the stock files of %s',
    async (layout) => {
      expect(await propertiesIn('hadoop-client/core-site.xml', [overlays], layout)).toEqual({
        'fs.defaultFS': 'hdfs://10.0.0.1:9000',
      });
      expect(await propertiesIn('hadoop-name-node/hdfs-site.xml', [overlays], layout)).toMatchObject({
        'dfs.replication': '2',
        'dfs.webhdfs.enabled': 'true',
        'dfs.namenode.name.dir': 'file:///var/lib/hdfs/name',
        'dfs.namenode.handler.count': '100',
        'dfs.namenode.http-address': '10.0.0.1:50070',
      });
      expect(await propertiesIn('hadoop-data-node/hdfs-site.xml', [overlays], layout)).toMatchObject({
        'dfs.datanode.data.dir': 'file:///var/lib/hdfs/data',
        'dfs.datanode.max.transfer.threads': '8192',
      });
      expect(await propertiesIn('hadoop-jobhistory/mapred-site.xml', [overlays], layout)).toMatchObject({
        'mapreduce.framework.name': 'yarn',
        'mapreduce.jobhistory.webapp.address': '10.0.0.1:19888',
      });
      expect(await propertiesIn('hadoop-resource-manager/yarn-site.xml', [overlays], layout)).toMatchObject({
        'yarn.resourcemanager.webapp.address': '10.0.0.1:8088',
        'yarn.resourcemanager.zk-address': '10.0.0.1:2181',
        'yarn.scheduler.maximum-allocation-mb': '1048576',
        'yarn.log-aggregation.retain-seconds': '604800',
        'yarn.nodemanager.remote-app-log-dir': '/sys/logs',
        'yarn.timeline-service.webapp.address': '10.0.0.1:8188',
      });
      const files = await composeFiles(stock(layout), [overlays], cluster);
      expect(files.get('hadoop-resource-manager/yarn-env.sh')).toMatch(
        /\nexport YARN_RESOURCEMANAGER_HEAPSIZE='8192'\n$/,
      );
      expect(files.get('hadoop-node-manager/BIG/yarn-env.sh')).toMatch(/\nexport YARN_NODEMANAGER_HEAPSIZE='4096'\n$/);
      expect(files.get('hadoop-client/yarn-env.sh')).toBe(fakeStock(layout)['yarn-env.sh']);
    },
  );

  it('has what each SKU may hand out in the node managers of that SKU, and only there', async () => {
    expect(await propertiesIn('hadoop-node-manager/BIG/yarn-site.xml')).toMatchObject({
      'yarn.nodemanager.resource.memory-mb': '206438',
      'yarn.nodemanager.resource.cpu-vcores': '23',
    });
    expect(await propertiesIn('hadoop-node-manager/SMALL/yarn-site.xml')).toMatchObject({
      'yarn.nodemanager.resource.memory-mb': '2048',
      'yarn.nodemanager.resource.cpu-vcores': '1',
    });
    expect(Object.keys(await propertiesIn('hadoop-resource-manager/yarn-site.xml'))).not.toContain(
      'yarn.nodemanager.resource.memory-mb',
    );
  });

  it('has a queue of the scheduler for each virtual cluster, beside what the stock file has', async () => {
    const root = 'yarn.scheduler.capacity.root';
    expect(await propertiesIn('hadoop-resource-manager/capacity-scheduler.xml')).toMatchObject({
      [`${root}.queues`]: 'default,vc1',
      [`${root}.default.capacity`]: '59.5',
      [`${root}.vc1.capacity`]: '40.5',
      [`${root}.vc1.state`]: 'RUNNING',
      'yarn.scheduler.capacity.resource-calculator': 'org.apache.hadoop.yarn.util.resource.DominantResourceCalculator',
      'yarn.scheduler.capacity.maximum-applications': '7',
    });
  });

  it("lets the operator's overrides win, of all roles as of one", async () => {
    const all = overrides('all-roles', 'hdfs-site.xml', {
      'dfs.replication': '3',
      'dfs.namenode.handler.count': '7',
      'my.own': '{{ master }}',
    });
    expect(await propertiesIn('hadoop-name-node/hdfs-site.xml', [overlays, all])).toMatchObject({
      'dfs.replication': '3',
      'dfs.namenode.handler.count': '7',
      'my.own': '10.0.0.1',
    });
    const one = overrides('hadoop-data-node', 'hdfs-site.xml', { 'dfs.replication': '1' });
    expect(await propertiesIn('hadoop-data-node/hdfs-site.xml', [overlays, one])).toMatchObject({
      'dfs.replication': '1',
    });
    expect(await propertiesIn('hadoop-name-node/hdfs-site.xml', [overlays, one])).toMatchObject({
      'dfs.replication': '2',
    });
    const queue = overrides('each-queue', 'capacity-scheduler.xml', {
      'yarn.scheduler.capacity.root.{{ queue }}.maximum-capacity': '{{ capacity }}',
    });
    expect(await propertiesIn('hadoop-client/capacity-scheduler.xml', [overlays, queue])).toMatchObject({
      'yarn.scheduler.capacity.root.vc1.maximum-capacity': '40.5',
    });
  });

  it('is the same bytes for the same input', async () => {
    expect([...(await composeFiles(stock(), [overlays], cluster))]).toEqual([
      ...(await composeFiles(stock(), [overlays], cluster)),
    ]);
  });

  it('names the stock file that is no configuration', async () => {
    const broken = new Map(stock()).set('hdfs-site.xml', '<configuration>');
    await expect(composeFiles(broken, [overlays], cluster)).rejects.toMatchObject({
      code: 'ARCHIVE',
      message: expect.stringContaining(
        'etc/hadoop/hdfs-site.xml of the release is not a configuration file of Hadoop: ',
      ),
    });
  });
});
