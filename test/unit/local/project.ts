import { chmodSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Graph } from '../../../src/graph/graph.js';
import { comesAfterIn } from '../../../src/graph/order.js';
import { createLocalDriver } from '../../../src/local/driver.js';
import type { Runner } from '../../../src/local/runner.js';
import { createRunner } from '../../../src/local/zx-runner.js';
import type { Drivers } from '../../../src/model/drivers.js';
import type { PaiError } from '../../../src/model/errors.js';
import type { OutputCache } from '../../../src/model/output-cache.js';
import type { PlanEntry } from '../../../src/model/plan.js';
import { assemble } from '../../../src/paifile/assemble.js';
import { declare } from '../../../src/paifile/declare.js';
import { type Language, paifile } from '../../../src/paifile/language.js';
import { planClean } from '../../../src/plan/clean.js';
import type { Look } from '../../../src/plan/look.js';
import { planRun } from '../../../src/plan/plan.js';
import { executeClean } from '../../../src/run/clean.js';
import { executePlan } from '../../../src/run/execute.js';
import { createLook } from '../../../src/run/look.js';
import { createLocalState } from '../../../src/state/local-state.js';

/** How a project is run. */
export interface Setting {
  readonly runner?: Runner;
  readonly cache?: OutputCache;
  readonly env?: Readonly<Record<string, string>>;
  /** Digest of the paifile. */
  readonly code?: string;
}

/** What a run did. */
export interface Ran {
  readonly outcomes: Readonly<Record<string, string>>;
  readonly errors: Readonly<Record<string, PaiError>>;
  /** What targets said. */
  readonly log: readonly string[];
  readonly warnings: readonly string[];
}

/** A project of local targets in a temporary folder, with real files and, unless told, real commands. */
export class LocalProject {
  readonly root: string;
  readonly #write: (language: Language) => void;

  constructor(write: (language: Language) => void, root = newFolder()) {
    this.root = root;
    this.#write = write;
  }

  file(name: string, content: string, mode = 0o644): void {
    const place = path.join(this.root, name);
    mkdirSync(path.dirname(place), { recursive: true });
    writeFileSync(place, content);
    chmodSync(place, mode);
  }

  read(name: string): string {
    return readFileSync(path.join(this.root, name), 'utf8');
  }

  graph(code = 'code'): Graph {
    const cluster = (): never => {
      throw new Error('there is no cluster');
    };
    const project = { root: this.root, cache: path.join(this.root, '.cache') };
    return assemble(declare(paifile(this.#write), { cluster, project, code }));
  }

  #drivers(graph: Graph, { runner = createRunner(), cache, env }: Setting): Drivers {
    const local = createLocalDriver({
      root: this.root,
      state: createLocalState(path.join(this.root, '.cache')),
      runner,
      neighbours: {
        workOf: (name) => graph.targets.get(name)?.action.local,
        comesAfter: comesAfterIn(graph),
      },
      ...(cache && { cache }),
      ...(env && { env }),
    });
    return { local } as Drivers;
  }

  /** What would run, and why; by target. */
  async plan(setting: Setting = {}): Promise<Readonly<Record<string, PlanEntry>>> {
    const graph = this.graph(setting.code);
    const look = createLook(this.#drivers(graph, setting));
    return Object.fromEntries((await planRun(graph, graph.targets.keys(), look)).byName);
  }

  async run(setting: Setting = {}, targets?: readonly string[]): Promise<Ran> {
    const graph = this.graph(setting.code);
    const drivers = this.#drivers(graph, setting);
    const plan = await planRun(graph, targets ?? graph.targets.keys(), createLook(drivers));
    const log: string[] = [];
    const { results } = await executePlan(plan, graph, {
      run: `run-${Math.random()}`,
      drivers,
      emit: (event) => {
        if (event.type === 'target-log') log.push(event.line);
      },
    });
    const warnings = await drivers.local.close();
    const named = [...results];
    return {
      outcomes: Object.fromEntries(named.map(([name, { outcome }]) => [name, outcome])),
      errors: Object.fromEntries(named.flatMap(([name, { error }]) => (error === undefined ? [] : [[name, error]]))),
      log,
      warnings,
    };
  }

  /** Targets that a quick look finds fresh, in order; reads no file. */
  async glances(): Promise<string[]> {
    const graph = this.graph();
    const look = createLook(this.#drivers(graph, {}));
    const seen: string[] = [];
    const watched: Look = {
      ...look,
      peek: (target, outputs) => {
        const stamp = look.peek(target, outputs);
        if (stamp !== undefined) seen.push(target.name);
        return stamp;
      },
    };
    await planRun(graph, graph.targets.keys(), watched);
    return seen;
  }

  async clean(targets: readonly string[]): Promise<string[]> {
    const graph = this.graph();
    const drivers = this.#drivers(graph, {});
    const log: string[] = [];
    const plan = await planClean(graph, targets, createLook(drivers));
    await executeClean(plan, graph, {
      run: 'clean',
      drivers,
      emit: (event) => {
        if (event.type === 'target-log') log.push(event.line);
      },
    });
    await drivers.local.close();
    return log;
  }
}

function newFolder(): string {
  return realpathSync(mkdtempSync(path.join(tmpdir(), 'pai-local-')));
}
