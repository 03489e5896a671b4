import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { PaiError } from '../../../src/model/errors.js';
import { createPools } from '../../../src/run/pools.js';
import { eventsOf, FakeClock, FakeWorld, fakeGraph } from './fakes.js';
import { outcomes, run } from './helpers.js';

const refused = (times = 1): { times: number; error: Error } => ({
  times,
  error: new PaiError('HOST_SCRIPT', 'exit 1'),
});

describe('a run', () => {
  test('applies everything at first and nothing the second time', async () => {
    const world = new FakeWorld();
    const graph = fakeGraph(world, { c: { needs: ['b'] }, a: {}, b: { needs: ['>a'] } });
    const first = await run(world, graph);
    expect(world.finished).toEqual(['a', 'b', 'c']);
    expect(first.summary).toMatchObject({ ran: 3, fresh: 0, failed: 0, skipped: 0, interrupted: false });
    world.forgetCalls();
    const second = await run(world, graph);
    expect(world.applied).toEqual([]);
    expect(second.summary).toMatchObject({ ran: 0, fresh: 3 });
    expect(second.events.map((event) => event.type)).toEqual(['run-start', 'plan', 'run-end']);
  });

  test('tells its events in order, with reasons, and the log of what ran', async () => {
    const world = new FakeWorld();
    const { events, plan } = await run(world, fakeGraph(world, { a: {} }));
    expect(events).toEqual([
      { type: 'run-start', at: 1_000_000, run: 'run-1', command: 'run', targets: ['a'] },
      { type: 'plan', at: 1_000_000, entries: plan.entries, before: { a: [] } },
      { type: 'target-start', at: 1_000_000, target: 'a', reasons: [{ kind: 'never-applied' }] },
      { type: 'target-end', at: 1_000_000, target: 'a', outcome: 'ran', seconds: 0, log: '/logs/a.log' },
      {
        type: 'run-end',
        at: 1_000_000,
        run: 'run-1',
        ran: 1,
        fresh: 0,
        failed: 0,
        skipped: 0,
        seconds: 0,
        planSeconds: 0,
        interrupted: false,
      },
    ]);
  });

  test('writes stamps with the fingerprint, its parts, the output and the run', async () => {
    const world = new FakeWorld();
    world.thing('a').output = 'digest';
    const { plan } = await run(world, fakeGraph(world, { a: {} }));
    const wanted = plan.wanted.get('a')?.fingerprint;
    expect(world.stamps.get('a')).toEqual({ format: 1, target: 'a', output: 'digest', run: 'run-1', ...wanted });
  });

  test('cuts off what stands on an output that stayed the same', async () => {
    const world = new FakeWorld();
    const graph = fakeGraph(world, { a: {}, b: { needs: ['a'] }, c: { needs: ['b'] } });
    world.thing('a').output = 'same';
    await run(world, graph);
    world.thing('a').input = 'second';
    const { summary, events } = await run(world, graph);
    expect(outcomes(summary)).toEqual({ a: 'ran', b: 'fresh', c: 'fresh' });
    expect(eventsOf(events, 'target-start').map((event) => event.target)).toEqual(['a']);
  });

  test('runs what stands on an output that changed, and tells that this was why', async () => {
    const world = new FakeWorld();
    const graph = fakeGraph(world, { a: {}, b: { needs: ['a'] } });
    await run(world, graph);
    world.thing('a').input = 'second';
    const { events } = await run(world, graph);
    const start = eventsOf(events, 'target-start').find((event) => event.target === 'b');
    expect(start?.reasons).toMatchObject([{ kind: 'changed', parts: [{ name: 'needs a', change: 'changed' }] }]);
  });

  test('keeps the order that goes through a fresh target', async () => {
    const world = new FakeWorld();
    const graph = fakeGraph(world, { a: {}, b: { needs: ['>a'] }, c: { needs: ['>b'] } });
    await run(world, graph);
    world.thing('a').input = 'second';
    world.thing('c').input = 'second';
    world.forgetCalls();
    await run(world, graph);
    expect(world.finished).toEqual(['a', 'c']);
  });

  test('runs only what is asked for and what that needs', async () => {
    const world = new FakeWorld();
    const { summary } = await run(world, fakeGraph(world, { a: {}, b: { needs: ['a'] }, other: {} }), ['b']);
    expect(outcomes(summary)).toEqual({ a: 'ran', b: 'ran' });
  });

  test('runs forced targets, and what stands on them only when their output changes', async () => {
    const world = new FakeWorld();
    const graph = fakeGraph(world, { a: {}, b: { needs: ['a'] } });
    await run(world, graph);
    expect(outcomes((await run(world, graph, ['*'], { force: ['a'] })).summary)).toEqual({ a: 'ran', b: 'fresh' });
  });

  test('looks again at what is looked at through something that ran', async () => {
    const world = new FakeWorld();
    const graph = fakeGraph(world, { master: {}, service: { through: ['master'] } });
    await run(world, graph);
    world.thing('master').input = 'second';
    world.forgetCalls();
    const { summary } = await run(world, graph);
    expect(outcomes(summary)).toEqual({ master: 'ran', service: 'fresh' });
    expect(world.observed).toEqual(['master', 'service']);
  });

  test('looks again at what comes after something that ran, however far, before it does anything', async () => {
    const world = new FakeWorld();
    const graph = fakeGraph(world, { a: {}, b: { needs: ['a'] }, c: { needs: ['>b'] }, d: { needs: ['>a'] } });
    world.thing('a').output = 'same';
    await run(world, graph);
    world.thing('a').input = 'second';
    for (const name of ['c', 'd']) world.thing(name).problem = 'waits for a';
    world.thing('a').during = () => {
      for (const name of ['c', 'd']) delete world.thing(name).problem;
    };
    expect(outcomes((await run(world, graph)).summary)).toEqual({ a: 'ran', b: 'fresh', c: 'fresh', d: 'fresh' });
  });

  test('finds at the second look what went wrong meanwhile', async () => {
    const world = new FakeWorld();
    const graph = fakeGraph(world, { master: {}, service: { through: ['master'] } });
    await run(world, graph);
    world.thing('master').input = 'second';
    world.thing('master').during = () => {
      world.thing('service').unreachable = new PaiError('KUBE_UNREACHABLE', 'no answer');
    };
    const { summary } = await run(world, graph);
    expect(summary.results.get('service')).toMatchObject({ outcome: 'failed', error: { code: 'KUBE_UNREACHABLE' } });
  });

  describe('with a failure', () => {
    test('skips what stands on it in any way, tells the root, and does the rest', async () => {
      const world = new FakeWorld();
      const graph = fakeGraph(world, {
        a: {},
        b: { needs: ['a'] },
        c: { needs: ['>b'] },
        d: { through: ['c'] },
        e: {},
      });
      world.thing('a').failures = refused();
      const { summary, events } = await run(world, graph);
      expect(outcomes(summary)).toEqual({ a: 'failed', b: 'skipped', c: 'skipped', d: 'skipped', e: 'ran' });
      expect(summary.results.get('d')?.because).toBe('a');
      expect(eventsOf(events, 'target-end').find((event) => event.target === 'a')).toMatchObject({
        error: { code: 'HOST_SCRIPT', message: 'exit 1' },
        log: '/logs/a.log',
      });
      world.forgetCalls();
      await run(world, graph);
      expect(world.finished).toEqual(['a', 'b', 'c', 'd']);
    });

    test('starts nothing more when it is to fail fast', async () => {
      const world = new FakeWorld();
      const graph = fakeGraph(world, { a: { pools: ['docker'] }, b: { pools: ['docker'] }, c: { pools: ['docker'] } });
      world.thing('a').failures = refused();
      const pools = createPools({ docker: 1 });
      const { summary } = await run(world, graph, ['*'], { failFast: true, pools });
      expect(outcomes(summary)).toEqual({ a: 'failed', b: 'skipped', c: 'skipped' });
      expect(summary.interrupted).toBe(false);
    });

    test('tells a bug without its stack, which goes to the log', async () => {
      const world = new FakeWorld();
      world.thing('a').failures = { times: 1, error: new TypeError('undefined is not a function') };
      const { summary, notes } = await run(world, fakeGraph(world, { a: {} }));
      expect(summary.results.get('a')?.error).toMatchObject({
        code: 'INTERNAL',
        message: 'undefined is not a function',
      });
      expect(notes.join()).toMatch(/TypeError: undefined is not a function\n +at /);
    });

    test('tries again what may pass by itself', async () => {
      const world = new FakeWorld();
      const error = new PaiError('HOST_UNREACHABLE', 'connection refused', { retryable: true });
      world.thing('a').failures = { times: 2, error };
      const { summary, clock } = await run(world, fakeGraph(world, { a: {} }));
      expect(summary.ran).toBe(1);
      expect(clock.slept).toEqual([1000, 3000]);
    });

    test('fails what can not be looked at, and skips what needs it', async () => {
      const world = new FakeWorld();
      world.thing('a').unreachable = new PaiError('HOST_UNREACHABLE', 'no route');
      const { summary, events } = await run(world, fakeGraph(world, { a: {}, b: { needs: ['a'] }, c: {} }));
      expect(outcomes(summary)).toEqual({ a: 'failed', b: 'skipped', c: 'ran' });
      expect(eventsOf(events, 'target-start').map((event) => event.target)).toEqual(['c']);
    });

    test('fails what can not be computed, and lets the others go on', async () => {
      const world = new FakeWorld();
      world.thing('a').broken = new PaiError('TEMPLATE', 'no variable x', { where: 'a.yaml:3' });
      const { summary, events } = await run(world, fakeGraph(world, { a: {}, b: {} }));
      expect(outcomes(summary)).toEqual({ a: 'failed', b: 'ran' });
      expect(eventsOf(events, 'target-end').find((event) => event.target === 'a')?.error?.where).toBe('a.yaml:3');
    });

    test('runs again what crashed before its stamp was written', async () => {
      const world = new FakeWorld();
      const graph = fakeGraph(world, { a: {}, b: { needs: ['a'] } });
      await run(world, graph);
      world.thing('a').input = 'second';
      world.thing('a').crashes = 1;
      expect(outcomes((await run(world, graph)).summary)).toEqual({ a: 'failed', b: 'skipped' });
      const { plan, summary } = await run(world, graph);
      expect(plan.byName.get('a')?.reasons).toEqual([{ kind: 'unfinished' }]);
      expect(outcomes(summary)).toEqual({ a: 'ran', b: 'ran' });
      expect((await run(world, graph)).summary.fresh).toBe(2);
    });
  });

  describe('whose secrets have no key', () => {
    test('uses the key that a target below makes', async () => {
      const world = new FakeWorld();
      world.key.value = undefined;
      world.thing('service').secret = true;
      world.thing('pki').during = () => {
        world.key.value = new Uint8Array(32).fill(3);
      };
      const graph = fakeGraph(world, { pki: {}, service: { needs: ['>pki'] } });
      expect((await run(world, graph)).summary.ran).toBe(2);
      expect((await run(world, graph)).summary.fresh).toBe(2);
    });

    test('fails them when nothing makes one', async () => {
      const world = new FakeWorld();
      world.key.value = undefined;
      world.thing('service').secret = true;
      const { summary } = await run(world, fakeGraph(world, { service: {} }));
      expect(summary.results.get('service')?.error).toMatchObject({ code: 'PKI', details: ['secret: input'] });
      expect(world.applied).toEqual([]);
    });
  });

  test('says when inputs changed while a target ran, and runs it again the next time', async () => {
    const world = new FakeWorld();
    const graph = fakeGraph(world, { a: {} });
    world.thing('a').during = () => {
      world.thing('a').input = 'edited meanwhile';
    };
    const { summary, events } = await run(world, graph);
    expect(summary.ran).toBe(1);
    expect(eventsOf(events, 'target-log').map((event) => event.line)).toEqual([
      'its inputs changed while it ran: it is stale again, run once more',
    ]);
    delete world.thing('a').during;
    expect((await run(world, graph)).summary.ran).toBe(1);
    expect((await run(world, graph)).summary.fresh).toBe(1);
  });

  test('starts the longest path first', async () => {
    const world = new FakeWorld();
    const docker = { pools: ['docker'] };
    const graph = fakeGraph(world, {
      short: docker,
      'short too': docker,
      long: docker,
      longer: { ...docker, needs: ['long'] },
      last: { ...docker, needs: ['longer'] },
    });
    for (const name of graph.order) world.thing(name).during = () => turn();
    await run(world, graph, ['*'], { pools: createPools({ docker: 1 }) });
    expect(world.applied).toEqual(['long', 'short', 'longer', 'short too', 'last']);
  });

  test('fails a target that names a pool that does not exist', async () => {
    const world = new FakeWorld();
    const { summary } = await run(world, fakeGraph(world, { a: { pools: ['shh'] } }));
    expect(summary.results.get('a')?.error?.message).toBe('there is no pool shh; did you mean ssh?');
  });

  test('ends an action that takes longer than its target may', async () => {
    const world = new FakeWorld();
    const graph = fakeGraph(world, { a: { timeoutSeconds: 30 } });
    const clock = new FakeClock();
    world.thing('a').during = async (context) => {
      const told = new Promise((_resolve, reject) => context.signal.addEventListener('abort', reject));
      clock.advance(30_000);
      await told;
    };
    const { summary, events } = await run(world, graph, ['*'], { clock });
    expect(summary.results.get('a')?.error?.code).toBe('TIMEOUT');
    expect(eventsOf(events, 'target-end')[0]?.seconds).toBe(30);
  });

  test('hears nothing more of a target that has ended', async () => {
    const world = new FakeWorld();
    let late = (): void => undefined;
    world.thing('a').during = (context) => {
      late = () => context.log('late');
    };
    const { events } = await run(world, fakeGraph(world, { a: {} }));
    late();
    expect(eventsOf(events, 'target-log')).toEqual([]);
  });
});
