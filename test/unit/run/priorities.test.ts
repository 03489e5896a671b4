import { describe, expect, test } from 'vitest';
import { createPools } from '../../../src/run/pools.js';
import { expectedSeconds } from '../../../src/run/priorities.js';
import { FakeWorld, fakeGraph } from './fakes.js';
import { run } from './helpers.js';
import { turn } from './turn.js';

describe('the expected time of a target', () => {
  test('is what was measured, or the median of the others', () => {
    const expected = expectedSeconds(
      ['a', 'b', 'c', 'new'],
      new Map([
        ['a', 1],
        ['b', 9],
        ['c', 2],
        ['other', 100],
      ]),
    );
    expect(['a', 'b', 'c', 'new'].map(expected)).toEqual([1, 9, 2, 2]);
  });

  test('is the same for all while nothing was measured, and never nothing', () => {
    expect(expectedSeconds(['a'], new Map())('a')).toBe(1);
    expect(expectedSeconds(['a'], new Map([['a', 0]]))('a')).toBeGreaterThan(0);
  });
});

test('what has the most measured time behind it goes first, however few steps that are', async () => {
  const world = new FakeWorld();
  const docker = { pools: ['docker'] };
  const graph = fakeGraph(world, {
    'many steps': docker,
    second: { ...docker, needs: ['many steps'] },
    third: { ...docker, needs: ['second'] },
    slow: docker,
  });
  for (const name of graph.order) world.thing(name).during = () => turn();
  const measured = new Map([
    ['slow', 60],
    ['many steps', 1],
    ['second', 1],
  ]);
  await run(world, graph, ['*'], { pools: createPools({ docker: 1 }), measured: async () => measured });
  expect(world.applied).toEqual(['slow', 'many steps', 'second', 'third']);
});

test('a run tells how long those took that ran', async () => {
  const world = new FakeWorld();
  const graph = fakeGraph(world, { a: {}, b: {} });
  world.thing('b').failures = { times: 1, error: new Error('no') };
  const { summary } = await run(world, graph);
  expect([...summary.took.keys()]).toEqual(['a']);
});
