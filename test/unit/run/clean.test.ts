import { describe, expect, test } from 'vitest';
import { eventsOf, FakeWorld, fakeGraph } from './fakes.js';
import { clean, outcomes, run } from './helpers.js';

const declared = {
  pki: {},
  master: { needs: ['pki'] },
  worker: { needs: ['>master'] },
  service: { through: ['master'] },
};

async function applied(): Promise<{ world: FakeWorld; graph: ReturnType<typeof fakeGraph> }> {
  const world = new FakeWorld();
  const graph = fakeGraph(world, declared);
  await run(world, graph);
  world.forgetCalls();
  return { world, graph };
}

describe('a clean', () => {
  test('takes exactly the targets down that are asked for, dependents first', async () => {
    const { world, graph } = await applied();
    const { summary } = await clean(world, graph, ['master', 'worker', 'service']);
    expect(world.cleaned.at(-1)).toBe('master');
    expect([...world.cleaned].sort()).toEqual(['master', 'service', 'worker']);
    expect(summary).toMatchObject({ ran: 3, fresh: 0, failed: 0, skipped: 0 });
    expect([...world.stamps.keys()]).toEqual(['pki']);
  });

  test('keeps the order that goes through a target that is not cleaned', async () => {
    const { world, graph } = await applied();
    await clean(world, graph, ['pki', 'worker']);
    expect(world.cleaned).toEqual(['worker', 'pki']);
  });

  test('does nothing where nothing is there, and does not look through what is gone', async () => {
    const { world, graph } = await applied();
    await clean(world, graph, ['*']);
    world.forgetCalls();
    const { summary, events } = await clean(world, graph, ['*']);
    expect(summary).toMatchObject({ ran: 0, fresh: 4 });
    expect(world.cleaned).toEqual([]);
    expect(world.observed).not.toContain('service');
    expect(eventsOf(events, 'target-start')).toEqual([]);
    expect(eventsOf(events, 'run-start')[0]?.command).toBe('clean');
  });

  test('leaves alone what a target that failed to go may still use', async () => {
    const { world, graph } = await applied();
    world.thing('worker').cleanFails = true;
    const { summary } = await clean(world, graph, ['*']);
    expect(outcomes(summary)).toEqual({ worker: 'failed', service: 'ran', master: 'skipped', pki: 'skipped' });
    expect(summary.results.get('pki')?.because).toBe('worker');
  });

  test('fails what can not be looked at, and what that is made from stays', async () => {
    const { world, graph } = await applied();
    world.thing('master').unreachable = new Error('no route');
    const { summary } = await clean(world, graph, ['*']);
    expect(outcomes(summary)).toEqual({ worker: 'ran', service: 'failed', master: 'failed', pki: 'skipped' });
    expect(summary.results.get('pki')?.because).toBe('master');
  });

  test('goes on with what comes before a target that can not be looked at', async () => {
    const { world, graph } = await applied();
    world.thing('worker').unreachable = new Error('no route');
    const { summary } = await clean(world, graph, ['*']);
    expect(outcomes(summary)).toEqual({ worker: 'failed', service: 'ran', master: 'ran', pki: 'ran' });
    expect(world.cleaned).toEqual(['service', 'master', 'pki']);
  });

  test('deletes data only when told to, and then also of what is gone', async () => {
    const { world, graph } = await applied();
    world.thing('worker').keeps = ['/data'];
    await clean(world, graph, ['*']);
    expect(world.deletedData).toEqual([]);
    world.forgetCalls();
    const { summary } = await clean(world, graph, ['*'], { deleteData: true });
    expect(outcomes(summary)).toEqual({ worker: 'ran', service: 'fresh', master: 'fresh', pki: 'fresh' });
    expect(world.deletedData).toEqual(['worker']);
  });

  test('lets everything be built again', async () => {
    const { world, graph } = await applied();
    await clean(world, graph, ['*']);
    expect((await run(world, graph)).summary.ran).toBe(4);
  });
});
