import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'vitest';
import { findUnchanged, keepSnapshot } from '../../../src/cli/unchanged.js';
import type { Graph } from '../../../src/graph/graph.js';
import { createLocalDriver } from '../../../src/local/driver.js';
import type { Runner } from '../../../src/local/runner.js';
import type { Drivers } from '../../../src/model/drivers.js';
import { assemble } from '../../../src/paifile/assemble.js';
import { declare } from '../../../src/paifile/declare.js';
import { type Paifile, paifile, type TargetRef } from '../../../src/paifile/language.js';
import { outline } from '../../../src/paifile/outline.js';
import { planRun } from '../../../src/plan/plan.js';
import { executePlan } from '../../../src/run/execute.js';
import { createLook } from '../../../src/run/look.js';
import { createLocalState } from '../../../src/state/local-state.js';
import { contentsOf, Oracle, readAll, type Spec, taskOf, writeOutputs } from './oracle.js';
import type { seededRandom } from './seeded.js';

const VARIABLES = ['FIRST', 'SECOND'];
const FOLDERS = ['src', 'src/deep', 'lib'];

export type Random = ReturnType<typeof seededRandom>;

/** One random project on the disk, edited and run again and again. */
export class World {
  readonly root: string;
  readonly random: Random;
  readonly oracle = new Oracle();
  specs: Map<string, Spec>;
  readonly env: Record<string, string> = { FIRST: '1' };
  /** Plans that went by what a look at a snapshot found. */
  surveyed = 0;
  #local: ReturnType<typeof createLocalDriver> | undefined;

  /** `always`: whether there may be targets that always run. */
  constructor(random: Random, always = true) {
    this.random = random;
    this.root = mkdtempSync(path.join(tmpdir(), 'pai-truth-'));
    for (const folder of FOLDERS) {
      mkdirSync(path.join(this.root, folder), { recursive: true });
      for (let file = 0; file < 3; file++) this.write(`${folder}/${file}`, `${random.below(3)}`);
    }
    symlinkSync('0', path.join(this.root, 'lib/link'));
    this.specs = randomSpecs(random, always);
  }

  write(file: string, content: string): void {
    writeFileSync(path.join(this.root, file), content);
  }

  get cacheDirectory(): string {
    return path.join(this.root, '.cache');
  }

  #paifile(): Paifile {
    return paifile(({ target, after }) => {
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
  }

  #given() {
    const cluster = (): never => {
      throw new Error('there is no cluster');
    };
    return { cluster, project: { root: this.root, cache: this.cacheDirectory }, code: 'code' };
  }

  graph(): Graph {
    return assemble(declare(this.#paifile(), this.#given()));
  }

  /** Names of all targets when a snapshot tells that nothing changed. */
  unchanged(): readonly string[] | undefined {
    const found = this.#found();
    return found?.kind === 'unchanged' ? found.entries.map(({ name }) => name) : undefined;
  }

  #found() {
    const project = {
      root: this.root,
      cacheDirectory: this.cacheDirectory,
      paifile: { outline: () => outline(this.#paifile(), this.#given()) },
    };
    return findUnchanged(project, 'all targets', this.env);
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
    const found = this.#found();
    const surveyed = found?.kind === 'changed' ? found.surveyed : undefined;
    if (surveyed !== undefined) this.surveyed++;
    this.#local = createLocalDriver({ root: this.root, state, runner, env: this.env, ...(surveyed && { surveyed }) });
    const drivers = { local: this.#local } as Drivers;
    const graph = this.graph();
    const plan = await planRun(graph, graph.targets.keys(), createLook(drivers));
    const context = {
      run: `run-${this.random.below(1e9)}`,
      drivers,
      emit: () => undefined,
    };
    const { results } = await executePlan(plan, graph, context);
    const { root, cacheDirectory } = this;
    const project = { root, cacheDirectory, graph, code: 'code', asksForCluster: false };
    // A run that is killed gets no further.
    if (failed.size === 0) keepSnapshot(project, [], plan, drivers, this.env);
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

function randomSpecs(random: Random, always: boolean): Map<string, Spec> {
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
      inputs: always && random.below(12) === 0 ? undefined : pool.filter(() => random.below(4) === 0),
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
