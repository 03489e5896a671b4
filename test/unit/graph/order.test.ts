import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { closure, dependentsOf, longestRemaining, project, topologicalOrder } from '../../../src/graph/order.js';
import { FakeWorld, fakeGraph } from '../run/fakes.js';
import { dags } from '../run/random.js';

const chain = fakeGraph(new FakeWorld(), {
  d: { needs: ['c'] },
  a: {},
  c: { needs: ['>b'] },
  b: { needs: ['a'] },
  e: { through: ['b'] },
});

describe('order', () => {
  test('puts needs first and otherwise keeps the order of declaration', () => {
    expect(chain.order).toEqual(['a', 'b', 'c', 'd', 'e']);
    const free = fakeGraph(new FakeWorld(), { z: {}, y: {}, x: { needs: ['w'] }, w: {} });
    expect(free.order).toEqual(['z', 'y', 'w', 'x']);
  });

  test('of some names leaves the others out', () => {
    expect(topologicalOrder(chain, ['d', 'a'])).toEqual(['a', 'd']);
  });

  test('closure has everything below, order-only needs and through included', () => {
    expect([...closure(chain, ['c'])].sort()).toEqual(['a', 'b', 'c']);
    expect([...closure(chain, ['e'])].sort()).toEqual(['a', 'b', 'e']);
  });

  test('dependentsOf has everything above, without the targets themselves', () => {
    expect([...dependentsOf(chain, ['b'])].sort()).toEqual(['c', 'd', 'e']);
    expect([...dependentsOf(chain, ['d'])]).toEqual([]);
  });

  test('project carries order through what is left out', () => {
    expect(project(chain, new Set(['a', 'd', 'e']))).toEqual(
      new Map([
        ['a', []],
        ['d', ['a']],
        ['e', ['a']],
      ]),
    );
  });

  test('longestRemaining counts the steps that are left', () => {
    const remaining = longestRemaining(project(chain, new Set(chain.order)));
    expect(Object.fromEntries(remaining)).toEqual({ a: 4, b: 3, c: 2, d: 1, e: 1 });
  });

  test('is topological, complete and the same every time in any graph', () => {
    fc.assert(
      fc.property(dags(), (dag) => {
        const graph = fakeGraph(new FakeWorld(), dag);
        const place = new Map(graph.order.map((name, index) => [name, index]));
        expect([...graph.order].sort()).toEqual(Object.keys(dag).sort());
        for (const [name, needs] of graph.needs) {
          for (const need of needs) expect(place.get(need.target)).toBeLessThan(place.get(name) ?? -1);
        }
        expect(fakeGraph(new FakeWorld(), dag).order).toEqual(graph.order);
      }),
    );
  });

  test('project keeps exactly the order that the whole graph implies', () => {
    fc.assert(
      fc.property(dags(), fc.func(fc.boolean()), (dag, keep) => {
        const graph = fakeGraph(new FakeWorld(), dag);
        const kept = new Set(graph.order.filter((name) => keep(name)));
        const before = project(graph, kept);
        const reach = (name: string): Set<string> => {
          const found = new Set(before.get(name));
          for (const earlier of found) for (const further of before.get(earlier) ?? []) found.add(further);
          return found;
        };
        for (const name of kept) {
          const below = [...closure(graph, [name])].filter((other) => other !== name && kept.has(other));
          expect([...reach(name)].sort()).toEqual(below.sort());
        }
      }),
    );
  });
});
