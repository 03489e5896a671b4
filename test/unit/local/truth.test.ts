import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Graph } from '../../../src/graph/graph.js';
import { createLocalDriver } from '../../../src/local/driver.js';
import type { Runner } from '../../../src/local/runner.js';
import type { Drivers } from '../../../src/model/drivers.js';
import { assemble } from '../../../src/paifile/assemble.js';
import { declare } from '../../../src/paifile/declare.js';
import { paifile, type TargetRef } from '../../../src/paifile/language.js';
import { planRun } from '../../../src/plan/plan.js';
import { executePlan } from '../../../src/run/execute.js';
import { createLook } from '../../../src/run/look.js';
import { createLocalState } from '../../../src/state/local-state.js';
import { contentsOf, Oracle, readAll, type Seen, type Spec, taskOf, writeOutputs } from './oracle.js';
import { seededRandom } from './seeded.js';

/** `PAI_TRUTH_RUNS=5000 npx vitest run test/unit/local/truth.test.ts` for more; `PAI_TRUTH_SEED` for one that failed. */
const RUNS = Number(process.env.PAI_TRUTH_RUNS ?? 60);
const FIRST_SEED = Number(process.env.PAI_TRUTH_SEED ?? 1);
const ROUNDS = 8;
const VARIABLES = ['FIRST', 'SECOND'];
const FOLDERS = ['src', 'src/deep', 'lib'];

type Random = ReturnType<typeof seededRandom>;

/** One random project on the disk, edited and run again and again. */
class World {
  readonly root: string;
  readonly random: Random;
  readonly oracle = new Oracle();
  specs: Map<string, Spec>;
  readonly env: Record<string, string> = { FIRST: '1' };
  #local: ReturnType<typeof createLocalDriver> | undefined;

  constructor(random: Random) {
    this.random = random;
    this.root = mkdtempSync(path.join(tmpdir(), 'pai-truth-'));
    for (const folder of FOLDERS) {
      mkdirSync(path.join(this.root, folder), { recursive: true });
      for (let file = 0; file < 3; file++) this.write(`${folder}/${file}`, `${random.below(3)}`);
    }
    symlinkSync('0', path.join(this.root, 'lib/link'));
    this.specs = randomSpecs(random);
  }

  write(file: string, content: string): void {
    writeFileSync(path.join(this.root, file), content);
  }

  graph(): Graph {
    const write = paifile(({ target, after }) => {
      const references = new Map<string, TargetRef>();
      const of = (name: string): TargetRef => {
        const reference = references.get(name);
        if (reference === undefined) throw new Error(`${name} is not declared yet`);
        return reference;
      };
      for (const spec of this.specs.values()) {
        const needs = [...spec.needs.map(of), after(...spec.after.map(of))];
        const { timeoutSeconds } = spec;
        references.set(spec.name, target(spec.name, taskOf(spec), { needs, timeoutSeconds }));
      }
    });
    const project = { root: this.root, cache: path.join(this.root, '.cache') };
    const cluster = (): never => {
      throw new Error('there is no cluster');
    };
    return assemble(declare(write, { cluster, project, code: 'code' }));
  }

