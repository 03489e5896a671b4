import { randomBytes } from 'node:crypto';
import { afterEach, expect, it } from 'vitest';
import { type ConfigurationStore, createConfigurationStore } from '../../../src/kube/configuration-store.js';
import { objectAt, textAt } from '../../../src/model/json-path.js';
import { failureOf, onEachCluster } from './driver-fixture.js';

onEachCluster('copies of the configuration', (cluster) => {
  const opened: ConfigurationStore[] = [];
  const open = (): ConfigurationStore => {
    const store = createConfigurationStore(async () => cluster().credentials);
    opened.push(store);
    return store;
  };
  const revision = (number: number, by = 'ann@laptop') => ({ number, by, at: '2026-01-02T03:04:05.000Z' });

  afterEach(async () => {
    const [store] = opened;
    for (const { number } of (await store?.list()) ?? []) {
      const name = `pai-configuration-${number}`;
      await cluster().objects.remove(
        { apiVersion: 'v1', kind: 'Secret', namespace: 'kube-system', name },
        'Background',
      );
    }
    await Promise.all(opened.splice(0).map((one) => one.close()));
  });

  it('are none at first', async () => {
    expect(await open().list()).toEqual([]);
    expect(await open().read(1)).toBeUndefined();
  });

  it('are read back as they were, and listed newest first with who and when', async () => {
    const files = { 'a.yaml': 'x: "ä"\r\n# end', 'b.yaml': '' };
    const store = open();
    for (const number of [1, 2, 10]) expect(await store.add(revision(number), { ...files, n: `${number}` })).toBe(true);
    const other = open();
    expect(await other.list()).toEqual([10, 2, 1].map((number) => revision(number)));
    expect(await other.read(2)).toEqual({ ...files, n: '2' });
  });

  it('of the same number are not taken, whoever comes second', async () => {
    const stores = [open(), open(), open()];
    const added = await Promise.all(
      stores.map((store, index) => store.add(revision(1, `${index}`), { a: `${index}` })),
    );
    expect(added.filter(Boolean)).toHaveLength(1);
    const winner = String(added.indexOf(true));
    expect(await open().read(1)).toEqual({ a: winner });
    expect(await open().list()).toEqual([revision(1, winner)]);
  });

  it('are the newest 20', async () => {
    const store = open();
    for (let number = 1; number <= 22; number++) await store.add(revision(number), { a: '' });
    const numbers = (await store.list()).map(({ number }) => number);
    expect(numbers).toEqual(Array.from({ length: 20 }, (_, index) => 22 - index));
  });

  it('are in Secrets that nothing of the text can be read in', async () => {
    await open().add(revision(1), { a: 'password: hush' });
    const secret = await cluster().read('Secret', 'pai-configuration-1', 'kube-system');
    expect(textAt(secret, 'type')).toBe('Opaque');
    expect(JSON.stringify(objectAt(secret, 'metadata'))).not.toContain('hush');
  });

  it('that no Secret can hold are refused before they are sent', async () => {
    const error = await failureOf(open().add(revision(1), { a: randomBytes(1024 * 1024).toString('base64') }));
    expect(error).toMatchObject({ code: 'USAGE', exitCode: 2 });
    expect(await open().list()).toEqual([]);
  });
});
