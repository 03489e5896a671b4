import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { totalCapacity, virtualClusters } from '../../../src/cluster/virtual-clusters.js';
import { loadEdited, removeEdited, SERVICES } from './configuration-fixture.js';

afterEach(removeEdited);

const capacities = fc.dictionary(
  fc.constantFrom('a', 'b', 'c', 'd', 'default'),
  fc.record({ capacity: fc.double({ min: 0, max: 300, noNaN: true }) }),
  // As YAML gives them.
  { noNullPrototype: true },
);

describe('virtual clusters', () => {
  it('share 100 percent, whatever is configured', () => {
    fc.assert(
      fc.property(capacities, (entries) => {
        const clusters = virtualClusters(entries);
        const sum = clusters.reduce((total, { capacity }) => total + capacity, 0);
        expect(sum).toBeCloseTo(100, 4);
        expect(clusters.every(({ capacity }) => capacity >= 0)).toBe(true);
        expect(clusters.map(({ name }) => name)).toContain('default');
      }),
    );
  });

  it('keep what they were given up to 100 percent, and their proportions beyond', () => {
    fc.assert(
      fc.property(capacities, (entries) => {
        const total = totalCapacity(entries);
        for (const { name, capacity } of virtualClusters(entries)) {
          const given = entries[name]?.capacity;
          if (name === 'default' || given === undefined) continue;
          if (total <= 100) expect(capacity).toBe(given);
          else expect(Math.abs(capacity - (given * 100) / total)).toBeLessThanOrEqual(0.0101);
        }
      }),
    );
  });

  it('leave the rest to default, on top of its own', () => {
    expect(virtualClusters({})).toEqual([{ name: 'default', capacity: 100 }]);
    expect(virtualClusters({ a: { capacity: 40, description: 'first' }, b: { capacity: 0.1 } })).toEqual([
      { name: 'a', capacity: 40, description: 'first' },
      { name: 'b', capacity: 0.1 },
      { name: 'default', capacity: 59.9 },
    ]);
    expect(virtualClusters({ default: { capacity: 10 }, a: { capacity: 40 } })).toEqual([
      { name: 'default', capacity: 60 },
      { name: 'a', capacity: 40 },
    ]);
  });

  it('get hundredths of a percent when they are scaled down', () => {
    expect(virtualClusters({ a: { capacity: 100 }, b: { capacity: 100 }, c: { capacity: 100 } })).toEqual([
      { name: 'a', capacity: 33.33 },
      { name: 'b', capacity: 33.33 },
      { name: 'c', capacity: 33.33 },
      { name: 'default', capacity: 0.01 },
    ]);
  });

  it('are in the model and in what templates see', async () => {
    const cluster = await loadEdited([
      SERVICES,
      '\nrestserver:',
      '\nhadoop:\n  custom-hadoop-binary-path: own/hadoop.tar.gz\n  virtualClusters: {a: {capacity: 25}}\nrestserver:',
    ]);
    expect(cluster.services.hadoop).toEqual({
      customHadoopBinaryPath: `${cluster.directory}/own/hadoop.tar.gz`,
      hadoopVersion: '2.9.0',
      hadoopDownloadUrl: 'https://archive.apache.org/dist/hadoop/common/hadoop-2.9.0/hadoop-2.9.0.tar.gz',
      virtualClusters: [
        { name: 'a', capacity: 25 },
        { name: 'default', capacity: 75 },
      ],
    });
    expect(await cluster.variables.services()).toMatchObject({
      clusterinfo: { hadoop: { virtualClusters: { a: { capacity: 25 }, default: { capacity: 75 } } } },
    });
  });
});
