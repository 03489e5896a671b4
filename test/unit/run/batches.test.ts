import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PaiError } from '../../../src/model/errors.js';
import { type FakeDeclared, FakeWorld, fakeGraph } from './fakes.js';
import { outcomes, run } from './helpers.js';

const worker: FakeDeclared = { rolling: 'batches', groups: ['workers'] };

/** So many workers, and how many were applied at the same time. */
function workers(count: number): {
  world: FakeWorld;
  names: readonly string[];
  graph: ReturnType<typeof fakeGraph>;
  most: () => number;
  edit: (...names: string[]) => void;
} {
  const world = new FakeWorld();
  const names = Array.from({ length: count }, (_, index) => `w${index}`);
  const graph = fakeGraph(world, Object.fromEntries(names.map((name) => [name, worker])));
  let now = 0;
  let most = 0;
  for (const name of names) {
    world.thing(name).during = async () => {
      now++;
      most = Math.max(most, now);
      await turn();
      now--;
    };
  }
  const edit = (...edited: string[]): void => {
    most = 0;
    world.forgetCalls();
    for (const name of edited) world.thing(name).input = `${String(world.thing(name).input)} edited`;
  };
  return { world, names, graph, most: () => most, edit };
}

describe('a group that rolls in batches', () => {
  test('comes up all at once, and goes one at a time later unless told', async () => {
    const { world, names, graph, most, edit } = workers(5);
    await run(world, graph);
    expect(most()).toBe(5);
    edit(...names);
    await run(world, graph);
    expect(most()).toBe(1);
    expect(world.finished).toEqual(names);
  });

  test('goes by a number or by a share of all members', async () => {
    const { world, names, graph, most, edit } = workers(10);
    await run(world, graph);
    edit(...names);
    await run(world, graph, ['*'], { batch: { count: 4 } });
    expect(most()).toBe(4);
    edit(...names.slice(0, 7));
    await run(world, graph, ['*'], { batch: { percent: 30 } });
    expect(most()).toBe(3);
  });

  test('stops at the first batch that fails, and the next run does the rest', async () => {
    const { world, names, graph, edit } = workers(6);
    await run(world, graph);
    edit(...names);
    world.thing('w3').crashes = 1;
    const { summary } = await run(world, graph, ['*'], { batch: { count: 2 } });
    expect(outcomes(summary)).toEqual({ w0: 'ran', w1: 'ran', w2: 'ran', w3: 'failed', w4: 'skipped', w5: 'skipped' });
    expect(summary.results.get('w5')?.because).toBe('w3');
    world.forgetCalls();
    await run(world, graph, ['*'], { batch: { count: 2 } });
    expect(world.finished).toEqual(['w3', 'w4', 'w5']);
  });

  test('begins with those that are not well, together; what is new waits for nobody', async () => {
    const { world, names, graph, most, edit } = workers(6);
    await run(world, graph, names.slice(0, 5));
    edit(...names);
    for (const name of ['w2', 'w4']) world.thing(name).problem = 'not running';
    await run(world, graph);
    // w2 and w4 beside the new w5
    expect(most()).toBe(3);
    expect([...world.finished.slice(0, 3)].sort()).toEqual(['w2', 'w4', 'w5']);
    expect(world.finished.slice(3)).toEqual(['w0', 'w1', 'w3']);
  });

  test('does not go on to what is well when one that is not can not be repaired', async () => {
    const { world, names, graph, edit } = workers(3);
    await run(world, graph);
    edit(...names);
    world.thing('w2').problem = 'not running';
    world.thing('w2').crashes = 1;
    const { summary } = await run(world, graph);
    expect(outcomes(summary)).toEqual({ w0: 'skipped', w1: 'skipped', w2: 'failed' });
  });

  test('is held up by a member out of reach, unless that is allowed', async () => {
    const { world, names, graph, edit } = workers(3);
    await run(world, graph);
    edit(...names);
    world.thing('w0').unreachable = new PaiError('HOST_UNREACHABLE', 'no route');
    expect(outcomes((await run(world, graph)).summary)).toEqual({ w0: 'failed', w1: 'skipped', w2: 'skipped' });
    const { summary } = await run(world, graph, ['*'], { pastUnhealthy: true });
    expect(outcomes(summary)).toEqual({ w0: 'failed', w1: 'ran', w2: 'ran' });
  });

  test('never has more under way than its size, touches nothing after a failed batch, and comes to its end', async () => {
    const cases = fc.record({
      count: fc.integer({ min: 1, max: 12 }),
      size: fc.integer({ min: 1, max: 12 }),
      edited: fc.array(fc.nat(11), { minLength: 1 }),
      failing: fc.array(fc.nat(11), { maxLength: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ count, size, edited, failing }) => {
        const { world, names, graph, most, edit } = workers(count);
        await run(world, graph);
        const changed = new Set(edited.map((index) => `w${index % count}`));
        edit(...changed);
        const broken = new Set(failing.map((index) => `w${index % count}`).filter((name) => changed.has(name)));
        for (const name of broken) world.thing(name).crashes = 1;
        const { summary } = await run(world, graph, ['*'], { batch: { count: size } });
        expect(most()).toBeLessThanOrEqual(size);
        const order = names.filter((name) => changed.has(name));
        const first = order.findIndex((name) => broken.has(name));
        const reached = first === -1 ? order.length : Math.min(order.length, (Math.floor(first / size) + 1) * size);
        for (const [index, name] of order.entries()) {
          const expected = index >= reached ? 'skipped' : broken.has(name) ? 'failed' : 'ran';
          expect(summary.results.get(name)?.outcome).toBe(expected);
        }
        // What failed is not well now, so it goes first; the rest follows.
        for (const name of broken) world.thing(name).crashes = 0;
        await run(world, graph, ['*'], { batch: { count: size } });
        for (const name of changed) expect(world.stamps.has(name)).toBe(true);
        expect((await run(world, graph)).summary.ran).toBe(0);
      }),
      { numRuns: 60 },
    );
  });
});