  /** Runs everything; `dieAt`: the process is killed within so many commands. Resolves to what became of each target. */
  async run(
    dieAt = Number.POSITIVE_INFINITY,
  ): Promise<{ outcomes: Map<string, string>; failed: Set<string>; problems: string[] }> {
    const failed = new Set<string>();
    const problems: string[] = [];
    let begun = 0;
    const runner: Runner = {
      run: async (_, root, { target }) => {
        const spec = this.specs.get(target);
        if (spec === undefined) throw new Error(`${target} is not there`);
        if (++begun < dieAt) {
          if (this.random.below(2) === 0) await new Promise((resolve) => setImmediate(resolve));
          writeOutputs(root, contentsOf(spec, readAll(root), this.specs));
          return;
        }
        failed.add(target);
        writeOutputs(root, contentsOf(spec, readAll(root), this.specs), true);
        throw new Error('killed');
      },
      ask: async () => '',
    };
    const state = createLocalState(path.join(this.root, '.cache'));
    this.#local = createLocalDriver({ root: this.root, state, runner, env: this.env });
    const drivers = { local: this.#local } as Drivers;
    const graph = this.graph();
    const plan = await planRun(graph, graph.targets.keys(), createLook(drivers));
    const context = {
      run: `run-${this.random.below(1e9)}`,
      drivers,
      emit: () => undefined,
    };
    const { results } = await executePlan(plan, graph, context);
    for (const [name, { error }] of results) if (error !== undefined) problems.push(`${name}: ${error.message}`);
    return { outcomes: new Map(Array.from(results, ([name, { outcome }]) => [name, outcome])), failed, problems };
  }

  /** What a run that ends well does at its end; one that is killed never gets there. */
  async close(): Promise<void> {
    expect(await this.#local?.close()).toEqual([]);
  }

  edit(): string {
    const { random } = this;
    const files = [...readAll(this.root).keys()].filter(
      (file) => FOLDERS.some((folder) => file.startsWith(folder)) && existsSync(path.join(this.root, file)),
    );
    const outputs = [...readAll(this.root).keys()].filter((file) => file.startsWith('out/'));
    const file = random.pick(files) ?? 'src/0';
    const output = random.pick(outputs);
    const place = path.join(this.root, file);
    switch (random.below(16)) {
      case 0:
      case 1:
        this.write(file, `${random.below(3)}`);
        return `write ${file}`;
      case 2: {
        // Same size, same time: only ctime, or nothing at all within a tick, tells.
        const { atime, mtime } = statSync(place);
        this.write(file, `${random.below(3)}`);
        utimesSync(place, atime, mtime);
        return `write ${file} and set its time back`;
      }
      case 3:
        utimesSync(place, new Date(), new Date(Date.now() - random.below(1e6)));
        return `touch ${file}`;
      case 4: {
        const name = `${random.pick(FOLDERS)}/n${random.below(3)}`;
        if (isLiteral(this.specs, file) || existsSync(path.join(this.root, name))) return 'nothing';
        renameSync(place, path.join(this.root, name));
        return `rename ${file} to ${name}`;
      }
      case 5: {
        const other = random.pick(files) ?? file;
        const [a, b] = [readFileSync(place), readFileSync(path.join(this.root, other))];
        writeFileSync(place, b);
        writeFileSync(path.join(this.root, other), a);
        return `swap ${file} and ${other}`;
      }
      case 6:
        chmodSync(place, random.pick([0o644, 0o755, 0o600]) ?? 0o644);
        return `chmod ${file}`;
      case 7:
        if (isLiteral(this.specs, file) || file === 'lib/0') return 'nothing';
        rmSync(place);
        return `delete ${file}`;
      case 8: {
        const added = `${random.pick(FOLDERS)}/${random.pick(['new', '.hidden'])}${random.below(2)}`;
        this.write(added, `${random.below(3)}`);
        return `add ${added}`;
      }
      case 9:
        if (output === undefined) return 'nothing';
        if (random.below(2) === 0) appendFileSync(path.join(this.root, output), '!');
        else
          writeFileSync(
            path.join(this.root, output),
            readFileSync(path.join(this.root, output), 'utf8').replace(/.$/, '7'),
          );
        return `edit the output ${output}`;
      case 10:
        if (output === undefined) return 'nothing';
        rmSync(path.join(this.root, output));
        return `delete the output ${output}`;
      case 11:
        if (output === undefined) return 'nothing';
        chmodSync(path.join(this.root, output), random.pick([0o644, 0o600, 0o755]) ?? 0o644);
        return `chmod the output ${output}`;
      case 12:
        return this.#change((spec) => ({ ...spec, command: `command ${random.below(2)}` }));
      case 13:
        return this.#change((spec) => ({ ...spec, value: random.below(2), timeoutSeconds: 1 + random.below(9) }));
      case 14:
        this.env.FIRST = `${random.below(2)}`;
        return `FIRST=${this.env.FIRST}`;
      default:
        this.specs = reordered(this.specs, random);
        return 'declare in another order';
    }
  }

  #change(change: (spec: Spec) => Spec): string {
    const spec = this.random.pick([...this.specs.values()]);
    if (spec !== undefined) this.specs.set(spec.name, change(spec));
    return `declare ${spec?.name} otherwise`;
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

function randomSpecs(random: Random): Map<string, Spec> {
  const specs = new Map<string, Spec>();
  const count = 2 + random.below(7);
  for (let index = 0; index < count; index++) {
    const names = [...specs.keys()];
    const name = `t${index}`;
    const needs = names.filter(() => random.below(3) === 0);
    const after = names.filter((other) => !needs.includes(other) && random.below(6) === 0);
    // What it needs makes files that it may read.
    const made = needs.flatMap((need) => specs.get(need)?.outputs ?? []);
    const pool = ['src/0', 'src/1', 'lib/2', 'lib/link', 'src/*', 'src/**', 'lib/*', 'src/deep/*', '!src/2', ...made];
    specs.set(name, {
      name,
      inputs: random.below(12) === 0 ? undefined : pool.filter(() => random.below(4) === 0),
      outputs: random.pick([undefined, [`out/${name}`], [`out/${name}`, `out/also-${name}`], [`out/d-${name}/**`]]),
      value: 0,
      command: 'command 0',
      env: VARIABLES.filter(() => random.below(4) === 0),
      needs,
      after,
      timeoutSeconds: 60,
    });
  }
  return specs;
}

/** A random order in which everything still comes after what it needs. */
function reordered(specs: ReadonlyMap<string, Spec>, random: Random): Map<string, Spec> {
  const left = new Map(specs);
  const ordered = new Map<string, Spec>();
  while (left.size > 0) {
    const ready = [...left.values()].filter((spec) =>
      [...spec.needs, ...spec.after].every((need) => ordered.has(need)),
    );
    const spec = random.pick(ready);
    if (spec === undefined) throw new Error('needs go round');
    left.delete(spec.name);
    ordered.set(spec.name, {
      ...spec,
      needs: random.shuffle(spec.needs),
      inputs: spec.inputs && random.shuffle(spec.inputs),
    });
  }
  return ordered;
}

function isLiteral(specs: ReadonlyMap<string, Spec>, file: string): boolean {
  return [...specs.values()].some((spec) => spec.inputs?.includes(file) === true);
}

function contents(files: ReadonlyMap<string, Seen>): Record<string, string> {
  return Object.fromEntries(Array.from(files, ([file, { content }]) => [file, content]).sort());
}

async function check(seed: number): Promise<void> {
  const world = new World(seededRandom(seed));
  const story: string[] = [];
  try {
    for (let round = 0; round < ROUNDS; round++) {
      const dies = round > 0 && world.random.below(5) === 0;
      story.push(dies ? 'a run that is killed' : 'a run');
      const files = readAll(world.root);
      const { outcomes, failed, problems } = await world.run(dies ? 1 + world.random.below(3) : undefined);
      const expected = world.oracle.run(world.specs, files, world.env, failed);
      const told = `seed ${seed}: ${story.join(', ')}; ${problems.join(', ')}`;
      expect(Object.fromEntries(outcomes), told).toEqual(Object.fromEntries(expected));
      expect(contents(readAll(world.root)), told).toEqual(contents(files));
      if (!dies && world.random.below(3) > 0) await world.close();
      for (let edits = world.random.below(4); edits > 0; edits--) story.push(world.edit());
    }
  } finally {
    world.remove();
  }
}

describe('what runs in a random project', () => {
  it('is what an oracle says that reads everything, after any edits and crashes', {
    timeout: 60_000 + RUNS * 2000,
  }, async () => {
    for (let seed = FIRST_SEED; seed < FIRST_SEED + RUNS; seed++) await check(seed);
  });

  it('is at worst more when the state is damaged, and gives the same files', {
    timeout: 60_000 + RUNS * 2000,
  }, async () => {
    for (let seed = FIRST_SEED; seed < FIRST_SEED + RUNS / 2; seed++) {
      const world = new World(seededRandom(seed));
      const story: string[] = [];
      try {
        for (let round = 0; round < 4; round++) {
          const told = `seed ${seed}: ${story.join(', ')}`;
          const files = readAll(world.root);
          const { outcomes, problems } = await world.run();
          const expected = world.oracle.run(world.specs, files, world.env);
          for (const [name, outcome] of expected) {
            if (outcome === 'ran') expect(outcomes.get(name), `${told}; ${problems.join(', ')}`).toBe('ran');
          }
          expect(contents(readAll(world.root)), `${told}; ran ${JSON.stringify([...outcomes])}`).toEqual(
            contents(files),
          );
          await world.close();
          story.push(damage(path.join(world.root, '.cache/local-state'), world.random));
          if (world.random.below(2) === 0) story.push(world.edit());
        }
      } finally {
        world.remove();
      }
    }
  });
});

function damage(file: string, random: Random): string {
  const bytes = readFileSync(file);
  const at = random.below(bytes.length);
  expect(readdirSync(path.dirname(file))).toEqual(['local-state']);
  switch (random.below(4)) {
    case 0:
      truncateSync(file, at);
      return `cut the state at ${at} of ${bytes.length}`;
    case 1:
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
      writeFileSync(file, bytes);
      return `flip a bit of the state at ${at}`;
    case 2:
      writeFileSync(
        file,
        Buffer.concat([bytes.subarray(0, at), Buffer.alloc(random.below(99), 7), bytes.subarray(at)]),
      );
      return `put rubbish into the state at ${at}`;
    default:
      rmSync(file);
      return 'remove the state';
  }
}
