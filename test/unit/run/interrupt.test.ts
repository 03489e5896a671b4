import { describe, expect, test } from 'vitest';
import { FakeWorld, fakeGraph } from './fakes.js';
import { outcomes, run } from './helpers.js';

describe('an interrupt', () => {
  test('finishes what runs and starts nothing more; the next run does the rest', async () => {
    const world = new FakeWorld();
    const graph = fakeGraph(world, { a: {}, b: { needs: ['a'] }, c: { needs: ['b'] } });
    const stop = new AbortController();
    world.thing('a').during = () => stop.abort();
    const { summary } = await run(world, graph, ['*'], { stop: stop.signal });
    expect(outcomes(summary)).toEqual({ a: 'ran', b: 'skipped', c: 'skipped' });
    expect(summary.interrupted).toBe(true);
    expect(summary.results.get('b')).toEqual({ outcome: 'skipped' });
    expect(world.observed).toEqual(['a', 'b', 'c']);
    world.forgetCalls();
    await run(world, graph);
    expect(world.finished).toEqual(['b', 'c']);
  });

  test('starts nothing that waits for a pool', async () => {
    const world = new FakeWorld();
    const graph = fakeGraph(world, { a: { pools: ['host:h1'] }, b: { pools: ['host:h1'] } });
    const stop = new AbortController();
    world.thing('a').during = () => stop.abort();
    const { summary } = await run(world, graph, ['*'], { stop: stop.signal });
    expect(outcomes(summary)).toEqual({ a: 'ran', b: 'skipped' });
  });

  test('starts nothing at all when it came before', async () => {
    const world = new FakeWorld();
    const { summary } = await run(world, fakeGraph(world, { a: {} }), ['*'], { stop: AbortSignal.abort() });
    expect(outcomes(summary)).toEqual({ a: 'skipped' });
    expect(world.applied).toEqual([]);
  });

  test('that comes twice ends what runs, and leaves nothing that looks finished', async () => {
    const world = new FakeWorld();
    const graph = fakeGraph(world, { a: {}, b: { needs: ['a'] } });
    const cancel = new AbortController();
    world.thing('a').during = (context) => {
      const ended = new Promise<void>((_resolve, reject) => context.signal.addEventListener('abort', reject));
      cancel.abort();
      return ended;
    };
    const { summary } = await run(world, graph, ['*'], { cancel: cancel.signal });
    expect(outcomes(summary)).toEqual({ a: 'failed', b: 'skipped' });
    expect(summary.results.get('a')?.error?.code).toBe('CANCELLED');
    expect(summary.interrupted).toBe(true);
    expect(world.stamps.size).toBe(0);
  });
});
