import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dependentsOf } from '../../../src/graph/order.js';
import { PaiError } from '../../../src/model/errors.js';
import { createPools } from '../../../src/run/pools.js';
import { type FakeDeclared, FakeWorld, fakeGraph } from './fakes.js';
import { outcomes, run } from './helpers.js';
import { dags } from './random.js';

type Dag = Record<string, FakeDeclared>;

const names = (dag: Dag): string[] => Object.keys(dag);
/** Which targets a random choice hits. */
const choice = fc.array(fc.boolean(), { minLength: 10, maxLength: 10 });
const chosen = (dag: Dag, hits: readonly boolean[]): string[] =>
  names(dag).filter((name) => hits[Number(name.slice(1))] === true);

/** A world where the outputs of `steady` targets never change. */
function worldOf(dag: Dag, steady: readonly string[]): FakeWorld {
  const world = new FakeWorld();
  for (const name of names(dag)) world.thing(name);
  for (const name of steady) world.thing(name).output = `output of ${name}`;
  return world;
}

/** Fingerprints of a world that was built at once from these inputs, without a past. */
async function builtAtOnce(dag: Dag, like: FakeWorld): Promise<Record<string, string>> {
  const world = new FakeWorld();
  for (const [name, { input, output }] of like.things)
    world.things.set(name, { input, ...(output !== undefined && { output }) });
  await run(world, fakeGraph(world, dag));
  return fingerprints(world);
}

function fingerprints(world: FakeWorld): Record<string, string> {
  const sorted = [...world.stamps].sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(sorted.map(([name, stamp]) => [name, stamp.fingerprint]));
}

/** What must run after an edit, found without fingerprints: the edited, and what needs something whose output changed. */
function oracle(dag: Dag, world: FakeWorld, edited: readonly string[]): string[] {
  const runs = new Set(edited);
  const inOrder = names(dag).sort((one, other) => Number(one.slice(1)) - Number(other.slice(1)));
  for (const name of inOrder) {
    const needs = (dag[name]?.needs ?? []).filter((need) => !need.startsWith('>'));
    if (needs.some((need) => runs.has(need) && world.things.get(need)?.output === undefined)) runs.add(name);
  }
  return [...runs].sort();
}

describe('in any graph', () => {
  test('everything runs once, after all that it needs, and within the pools', async () => {
    await fc.assert(
      fc.asyncProperty(dags(), async (dag) => {
        const world = worldOf(dag, []);
        const graph = fakeGraph(world, dag);
        const busy: string[] = [];
        for (const name of names(dag)) {
          world.thing(name).during = async () => {
            for (const need of graph.needs.get(name) ?? []) expect(world.finished).toContain(need.target);
            const hosts = (dag[name]?.pools ?? []).filter((pool) => pool.startsWith('host:'));
            for (const host of hosts) expect(busy).not.toContain(host);
            busy.push(...hosts);
            await turn();
            for (const host of hosts) busy.splice(busy.indexOf(host), 1);
          };
        }
        const { summary } = await run(world, graph, ['*'], { pools: createPools({ jobs: 3 }) });
        expect(summary.ran).toBe(names(dag).length);
        expect([...world.finished].sort()).toEqual(names(dag).sort());
      }),
      { numRuns: 60 },
    );
  });

  test('a second run runs nothing', async () => {
    await fc.assert(
      fc.asyncProperty(dags(), choice, async (dag, steady) => {
        const world = worldOf(dag, chosen(dag, steady));
        const graph = fakeGraph(world, dag);
        await run(world, graph);
        const { summary } = await run(world, graph);
        expect([summary.ran, summary.fresh]).toEqual([0, names(dag).length]);
      }),
    );
  });

  test('exactly what an edit changes runs again, cut off where outputs stay the same', async () => {
    await fc.assert(
      fc.asyncProperty(dags(), choice, choice, async (dag, steady, edits) => {
        const world = worldOf(dag, chosen(dag, steady));
        const graph = fakeGraph(world, dag);
        await run(world, graph);
        const edited = chosen(dag, edits);
        for (const name of edited) world.thing(name).input = 'second';
        world.forgetCalls();
        const { summary } = await run(world, graph);
        expect([...world.finished].sort()).toEqual(oracle(dag, world, edited));
        expect(summary.ran + summary.fresh).toBe(names(dag).length);
        expect(fingerprints(world)).toEqual(await builtAtOnce(dag, world));
      }),
      { numRuns: 200 },
    );
  });

  test('failures stop only what stands on them, and the next run does just the rest', async () => {
    await fc.assert(
      fc.asyncProperty(dags(), choice, async (declared, failing) => {
        // Rolling groups hold their other members back as well; that has tests of its own.
        const dag = Object.fromEntries(
          Object.entries(declared).map(([name, one]) => [name, { ...one, rolling: false }]),
        );
        const world = worldOf(dag, []);
        const graph = fakeGraph(world, dag);
        const failed = chosen(dag, failing);
        for (const name of failed) {
          world.thing(name).failures = { times: 1, error: new PaiError('HOST_SCRIPT', 'exit 1') };
        }
        const held = new Set(failed.flatMap((name) => [...dependentsOf(graph, [name])]));
        const done = names(dag).filter((name) => !failed.includes(name) && !held.has(name));
        const { summary } = await run(world, graph);
        for (const [name, outcome] of Object.entries(outcomes(summary))) {
          if (done.includes(name)) expect(outcome).toBe('ran');
          else expect(outcome).toBe(held.has(name) ? 'skipped' : 'failed');
        }
        for (const { outcome, because } of summary.results.values()) {
          if (outcome === 'skipped') expect(summary.results.get(because ?? '')?.outcome).toBe('failed');
        }
        for (const name of failed) delete world.thing(name).failures;
        world.forgetCalls();
        await run(world, graph);
        expect([...world.finished].sort()).toEqual(
          names(dag)
            .filter((name) => !done.includes(name))
            .sort(),
        );
      }),
      { numRuns: 150 },
    );
  });

  test('edits, failures and crashes in any order end in what would have been built at once', async () => {
    const step = fc.record({ edits: choice, failing: choice, crashing: choice, stopsAfter: fc.nat(12) });
    await fc.assert(
      fc.asyncProperty(dags(), choice, fc.array(step, { maxLength: 4 }), async (dag, steady, steps) => {
        const world = worldOf(dag, chosen(dag, steady));
        const graph = fakeGraph(world, dag);
        for (const [index, { edits, failing, crashing, stopsAfter }] of steps.entries()) {
          const stop = new AbortController();
          for (const name of names(dag)) {
            const thing = world.thing(name);
            thing.failures = {
              times: chosen(dag, failing).includes(name) ? 1 : 0,
              error: new PaiError('ROLLOUT', 'no'),
            };
            thing.crashes = chosen(dag, crashing).includes(name) ? 1 : 0;
            thing.during = () => {
              if (world.applied.length > stopsAfter) stop.abort();
            };
          }
          for (const name of chosen(dag, edits)) world.thing(name).input = index;
          world.forgetCalls();
          await run(world, graph, ['*'], { stop: stop.signal });
        }
        for (const thing of world.things.values()) {
          thing.failures = { times: 0, error: new Error() };
          thing.crashes = 0;
          delete thing.during;
        }
        const last = await run(world, graph);
        expect(last.summary.ran + last.summary.fresh).toBe(names(dag).length);
        expect(fingerprints(world)).toEqual(await builtAtOnce(dag, world));
      }),
      { numRuns: 100 },
    );
  });
});
