import fc from 'fast-check';
import type { FakeDeclared } from './fakes.js';

/** Random declarations without cycles, up to ten targets, declared in any order. `t<n>` needs only `t<m>` with m < n. */
export function dags(): fc.Arbitrary<Record<string, FakeDeclared>> {
  const size = 10;
  const edge = fc.constantFrom('none', 'none', 'none', 'need', 'order', 'through');
  return fc
    .record({
      count: fc.integer({ min: 1, max: size }),
      edges: fc.array(edge, { minLength: size * size, maxLength: size * size }),
      pools: fc.array(fc.subarray(['host:h1', 'host:h2', 'ssh', 'docker']), { minLength: size, maxLength: size }),
      rolling: fc.array(fc.constantFrom(undefined, undefined, 'g', 'h'), { minLength: size, maxLength: size }),
      place: fc.shuffledSubarray(
        Array.from({ length: size }, (_, index) => index),
        { minLength: size },
      ),
    })
    .map(({ count, edges, pools, rolling, place }) => {
      const declared: Record<string, FakeDeclared> = {};
      for (const index of place.filter((each) => each < count)) {
        const below = Array.from({ length: index }, (_, other) => ({
          name: `t${other}`,
          kind: edges[index * size + other],
        }));
        const group = rolling[index];
        declared[`t${index}`] = {
          needs: below
            .filter(({ kind }) => kind === 'need' || kind === 'order')
            .map(({ name, kind }) => (kind === 'need' ? name : `>${name}`)),
          through: below.filter(({ kind }) => kind === 'through').map(({ name }) => name),
          pools: pools[index] ?? [],
          rolling: group !== undefined,
          groups: group === undefined ? [] : [group],
        };
      }
      return declared;
    });
}
