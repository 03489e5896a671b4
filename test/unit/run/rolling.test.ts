import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { PaiError } from '../../../src/model/errors.js';
import { eventsOf, FakeClock, type FakeDeclared, FakeWorld, fakeGraph } from './fakes.js';
import { outcomes, run } from './helpers.js';

const member: FakeDeclared = { rolling: true, groups: ['etcd'] };
const MEMBERS = ['e1', 'e2', 'e3'];

/** Three members of a rolling group; `most` tells how many were applied at the same time. */
function etcd(more: Record<string, FakeDeclared> = {}): {
  world: FakeWorld;
  graph: ReturnType<typeof fakeGraph>;
  most: () => number;
  edit: (...names: string[]) => void;
} {
  const world = new FakeWorld();
  const graph = fakeGraph(world, { e1: member, e2: member, e3: member, ...more });
  let now = 0;
  let most = 0;
  for (const name of MEMBERS) {
    world.thing(name).during = async () => {
      now++;
      most = Math.max(most, now);
      await turn();
      now--;
    };
  }
  const edit = (...names: string[]): void => {
    most = 0;
    world.forgetCalls();
    for (const name of names) world.thing(name).input = `${String(world.thing(name).input)} edited`;
  };
  return { world, graph, most: () => most, edit };
}

describe('a rolling group', () => {
  test('comes up together at first, and goes one at a time ever after', async () => {
    const { world, graph, most, edit } = etcd();
    await run(world, graph);
    expect(most()).toBe(3);
    edit(...MEMBERS);
    await run(world, graph);
    expect(most()).toBe(1);
    expect(world.finished).toEqual(MEMBERS);
  });

  test('comes up together again when no member was finished the first time', async () => {
    const { world, graph, most, edit } = etcd();
    for (const name of MEMBERS) world.thing(name).crashes = 1;
    await run(world, graph);
    edit();
    await run(world, graph);
    expect(most()).toBe(3);
  });

  test('goes one at a time when only a member that was not asked for is applied', async () => {
    const { world, graph, most, edit } = etcd();
    await run(world, graph, ['e3']);
    edit();
    await run(world, graph, ['e1', 'e2']);
    expect(most()).toBe(1);
  });

  test('stops at a member that does not come up well', async () => {
    const { world, graph, edit } = etcd();
    await run(world, graph);
    edit(...MEMBERS);
    world.thing('e2').crashes = 1;
    const { summary } = await run(world, graph);
    expect(outcomes(summary)).toEqual({ e1: 'ran', e2: 'failed', e3: 'skipped' });
    expect(summary.results.get('e3')?.because).toBe('e2');
  });

  test('stops before the next member when another one is lost meanwhile, and goes on once that is back', async () => {
    const { world, graph, edit } = etcd({ tool: { needs: ['>e1', '>e2', '>e3'] } });
    await run(world, graph);
    edit('e1', 'e2', 'tool');
    const lost = new PaiError('HOST_UNREACHABLE', 'no route to h3', { where: 'host h3' });
    world.thing('e1').during = () => {
      world.thing('e3').unreachable = lost;
    };
    const { summary, clock } = await run(world, graph);
    expect(outcomes(summary)).toEqual({ e1: 'ran', e2: 'failed', e3: 'fresh', tool: 'skipped' });
    const error = summary.results.get('e2')?.error;
    expect(error).toMatchObject({ code: 'UNHEALTHY', where: 'host h3', exitCode: 1 });
    expect(error?.message).toBe('e3 is not well any more, so e2 was left as it is: no route to h3');
    expect(error?.next).toContain('then run the same command');
    expect(world.applied).toEqual(['e1']);
    expect(clock.slept.reduce((one, other) => one + other, 0)).toBeGreaterThanOrEqual(60_000);
    delete world.thing('e3').unreachable;
    expect(outcomes((await run(world, graph)).summary)).toMatchObject({ e2: 'ran', tool: 'ran' });
  });

  test('waits for a member that is not well for a moment', async () => {
    const { world, graph, edit } = etcd();
    await run(world, graph);
    edit('e1');
    const between = (): void => {
      world.thing('e3').problem = 'elects a leader';
    };
    class Healing extends FakeClock {
      override async sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
        await super.sleep(milliseconds, signal);
        if (this.slept.length === 2) delete world.thing('e3').problem;
      }
    }
    const { summary, clock, events } = await run(world, graph, ['*'], { between, clock: new Healing() });
    expect(outcomes(summary)).toMatchObject({ e1: 'ran' });
    expect(clock.slept).toHaveLength(2);
    const said = eventsOf(events, 'target-log').map(({ line }) => line);
    expect(said).toEqual(['waiting for e3 to be well: elects a leader']);
  });

  test('repairs a member that is not well without asking how the others are', async () => {
    const { world, graph, edit } = etcd();
    await run(world, graph);
    edit();
    world.thing('e1').problem = 'not running';
    const between = (): void => {
      world.thing('e2').unreachable = new PaiError('HOST_UNREACHABLE', 'no route');
    };
    expect(outcomes((await run(world, graph, ['*'], { between })).summary)).toMatchObject({ e1: 'ran' });
  });

  test('touches no member while one is out of reach', async () => {
    const { world, graph, edit } = etcd();
    await run(world, graph);
    edit('e1', 'e2');
    world.thing('e3').unreachable = new PaiError('HOST_UNREACHABLE', 'no route');
    const { summary } = await run(world, graph);
    expect(outcomes(summary)).toEqual({ e1: 'skipped', e2: 'skipped', e3: 'failed' });
    expect(world.applied).toEqual([]);
  });

  test('begins with the members that are not well', async () => {
    const { world, graph, edit } = etcd({ h2: {}, h3: {} });
    await run(world, graph);
    edit(...MEMBERS);
    world.thing('e3').problem = 'not running';
    await run(world, graph);
    expect(world.finished).toEqual(['e3', 'e1', 'e2']);
  });

  test('begins with a member that is not well although that one has to wait for its host', async () => {
    const world = new FakeWorld();
    const graph = fakeGraph(world, { e1: member, h2: {}, e2: { ...member, needs: ['>h2'] } });
    await run(world, graph);
    for (const name of ['e1', 'e2', 'h2']) world.thing(name).input = 'second';
    world.thing('e2').problem = 'not running';
    world.forgetCalls();
    await run(world, graph);
    expect(world.finished).toEqual(['h2', 'e2', 'e1']);
  });

  test('follows the needs between its members, whoever is not well', async () => {
    const world = new FakeWorld();
    const other: FakeDeclared = { rolling: true, groups: ['masters'] };
    const graph = fakeGraph(world, {
      e1: { ...member, needs: ['m2'] },
      e2: member,
      m1: { ...other, needs: ['e2'] },
      m2: other,
    });
    await run(world, graph);
    for (const name of ['e1', 'e2', 'm1', 'm2']) world.thing(name).input = 'second';
    for (const name of ['e1', 'm1']) world.thing(name).problem = 'not running';
    world.forgetCalls();
    expect((await run(world, graph)).summary.ran).toBe(4);
    expect([...world.finished].sort()).toEqual(['e1', 'e2', 'm1', 'm2']);
  });
});
