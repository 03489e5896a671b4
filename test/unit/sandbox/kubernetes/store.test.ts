import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ObjectStore } from '../../../../src/sandbox/kubernetes/store.js';

describe('the store', () => {
  let folder: string;
  let file: string;

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'pai-store-'));
    file = path.join(folder, 'deep/store.jsonl');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const contents = (store: ObjectStore) => Object.fromEntries(store.list(''));

  it('holds what was written last, for itself and for whoever opens it, whatever is torn in between', () => {
    const step = fc.record({
      key: fc.constantFrom('a', 'b', 'c'),
      value: fc.option(fc.integer(), { nil: undefined }),
      torn: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        rmSync(file, { force: true });
        const store = new ObjectStore(file);
        const wanted = new Map<string, { value: number }>();
        for (const { key, value, torn } of steps) {
          if (value === undefined) {
            store.delete(key);
            wanted.delete(key);
          } else {
            store.put(key, () => ({ value }));
            wanted.set(key, { value });
          }
          if (torn) appendFileSync(file, '{"revision":1000,"key":"a","value":{"val');
        }
        expect(contents(store)).toEqual(Object.fromEntries(wanted));
        const other = new ObjectStore(file);
        expect(contents(other)).toEqual(Object.fromEntries(wanted));
        expect(other.revision).toBe(store.revision);
      }),
    );
  });

  it('takes in what another process wrote, and goes on with its revisions', () => {
    const [one, two] = [new ObjectStore(file), new ObjectStore(file)];
    one.put('a', (revision) => ({ revision }));
    expect(two.put('b', (revision) => ({ revision }))).toEqual({ revision: 2 });
    one.refresh();
    expect(contents(one)).toEqual({ a: { revision: 1 }, b: { revision: 2 } });
  });

  it('does not grow without bound, and who has it open notices that it was written anew', () => {
    const [one, two] = [new ObjectStore(file), new ObjectStore(file)];
    for (let count = 1; count <= 5000; count++) one.put(`key-${count % 3}`, () => ({ count }));
    expect(readFileSync(file, 'utf8').split('\n').length).toBeLessThan(2500);
    two.refresh();
    expect(contents(two)).toEqual({ 'key-0': { count: 4998 }, 'key-1': { count: 4999 }, 'key-2': { count: 5000 } });
    expect(two.revision).toBe(5000);
  });
});
