import { describe, expect, test } from 'vitest';
import type { Graph } from '../../../src/graph/graph.js';
import { PaiError } from '../../../src/model/errors.js';
import { eventsOf, FakeWorld, fakeGraph } from './fakes.js';
import { outcomes, run } from './helpers.js';

const declared = { lib: {}, app: { needs: ['lib'] }, notes: { needs: ['>lib'] }, site: { needs: ['app'] } };

async function applied(): Promise<{ world: FakeWorld; graph: Graph }> {
  const world = new FakeWorld();
  const graph = fakeGraph(world, declared);
  await run(world, graph);
  world.forgetCalls();
  return { world, graph };
}

describe('a run of only the named targets', () => {
  test('takes what they need as it is, and tells what of it is not fresh', async () => {
    const { world, graph } = await applied();
    for (const name of ['lib', 'app', 'site']) world.thing(name).input = 'edited';
    const { summary, events } = await run(world, graph, ['app'], { only: true });
    expect(outcomes(summary)).toEqual({ app: 'ran' });
    expect(world.applied).toEqual(['app']);
    expect(eventsOf(events, 'plan')[0]?.leftOut).toEqual([{ target: 'lib', by: 'only' }]);

    // The next run finds that app was made from the old lib.
    const next = await run(world, graph, ['app']);
    expect(outcomes(next.summary)).toEqual({ lib: 'ran', app: 'ran' });
  });

  test('finds them fresh when only what they need is stale', async () => {
    const { world, graph } = await applied();
    world.thing('lib').input = 'edited';
    const { summary } = await run(world, graph, ['app'], { only: true });
    expect(outcomes(summary)).toEqual({ app: 'fresh' });
    expect(world.applied).toEqual([]);
  });

  test('is refused, before anything runs, where something that they need was never applied or is out of sight', async () => {
    const world = new FakeWorld();
    const graph = fakeGraph(world, declared);
    await expect(run(world, graph, ['app', 'notes'], { only: true })).rejects.toMatchObject({
      code: 'USAGE',
      message: 'app needs lib, which was never applied',
    });
    world.thing('lib').unreachable = new PaiError('HOST_UNREACHABLE', 'no route');
    await expect(run(world, graph, ['app'], { only: true })).rejects.toThrow("app needs lib, which can't be looked at");
    expect(world.applied).toEqual([]);
    // What only comes after it can go.
    expect(outcomes((await run(world, graph, ['notes'], { only: true })).summary)).toEqual({ notes: 'ran' });
  });
});

describe('a run with excluded targets', () => {
  test('skips what needs one that is not fresh, and runs what only comes after it', async () => {
    const world = new FakeWorld();
    const graph = fakeGraph(world, declared);
    const { summary, events } = await run(world, graph, ['*'], { exclude: new Set(['lib']) });
    expect(outcomes(summary)).toEqual({ app: 'skipped', notes: 'ran', site: 'skipped' });
    expect(summary.results.get('site')).toEqual({ outcome: 'skipped', because: 'lib', excluded: true });
    expect(eventsOf(events, 'plan')[0]?.leftOut).toEqual([{ target: 'lib', by: 'exclude' }]);
    expect(eventsOf(events, 'target-end').find(({ target }) => target === 'app')).toMatchObject({ excluded: true });
  });

  test('runs what needs one that is fresh', async () => {
    const { world, graph } = await applied();
    world.thing('app').input = 'edited';
    const { summary, events } = await run(world, graph, ['*'], { exclude: new Set(['lib']) });
    expect(outcomes(summary)).toEqual({ app: 'ran', notes: 'fresh', site: 'ran' });
    expect(eventsOf(events, 'plan')[0]?.leftOut).toBeUndefined();
  });

  test('leaves out what only they need', async () => {
    const world = new FakeWorld();
    const { summary } = await run(world, fakeGraph(world, declared), ['site', 'notes'], { exclude: new Set(['app']) });
    expect(outcomes(summary)).toEqual({ lib: 'ran', notes: 'ran', site: 'skipped' });
    const other = await run(world, fakeGraph(world, declared), ['site'], { exclude: new Set(['app']) });
    expect(outcomes(other.summary)).toEqual({ site: 'skipped' });
  });

  test('does not wait for one that can not be looked at', async () => {
    const world = new FakeWorld();
    world.thing('lib').unreachable = new PaiError('HOST_UNREACHABLE', 'no route');
    const { summary } = await run(world, fakeGraph(world, declared), ['notes'], { exclude: new Set(['lib']) });
    expect(outcomes(summary)).toEqual({ notes: 'ran' });
  });
});
