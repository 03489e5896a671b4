import { describe, expect, test } from 'vitest';
import { PaiError } from '../../../src/model/errors.js';
import { type FakeDeclared, FakeWorld, fakeGraph } from './fakes.js';
import { outcomes, planOf, run } from './helpers.js';

const NO_ROUTE = new PaiError('HOST_UNREACHABLE', 'no route');

/** Three masters on hosts of their own, a service that is looked at through them, a tool that comes after them, and one that needs the first. */
async function cluster(): Promise<{ world: FakeWorld; graph: ReturnType<typeof fakeGraph> }> {
  const world = new FakeWorld();
  const master = (host: string): FakeDeclared => ({ rolling: true, groups: ['masters'], needs: [`>${host}`] });
  const masters = ['m1', 'm2', 'm3'];
  const graph = fakeGraph(world, {
    h1: {},
    h2: {},
    h3: {},
    m1: master('h1'),
    m2: master('h2'),
    m3: master('h3'),
    service: { through: masters },
    tool: { needs: masters.map((name) => `>${name}`) },
    copy: { needs: ['m1'] },
  });
  await run(world, graph);
  world.forgetCalls();
  return { world, graph };
}

function down(world: FakeWorld, number: number): void {
  for (const name of [`h${number}`, `m${number}`]) world.thing(name).unreachable = NO_ROUTE;
}

describe('while one of several masters is out of reach', () => {
  test('what is looked at through them is looked at through the others', async () => {
    const { world, graph } = await cluster();
    down(world, 2);
    const plan = await planOf(world, graph);
    expect(plan.byName.get('service')).toMatchObject({ state: 'fresh', reasons: [] });
    expect(plan.byName.get('m2')?.state).toBe('unknown');
  });

  test('what merely comes after goes on, and the run still fails', async () => {
    const { world, graph } = await cluster();
    down(world, 2);
    for (const name of ['service', 'tool']) world.thing(name).input = 'second';
    const { summary } = await run(world, graph);
    expect(world.finished.sort()).toEqual(['service', 'tool']);
    expect(summary).toMatchObject({ failed: 1, skipped: 1 });
    expect(outcomes(summary)).toMatchObject({ h2: 'failed', m2: 'skipped' });
  });

  test('what needs its output does not go on', async () => {
    const { world, graph } = await cluster();
    down(world, 1);
    world.thing('copy').input = 'second';
    const { summary } = await run(world, graph);
    expect(outcomes(summary).copy).toBe('skipped');
    expect(world.finished).toEqual([]);
  });

  test('another master that is to change is not touched', async () => {
    const { world, graph } = await cluster();
    down(world, 2);
    world.thing('m1').input = 'second';
    const { summary, plan } = await run(world, graph);
    expect(world.finished).toEqual([]);
    expect(outcomes(summary)).toMatchObject({ m1: 'skipped', service: 'skipped' });
    // Not asked because of the one that is to change, not because of the one that is gone.
    expect(plan.byName.get('service')).toMatchObject({
      state: 'stale',
      reasons: [{ kind: 'not-asked', through: 'm1' }],
    });
  });

  test('another master that is not well is repaired', async () => {
    const { world, graph } = await cluster();
    down(world, 1);
    world.thing('m3').problem = 'not running';
    const { summary } = await run(world, graph);
    expect(world.finished).toEqual(['m3']);
    expect(outcomes(summary)).toMatchObject({ m3: 'ran', service: 'fresh' });
  });

  test('all of them: nothing is known of what is looked at through them', async () => {
    const { world, graph } = await cluster();
    for (const number of [1, 2, 3]) down(world, number);
    const plan = await planOf(world, graph);
    expect(plan.byName.get('service')?.state).toBe('unknown');
    expect(world.observed).not.toContain('service');
  });

  test('at the first bring-up nothing goes on without it: no other one does its work yet', async () => {
    const world = new FakeWorld();
    const graph = fakeGraph(world, {
      m1: { rolling: true, groups: ['masters'] },
      m2: { rolling: true, groups: ['masters'] },
      tool: { needs: ['>m1', '>m2'] },
    });
    world.thing('m2').unreachable = NO_ROUTE;
    expect(outcomes((await run(world, graph)).summary)).toEqual({ m1: 'ran', m2: 'failed', tool: 'skipped' });
  });
});

describe('a group of which no member is well', () => {
  test('is repaired together: no member would come up before the others', async () => {
    const { world, graph } = await cluster();
    let now = 0;
    let most = 0;
    for (const name of ['m1', 'm2', 'm3']) {
      world.thing(name).problem = 'no quorum';
      world.thing(name).during = async () => {
        most = Math.max(most, ++now);
        await Promise.resolve();
        now--;
      };
    }
    await run(world, graph);
    expect(most).toBe(3);
  });
});
