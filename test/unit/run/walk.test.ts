import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { longestRemaining } from '../../../src/graph/order.js';
import { type Before, walkLinear, walkWithPGraph } from '../../../src/run/walk.js';
import { turn } from './turn.js';

/** Each name may only stand on names before it. */
const graphs = fc.array(fc.array(fc.nat(), { maxLength: 4 }), { maxLength: 25 }).map((needs): Before => {
  const before = new Map<string, string[]>();
  for (const [index, list] of needs.entries()) {
    before.set(`t${index}`, index === 0 ? [] : [...new Set(list.map((need) => `t${need % index}`))]);
  }
  return before;
});

describe.each([
  ['with p-graph', walkWithPGraph],
  ['in linear time', walkLinear],
])('a walk %s', (_name, walk) => {
  const go = (before: Before, run: (name: string) => Promise<void>, lengthOf = (_name: string) => 1): Promise<void> =>
    walk({ before, run, lengthOf, remaining: longestRemaining(before, lengthOf) });

  test('begins each target once, when all before it have ended, and no later', async () => {
    await fc.assert(
      fc.asyncProperty(graphs, fc.infiniteStream(fc.nat(3)), async (before, turns) => {
        fc.pre(before.size > 0);
        const begun: string[] = [];
        const ended = new Set<string>();
        const late: string[] = [];
        await go(before, async (name) => {
          begun.push(name);
          expect((before.get(name) ?? []).every((earlier) => ended.has(earlier))).toBe(true);
          for (let wait = turns.next().value; wait > 0; wait--) await turn();
          ended.add(name);
          setImmediate(() => {
            for (const [able, earlier] of before) {
              if (earlier.every((other) => ended.has(other)) && !begun.includes(able)) late.push(able);
            }
          });
        });
        await turn();
        expect(late).toEqual([]);
        expect([...begun].sort()).toEqual([...before.keys()].sort());
      }),
      { numRuns: 100 },
    );
  });

  test('begins what has the most time behind it first', async () => {
    const before = new Map([
      ['short', []],
      ['long', []],
      ['first of two', []],
      ['second of two', ['first of two']],
    ]);
    const begun: string[] = [];
    const lengthOf = (name: string): number => ({ long: 10, short: 1 })[name] ?? 4;
    await go(before, async (name) => void begun.push(name), lengthOf);
    expect(begun.slice(0, 3)).toEqual(['long', 'first of two', 'short']);
  });
});
