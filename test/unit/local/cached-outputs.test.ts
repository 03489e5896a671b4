import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
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
import { openOutputCache } from '../../../src/state/output-cache.js';
import { contentsOf, readAll, type Spec, taskOf, writeOutputs } from './oracle.js';
import { seededRandom } from './seeded.js';

/** `PAI_CACHE_RUNS=1000 npx vitest run test/unit/local/cached-outputs.test.ts` for more; `PAI_CACHE_SEED` for one that failed. */
const RUNS = Number(process.env.PAI_CACHE_RUNS ?? 30);
const FIRST_SEED = Number(process.env.PAI_CACHE_SEED ?? 1);
const ROUNDS = 10;

/** A random project whose commands make the same from the same, and a cache. Few different inputs, so that all comes again. */
class World {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'pai-cached-'));
  readonly root = path.join(this.folder, 'project');
  readonly random: ReturnType<typeof seededRandom>;
  readonly specs = new Map<string, Spec>();
  readonly warnings: string[] = [];

  constructor(seed: number) {
    this.random = seededRandom(seed);
    mkdirSync(path.join(this.root, 'src'), { recursive: true });
    for (let file = 0; file < 3; file++) writeFileSync(path.join(this.root, `src/${file}`), '0');
    for (let index = 0; index < 2 + this.random.below(4); index++) {
      const name = `t${index}`;
      const needs = [...this.specs.keys()].filter(() => this.random.below(2) === 0);
      const made = needs.flatMap((need) => this.specs.get(need)?.outputs ?? []);
      const inputs = ['src/0', 'src/1', 'src/*', ...made].filter(() => this.random.below(2) === 0);
      const outputs = this.random.pick([[`out/${name}`], [`out/${name}`, `out/also-${name}`], [`out/d-${name}/**`]]);
      const rest = { env: [], after: [], timeoutSeconds: 60, command: 'command 0', value: 0 };
      this.specs.set(name, { name, inputs, outputs, needs, ...rest });
    }
  }

  /** Runs everything; the process is killed within its command number `dieAt`. */
  async run(dieAt = Number.POSITIVE_INFINITY): Promise<{ ran: number; restored: number; failed: string[] }> {
    let commands = 0;
    const runner: Runner = {
      run: async (_, root, { target }) => {
        const spec = this.specs.get(target);
        if (spec === undefined) throw new Error(`${target} is not there`);
        for (const output of spec.outputs ?? []) {
          rmSync(path.join(root, output.replace(/\/\*\*$/, '')), { recursive: true, force: true });
        }
        const dies = ++commands >= dieAt;
        writeOutputs(root, contentsOf(spec, readAll(root), this.specs), dies);
        if (dies) throw new Error('killed');
      },
      ask: async () => '',
    };
    const cacheDirectory = path.join(this.root, '.cache');
    const cache = openOutputCache({
      directory: path.join(this.folder, 'cache'),
      root: this.root,
      staging: path.join(cacheDirectory, 'staging'),
      maxBytes: this.random.pick([1 << 20, 3000]) ?? 0,
      warn: (text) => this.warnings.push(text),
    });
    const local = createLocalDriver({
      root: this.root,
      state: createLocalState(cacheDirectory),
      runner,
      cache,
      env: {},
    });
    const drivers = { local } as Drivers;
    const project = { root: this.root, cache: cacheDirectory };
    const cluster = (): never => {
      throw new Error('there is no cluster');
    };
    const graph = assemble(declare(this.#paifile(), { cluster, project, code: 'code' }));
    const plan = await planRun(graph, graph.targets.keys(), createLook(drivers));
    const { results } = await executePlan(plan, graph, { run: 'run', drivers, emit: () => undefined });
    if (Number.isFinite(dieAt)) return { ran: commands, restored: 0, failed: ['killed'] };
    expect(await local.close()).toEqual([]);
    await cache.close();
    const all = [...results.values()];
    return {
      ran: commands,
      restored: all.filter(({ restored }) => restored).length,
      failed: all.flatMap(({ error }) => (error === undefined ? [] : [error.message])),
    };
  }

  #paifile() {
    return paifile(({ target }) => {
      const references = new Map<string, TargetRef>();
      for (const spec of this.specs.values()) {
        const needs = spec.needs.flatMap((need) => references.get(need) ?? []);
        references.set(spec.name, target(spec.name, taskOf(spec), { needs }));
      }
    });
  }

  /** What a run from nothing would leave in `out`. */
  expected(): Record<string, string> {
    const files = new Map([...readAll(this.root)].filter(([file]) => !file.startsWith('out/')));
    const made: Record<string, string> = {};
    for (const spec of this.specs.values()) {
      for (const [file, content] of contentsOf(spec, files, this.specs)) {
        files.set(file, { kind: 'file', mode: 0o644, content });
        made[file] = `${content} 644`;
      }
    }
    return made;
  }

  found(): Record<string, string> {
    const out = [...readAll(this.root)].filter(([file]) => file.startsWith('out/'));
    return Object.fromEntries(out.map(([file, { content, mode }]) => [file, `${content} ${mode.toString(8)}`]));
  }

  edit(): string {
    const { random } = this;
    const outputs = Object.keys(this.found());
    const output = path.join(this.root, random.pick(outputs) ?? 'out');
    const spec = random.pick([...this.specs.values()]);
    const file = `src/${random.below(3)}`;
    switch (random.below(9)) {
      case 0:
      case 1:
      case 2:
        writeFileSync(path.join(this.root, file), `${random.below(2)}`);
        return `write ${file}`;
      case 3:
        if (spec !== undefined) this.specs.set(spec.name, { ...spec, command: `command ${random.below(2)}` });
        return `another command for ${spec?.name}`;
      case 4:
        rmSync(output, { recursive: true, force: true });
        return `delete ${output}`;
      case 5:
        if (outputs.length > 0) appendFileSync(output, '!');
        return `edit ${output}`;
      case 6:
        rmSync(path.join(this.root, random.below(2) === 0 ? '.cache' : 'out'), { recursive: true, force: true });
        return 'delete .cache or out';
      case 7:
        return this.#damage();
      default:
        return this.#stray();
    }
  }

  /** A file that no command made, where some target says that all is its own. */
  #stray(): string {
    const globs = [...this.specs.values()].flatMap(({ outputs = [] }) =>
      outputs.filter((output) => output.endsWith('/**')),
    );
    const folder = path.join(this.root, (this.random.pick(globs) ?? 'src/**').slice(0, -3));
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, 'f7'), 'stray');
    return `add f7 to ${folder}`;
  }

  #damage(): string {
    const cache = path.join(this.folder, 'cache/v1');
    const files = readdirSync(cache, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const entry = this.random.pick(files);
    if (entry === undefined) return 'nothing';
    const place = path.join(entry.parentPath, entry.name);
    const bytes = readFileSync(place);
    if (this.random.below(2) === 0) truncateSync(place, this.random.below(bytes.length + 1));
    else {
      const at = this.random.below(bytes.length);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << this.random.below(8));
      writeFileSync(place, bytes);
    }
    return `damage ${path.relative(cache, place)}`;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

