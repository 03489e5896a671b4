import { describe, expect, test } from 'vitest';
import { PaiError } from '../../../src/model/errors.js';
import type { Observation } from '../../../src/model/stamp.js';
import { planRun } from '../../../src/plan/plan.js';
import { createLook } from '../../../src/run/look.js';
import { FakeWorld, fakeGraph } from '../run/fakes.js';
import { planOf, run } from '../run/helpers.js';

const states = (plan: { entries: readonly { name: string; state: string }[] }): Record<string, string> =>
  Object.fromEntries(plan.entries.map((entry) => [entry.name, entry.state]));

describe('planRun', () => {
  test('plans everything that the names need, needs first, and nothing else', async () => {
    const world = new FakeWorld();
    const graph = fakeGraph(world, { c: { needs: ['b'] }, b: { needs: ['>a'] }, a: {}, other: {} });
    const plan = await planOf(world, graph, ['c']);
    expect(plan.entries.map((entry) => entry.name)).toEqual(['a', 'b', 'c']);
    expect(plan.selected).toEqual(['c']);
    expect(world.observed.sort()).toEqual(['a', 'b', 'c']);
  });

  test('changes nothing', async () => {
    const world = new FakeWorld();
    await planOf(world, fakeGraph(world, { a: {}, b: { needs: ['a'] } }));
    expect([world.applied, world.cleaned, [...world.stamps]]).toEqual([[], [], []]);
  });

  test('looks at everything in one turn, so that drivers can batch', async () => {
    const world = new FakeWorld();
    const graph = fakeGraph(world, { a: {}, b: { needs: ['a'] }, c: { needs: ['b'] } });
    const planning = planOf(world, graph);
    await Promise.resolve();
    expect(world.observed).toEqual(['a', 'b', 'c']);
    await planning;
  });

  test('finds everything fresh after a run', async () => {
    const world = new FakeWorld();
    const graph = fakeGraph(world, { a: {}, b: { needs: ['a'] }, c: { needs: ['>b'] } });
    await run(world, graph);
    expect(states(await planOf(world, graph))).toEqual({ a: 'fresh', b: 'fresh', c: 'fresh' });
  });

  test('follows stale needs upwards, but not through order-only needs', async () => {
    const world = new FakeWorld();
    const graph = fakeGraph(world, { a: {}, b: { needs: ['a'] }, c: { needs: ['b'] }, d: { needs: ['>a'] } });
    await run(world, graph);
    world.thing('a').input = 'second';
    const plan = await planOf(world, graph);
    expect(states(plan)).toEqual({ a: 'stale', b: 'stale', c: 'stale', d: 'fresh' });
    expect(plan.byName.get('c')).toEqual({
      name: 'c',
      state: 'stale',
      reasons: [{ kind: 'need-stale', target: 'b' }],
      mayBeCutOff: true,
    });
  });

  test('tells what is unknown, and what can not be known because of it', async () => {
    const world = new FakeWorld();
    const graph = fakeGraph(world, { a: {}, b: { needs: ['a'] }, c: { needs: ['>a'] } });
    await run(world, graph);
    world.thing('a').unreachable = new PaiError('HOST_UNREACHABLE', 'no route to a', { next: 'Check it.' });
    const plan = await planOf(world, graph);
    expect(states(plan)).toEqual({ a: 'unknown', b: 'unknown', c: 'fresh' });
    expect(plan.byName.get('b')?.reasons).toEqual([
      { kind: 'unreachable', problem: 'it needs a, whose state is unknown: no route to a', next: 'Check it.' },
    ]);
  });

  test('tells what a target lacks before what it needs is there, and what can not be made without it', async () => {
    const world = new FakeWorld();
    const graph = fakeGraph(world, { a: {}, b: { needs: ['a'] }, c: { needs: ['b'] }, d: { needs: ['a'] } });
    const error = new PaiError('IMAGE_SOURCE', 'there is no folder x', { next: 'Put it there.' });
    world.thing('b').missing = error;
    const plan = await planOf(world, graph);
    expect(states(plan)).toEqual({ a: 'stale', b: 'unknown', c: 'unknown', d: 'stale' });
    expect([...plan.errors]).toEqual([['b', error]]);
    expect(plan.byName.get('b')?.reasons.at(-1)).toEqual({
      kind: 'unreachable',
      problem: 'there is no folder x',
      next: 'Put it there.',
    });
    const isStillMissing = { between: () => Object.assign(world.thing('b'), { broken: error }) };
    expect((await run(world, graph, ['*'], isStillMissing)).summary).toMatchObject({ ran: 2, failed: 1, skipped: 1 });
  });

  test('takes what was missing when it is there by the time that its turn comes', async () => {
    const world = new FakeWorld();
    world.thing('b').missing = new PaiError('IMAGE_SOURCE', 'there is no folder x', { next: 'Put it there.' });
    const { summary } = await run(world, fakeGraph(world, { a: {}, b: { needs: ['a'] }, c: { needs: ['b'] } }));
    expect(summary).toMatchObject({ ran: 3, failed: 0, skipped: 0 });
  });

  test('takes a look that throws for unknown', async () => {
    const world = new FakeWorld();
    const graph = fakeGraph(world, { a: {} });
    const action = graph.targets.get('a')?.action;
    if (action) action.observe = () => Promise.reject(new TypeError('bug'));
    const plan = await planOf(world, graph);
    expect(plan.byName.get('a')).toMatchObject({ state: 'unknown', reasons: [{ problem: 'bug' }] });
  });

  test('collects what can not be computed, and goes on with the rest', async () => {
    const world = new FakeWorld();
    const graph = fakeGraph(world, { a: {}, b: { needs: ['a'] }, c: {} });
    world.thing('a').broken = new PaiError('TEMPLATE', 'no variable x', { where: 'a.yaml:3', next: 'Define x.' });
    const plan = await planOf(world, graph);
    expect(states(plan)).toEqual({ a: 'unknown', b: 'unknown', c: 'stale' });
    expect([...plan.errors].map(([name, error]) => [name, error.code])).toEqual([['a', 'TEMPLATE']]);
    expect(plan.byName.get('b')?.reasons).toContainEqual({
      kind: 'unreachable',
      problem: 'it needs a, whose state is unknown: no variable x',
      next: 'Define x.',
    });
  });

  test('takes forced targets for stale and no others', async () => {
    const world = new FakeWorld();
    const graph = fakeGraph(world, { a: {}, b: {} });
    await run(world, graph);
    expect(states(await planOf(world, graph, ['*'], ['b']))).toEqual({ a: 'fresh', b: 'stale' });
  });

  describe('without a fingerprint key', () => {
    test('takes secrets that were never applied for stale, and does not fail', async () => {
      const world = new FakeWorld();
      world.key.value = undefined;
      world.thing('a').secret = true;
      const plan = await planOf(world, fakeGraph(world, { a: {} }));
      expect(plan.byName.get('a')?.reasons).toEqual([{ kind: 'never-applied' }]);
      expect(plan.errors.size).toBe(0);
    });

    test('takes secrets that were applied for changed', async () => {
      const world = new FakeWorld();
      world.thing('a').secret = true;
      const graph = fakeGraph(world, { a: {} });
      await run(world, graph);
      world.key.value = undefined;
      expect((await planOf(world, graph)).byName.get('a')?.reasons).toMatchObject([{ kind: 'changed' }]);
    });
  });

  describe('what is looked at through other targets', () => {
    const declared = { master: {}, node: { through: ['master'] }, service: { through: ['master', 'node'] } };

    test('is not asked while one of these is stale', async () => {
      const world = new FakeWorld();
      const graph = fakeGraph(world, declared);
      const plan = await planOf(world, graph);
      expect(world.observed).toEqual(['master']);
      expect(plan.byName.get('service')?.reasons).toEqual([{ kind: 'not-asked', through: 'master' }]);
      expect(states(plan)).toEqual({ master: 'stale', node: 'stale', service: 'stale' });
    });

    test('is unknown while one of these is unknown', async () => {
      const world = new FakeWorld();
      const graph = fakeGraph(world, declared);
      world.thing('master').unreachable = new Error('gone');
      expect(states(await planOf(world, graph))).toEqual({ master: 'unknown', node: 'unknown', service: 'unknown' });
    });

    test('is asked in waves once they are fresh', async () => {
      const world = new FakeWorld();
      const graph = fakeGraph(world, declared);
      await run(world, graph);
      world.forgetCalls();
      const plan = await planOf(world, graph);
      expect(states(plan)).toEqual({ master: 'fresh', node: 'fresh', service: 'fresh' });
      expect(world.observed).toEqual(['master', 'node', 'service']);
    });

    test('is asked in one turn with its like', async () => {
      const world = new FakeWorld();
      const graph = fakeGraph(world, {
        m1: {},
        m2: {},
        s1: { through: ['m1'] },
        s2: { needs: ['s1'], through: ['m2'] },
      });
      await run(world, graph);
      const turns: string[][] = [];
      const look = createLook(world.drivers());
      let turn: string[] | undefined;
      const observe = (target: Parameters<typeof look.observe>[0]): Promise<Observation> => {
        if (turn === undefined) {
          turn = [];
          turns.push(turn);
          queueMicrotask(() => {
            turn = undefined;
          });
        }
        turn.push(target.name);
        return look.observe(target);
      };
      await planRun(graph, ['s2'], { ...look, observe });
      expect(turns).toEqual([
        ['m1', 'm2'],
        ['s1', 's2'],
      ]);
    });

    test('does not hang when what it is looked at through needs something that is looked at through another', async () => {
      const world = new FakeWorld();
      const graph = fakeGraph(world, { m: {}, n: { through: ['m'] }, t: { needs: ['n'] }, s: { through: ['t'] } });
      await run(world, graph);
      expect(states(await planOf(world, graph))).toEqual({ m: 'fresh', n: 'fresh', t: 'fresh', s: 'fresh' });
    });
  });
});
