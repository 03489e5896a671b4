import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeInventory,
  encodeInventory,
  type Inventory,
  inventoryId,
  unionOf,
  unionOfLabels,
  withoutLabels,
  withoutObjects,
} from '../../../src/kube/inventory.js';
import { objectAt } from '../../../src/model/json-path.js';
import { fakeStamp } from './fake-context.js';

const inventory: Inventory = {
  target: 'service:pylon',
  stamp: fakeStamp('service:pylon'),
  objects: [
    { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'default', name: 'pylon', generation: 3 },
    { apiVersion: 'v1', kind: 'Namespace', name: 'monitoring', fields: 'd1' },
  ],
  nodeLabels: { '10.0.0.1': { pylon: 'true' } },
};
const configMap = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name });

describe('an inventory', () => {
  it('is read back as it was written', () => {
    expect(decodeInventory(encodeInventory(inventory))).toEqual(inventory);
  });

  it('without a stamp is read back without one', () => {
    const { stamp: _, ...unfinished } = inventory;
    expect(decodeInventory(encodeInventory(unfinished))).toEqual(unfinished);
  });

  it.each([
    ['no list', { inventory: '{', 'node-labels': '{}' }],
    ['a list with something else in it', { inventory: '[{"kind":"Pod"}]', 'node-labels': '{}' }],
    ['no labels', { inventory: '[]' }],
  ])('that is damaged (%s) counts as unfinished', (_, data) => {
    const damaged = decodeInventory({ ...encodeInventory(inventory), data });
    expect(damaged).toMatchObject({ target: 'service:pylon' });
    expect(damaged).not.toHaveProperty('stamp');
  });

  it('with the stamp of another target counts as unfinished', () => {
    const other = encodeInventory({ ...inventory, stamp: fakeStamp('service:other') });
    expect(decodeInventory(other)).not.toHaveProperty('stamp');
  });

  it('of no target is none', () => {
    expect(decodeInventory({ metadata: { annotations: {} } })).toBeUndefined();
  });

  it('is in a ConfigMap with a name that people can read', () => {
    expect(inventoryId('service:pylon')).toMatchObject({ namespace: 'kube-system', name: 'pai-service.pylon' });
  });

  it('has a name that Kubernetes takes, and no two targets share one', () => {
    const targets = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 300 }), { minLength: 2, maxLength: 5 });
    fc.assert(
      fc.property(targets, (names) => {
        // The colon becomes a dot, which target names do not have otherwise.
        const plain = names.filter((name) => !name.includes('.'));
        const made = plain.map((name) => inventoryId(name).name);
        expect(new Set(made).size).toBe(plain.length);
        for (const name of made) {
          expect(name.length).toBeLessThan(254);
          expect(name).toMatch(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/);
        }
      }),
      { examples: [[['0: :0', ' ']], [[`${'x'.repeat(199)}:y`, 'service-:x']]] },
    );
  });

  it('holds no more than ids, stamp and labels', () => {
    expect(Object.keys(objectAt(encodeInventory(inventory), 'data'))).toEqual(['inventory', 'node-labels']);
  });
});

describe('objects of two applies', () => {
  it('are united without repeating any', () => {
    expect(unionOf([configMap('a'), configMap('b')], [configMap('b'), configMap('c')])).toEqual(
      ['a', 'b', 'c'].map(configMap),
    );
  });

  it('that are not wanted any more are the difference', () => {
    expect(withoutObjects([configMap('a'), configMap('b')], [configMap('b')])).toEqual([configMap('a')]);
  });

  it('are the same under another API version, so that an upgrade of the version deletes nothing', () => {
    const old = { apiVersion: 'extensions/v1beta1', kind: 'Ingress', namespace: 'default', name: 'web' };
    expect(withoutObjects([old], [{ ...old, apiVersion: 'networking.k8s.io/v1' }])).toEqual([]);
  });
});

describe('node labels of two applies', () => {
  it('are united, the newer value wins', () => {
    expect(unionOfLabels({ a: { x: '1', y: '1' } }, { a: { x: '2' }, b: { z: '1' } })).toEqual({
      a: { x: '2', y: '1' },
      b: { z: '1' },
    });
  });

  it('that nobody wants any more are the difference', () => {
    const before = { a: { x: '1', y: '1' }, b: { z: '1' } };
    expect(withoutLabels(before, [{ a: { x: '2' } }, { b: { z: '1' } }])).toEqual({ a: { y: '1' } });
  });
});
