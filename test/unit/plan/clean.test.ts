import { describe, expect, test } from 'vitest';
import { planClean } from '../../../src/plan/clean.js';
import { createLook } from '../../../src/run/look.js';
import { FakeWorld, fakeGraph } from '../run/fakes.js';
import { run } from '../run/helpers.js';

describe('planClean', () => {
  const declared = { m1: {}, m2: {}, s: { through: ['m1', 'm2'] }, t: { needs: ['s'] } };

  async function applied(): Promise<{ world: FakeWorld; plan: (...names: string[]) => ReturnType<typeof planClean> }> {
    const world = new FakeWorld();
    const graph = fakeGraph(world, declared);
    await run(world, graph);
    world.forgetCalls();
    return { world, plan: (...names) => planClean(graph, names, createLook(world.drivers())) };
  }

  test('finds what is there of exactly these targets, dependents first', async () => {
    const { plan } = await applied();
    const { order, present, unknown } = await plan('m1', 's', 't');
    expect([order, present, unknown]).toEqual([['t', 's', 'm1'], ['t', 's', 'm1'], []]);
  });

  test('looks at each target once', async () => {
    const { world, plan } = await applied();
    await plan('m1', 's');
    expect(world.observed.sort()).toEqual(['m1', 'm2', 's']);
  });

  test('takes for gone what was looked at through what is gone', async () => {
    const { world, plan } = await applied();
    for (const name of ['m1', 'm2']) {
      world.present.delete(name);
      world.stamps.delete(name);
    }
    expect((await plan('s')).observations.get('s')).toEqual({ kind: 'known', present: false });
    expect(world.observed).not.toContain('s');
  });

  test('asks while one of these is there', async () => {
    const { world, plan } = await applied();
    world.thing('m1').unreachable = new Error('no route');
    expect((await plan('s')).present).toEqual(['s']);
  });

  test('takes for unknown what is looked at through what is unknown or gone', async () => {
    const { world, plan } = await applied();
    world.thing('m1').unreachable = new Error('no route');
    world.present.delete('m2');
    world.stamps.delete('m2');
    expect((await plan('s')).unknown).toEqual(['s']);
    expect(world.observed).not.toContain('s');
  });

  test('finds a stamp without its thing', async () => {
    const { world, plan } = await applied();
    world.present.delete('t');
    expect((await plan('t')).present).toEqual(['t']);
  });
});