describe('a random project with a cache of outputs', () => {
  it('has after each run what a run from nothing would make, whatever was edited, deleted, damaged or killed', {
    timeout: 60_000 + RUNS * 2000,
  }, async () => {
    let commands = 0;
    let back = 0;
    for (let seed = FIRST_SEED; seed < FIRST_SEED + RUNS; seed++) {
      const world = new World(seed);
      const story: string[] = [];
      try {
        for (let round = 0; round < ROUNDS; round++) {
          if (world.random.below(4) === 0) {
            story.push('a run that is killed');
            await world.run(1 + world.random.below(3));
            continue;
          }
          story.push('a run');
          const { ran, restored, failed } = await world.run();
          const told = `seed ${seed}: ${story.join(', ')}`;
          expect(failed, told).toEqual([]);
          expect(world.found(), told).toEqual(world.expected());
          expect(await world.run(), told).toEqual({ ran: 0, restored: 0, failed: [] });
          commands += ran;
          back += restored;
          for (let edits = 1 + world.random.below(3); edits > 0; edits--) story.push(world.edit());
        }
        const untrue = world.warnings.filter((text) => !/can't put back what t\d had: (object|entry) \w+ /.test(text));
        expect(untrue, story.join(', ')).toEqual([]);
      } finally {
        world.remove();
      }
    }
    // Both happened often, or nothing was shown.
    expect(Math.min(commands, back)).toBeGreaterThan(RUNS);
  });
});
