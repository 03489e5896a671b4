import { mkdirSync, mkdtempSync, realpathSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { findUnchanged, keepSnapshot } from '../../../src/cli/unchanged.js';
import { createLocalDriver } from '../../../src/local/driver.js';
import type { Runner } from '../../../src/local/runner.js';
import type { Drivers } from '../../../src/model/drivers.js';
import { assemble } from '../../../src/paifile/assemble.js';
import { declare } from '../../../src/paifile/declare.js';
import { type Language, paifile } from '../../../src/paifile/language.js';
import { outline } from '../../../src/paifile/outline.js';
import { planRun } from '../../../src/plan/plan.js';
import { executePlan } from '../../../src/run/execute.js';
import { createLook } from '../../../src/run/look.js';
import { createLocalState } from '../../../src/state/local-state.js';

/** Longer than a tick of a file system's clock, in milliseconds. */
export const SETTLED = 30;

/** A project in which a snapshot is kept and asked. */
export class Project {
  readonly root = realpathSync(mkdtempSync(path.join(tmpdir(), 'pai-unchanged-')));
  readonly cacheDirectory = path.join(this.root, '.cache');
  readonly env: Record<string, string> = { USED: '1', OTHER: '1' };
  code = 'code';
  declare: (language: Language) => void = ({ target, $, group }) => {
    const make = target('make', {
      inputs: ['src/**', '!src/left/**', 'named', 'maybe/{a,b}', 'link', '*.glob'],
      outputs: ['out/one', 'gen/**'],
      env: ['USED'],
      values: { value: 1 },
      run: $`make`,
    });
    const use = target('use', { inputs: ['gen/**', 'named'], outputs: ['out/two'], run: $`use` }, { needs: [make] });
    group('all', 'all', [make, use]);
  };

  at(file: string): string {
    return path.join(this.root, file);
  }

  write(file: string, content: string): void {
    mkdirSync(path.dirname(this.at(file)), { recursive: true });
    writeFileSync(this.at(file), content);
  }

  #given() {
    const cluster = (): never => {
      throw new Error('there is no cluster');
    };
    return { cluster, project: { root: this.root, cache: this.cacheDirectory }, code: this.code };
  }

  /** Runs targets (all unless told) as `pai run` does; names of those that ran. */
  async run(patterns: readonly string[] = ['all']): Promise<string[]> {
    const runner: Runner = {
      run: async (_, __, { target }) => {
        if (target === 'make') for (const file of ['out/one', 'gen/deep/a', 'gen/b']) this.write(file, file);
        else this.write(target === 'use' ? 'out/two' : `out/${target}`, target);
      },
      ask: async () => '1',
    };
    const { root, cacheDirectory, env, code } = this;
    const drivers = this.#drivers(runner, this.found(patterns));
    const graph = this.#graph();
    const names = patterns[0] === 'all' ? graph.targets.keys() : patterns;
    const plan = await planRun(graph, names, createLook(drivers));
    const { results } = await executePlan(plan, graph, { run: 'run', drivers, emit: () => undefined });
    keepSnapshot({ root, cacheDirectory, graph, code, asksForCluster: false }, patterns, plan, drivers, env);
    expect(await drivers.local.close()).toEqual([]);
    return [...results].filter(([, { outcome }]) => outcome === 'ran').map(([name]) => name);
  }

  #graph() {
    return assemble(declare(paifile(this.declare), this.#given()));
  }

  #drivers(runner: Runner, found: ReturnType<typeof findUnchanged>): Drivers {
    const { root, cacheDirectory, env } = this;
    const surveyed = found?.kind === 'changed' ? found.surveyed : undefined;
    const state = createLocalState(cacheDirectory);
    return { local: createLocalDriver({ root, state, runner, env, ...(surveyed && { surveyed }) }) } as Drivers;
  }

  /** Plans all targets, by what a look at the snapshot found. */
  async plan(found: ReturnType<typeof findUnchanged>) {
    const runner: Runner = { run: async () => undefined, ask: async () => '1' };
    const graph = this.#graph();
    return planRun(graph, graph.targets.keys(), createLook(this.#drivers(runner, found)));
  }

  /** A selection of which nothing changed. */
  unchanged(patterns: readonly string[] | 'all targets' = ['all']) {
    const found = this.found(patterns);
    return found?.kind === 'unchanged' ? found : undefined;
  }

  found(patterns: readonly string[] | 'all targets' = ['all']) {
    const { root, cacheDirectory, env } = this;
    const given = { root, cacheDirectory, paifile: { outline: () => outline(paifile(this.declare), this.#given()) } };
    return findUnchanged(given, patterns, env);
  }

  /** Runs until a snapshot is there. */
  async settle(patterns?: readonly string[]): Promise<void> {
    await this.run(patterns);
    await sleep(SETTLED);
    expect(await this.run(patterns)).toEqual([]);
  }
}
