import path from 'node:path';
import type { LocalDriver } from '../model/drivers.js';
import { PaiError, toPaiError } from '../model/errors.js';
import type { LocalWork, Survey, Surveyed } from '../model/local.js';
import type { OutputCache } from '../model/output-cache.js';
import type { Observation, Stamp } from '../model/stamp.js';
import type { ActionContext, ApplyContext, Desired, FingerprintPart } from '../model/target.js';
import { apply } from './apply.js';
import type { LocalBench, RecordFrame } from './bench.js';
import { removeOutputs } from './clean.js';
import { expand } from './expand.js';
import { areUnchangedFiles, contentOf, isUnchanged, KnownFiles, type Scan, scanFiles } from './file-table.js';
import { missingInputs } from './missing.js';
import { foreignOutputs, type Neighbours } from './neighbours.js';
import { compareOutputs } from './outputs.js';
import { matchesPath } from './pattern.js';
import { inputPatterns, outputPatterns } from './patterns.js';
import type { KeptRecord, LocalState, TargetRecord } from './records.js';
import { isLinkRow, ROW } from './rows.js';
import type { Runner } from './runner.js';
import { Settling } from './settle.js';
import { needsText, readSurroundings, type Surroundings, Tools, toolsAreKnown } from './surroundings.js';
import { survey } from './survey.js';
import { isTouched } from './touched.js';
import { Tree } from './tree.js';

/** What the driver for local targets works with. */
export interface LocalDriverOptions {
  /** The project's root, absolute. */
  readonly root: string;
  readonly state: LocalState;
  /** Runs commands and functions of tasks. */
  readonly runner: Runner;
  /** Where outputs are kept by fingerprint, and put back from. */
  readonly cache?: OutputCache;
  /** The other targets; without them nothing is said of files that several have to do with. */
  readonly neighbours?: Neighbours;
  /** What a look at these files has just told: quick looks go by it. */
  readonly surveyed?: Surveyed;
  /** Environment variables that tasks may name; this process's unless told. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** The clock, in milliseconds since the epoch. */
  readonly now?: () => number;
}

/** Makes the driver. Nothing is read before it is asked something. */
export function createLocalDriver(options: LocalDriverOptions): LocalDriver {
  return new Driver(options);
}

const ALONE: Neighbours = { workOf: () => undefined, comesAfter: () => true };

class Driver implements LocalDriver {
  readonly #bench: LocalBench;
  readonly #env: Readonly<Record<string, string | undefined>>;
  readonly #tools: Tools;
  /** When it was made, which is before it looked at anything; in milliseconds since the epoch. */
  readonly #made: number;
  /** Outputs as the last look found them, where they were as recorded. */
  readonly #outputs = new Map<string, Scan>();
  /** What was read in this run already. */
  readonly #read = new KnownFiles();
  #surveyed: Surveyed | undefined;
  #askedSurveyed = false;

  constructor(options: LocalDriverOptions) {
    const { root, state, runner, cache, env = process.env, now = Date.now, neighbours = ALONE } = options;
    const tree = new Tree(root);
    this.#bench = { tree, state, runner, cache, neighbours, now, settling: new Settling(tree, state, now) };
    this.#env = env;
    this.#made = now();
    this.#surveyed = options.surveyed;
    this.#tools = new Tools(runner, root);
  }

  async prepare(work: LocalWork): Promise<void> {
    await this.#tools.ask(work);
  }

  peek(target: string, work: LocalWork, needs: ReadonlyMap<string, string>): Stamp | undefined {
    const known = this.#bench.state.get(target);
    if (known?.kind !== 'done' || work.inputs === undefined) return undefined;
    const { record } = known;
    if (record.declared !== work.declared || record.needs !== needsText(needs)) return undefined;
    if (work.task.env !== undefined || work.task.tools !== undefined) {
      if (!toolsAreKnown(work, this.#tools)) return undefined;
      if (record.surroundings !== readSurroundings(work, this.#env, this.#tools).digest) return undefined;
    }
    const spared = this.#isSurveyed(target) && !isTouched(work, record, this.#surveyed?.changed ?? []);
    return spared || this.#isUnchanged(work, work.inputs, record) ? record.stamp : undefined;
  }

  observe(target: string, work: LocalWork): Observation {
    try {
      const known = this.#bench.state.get(target);
      this.#outputs.delete(target);
      if (known === undefined) return { kind: 'known', present: false };
      if (known.kind === 'begun') return { kind: 'known', present: true };
      const { record } = known;
      const scan = this.#scanOutputs(work, record);
      const outputs = compareOutputs(this.#bench.tree, work, record, scan);
      if (outputs.length > 0) return { kind: 'known', present: true, stamp: record.stamp, outputs };
      this.#outputs.set(target, scan);
      return { kind: 'known', present: true, stamp: record.stamp };
    } catch (thrown) {
      return { kind: 'unknown', error: toPaiError(thrown) };
    }
  }

  async desired(target: string, work: LocalWork, needs: ReadonlyMap<string, string>): Promise<Desired> {
    await this.#tools.ask(work);
    const surroundings = readSurroundings(work, this.#env, this.#tools);
    const inputs = this.#scanInputs(target, work);
    return {
      parts: partsOf(this.#bench.tree, work, surroundings, inputs),
      checksInputs: true,
      apply: (context) => this.#apply(work, inputs, recordOf(work, needs, surroundings), context),
      confirm: () => this.#confirm(target, inputs, recordOf(work, needs, surroundings)),
    };
  }

  async clean(work: LocalWork, context: ActionContext): Promise<void> {
    await removeOutputs(this.#bench, work, context);
  }

  survey(targets: Iterable<string>): Survey | undefined {
    const { tree, state } = this.#bench;
    // This driver did not look everywhere itself.
    if (this.#surveyed !== undefined) return undefined;
    return survey(tree, state, targets, this.#made, path.relative(tree.root, state.file));
  }

  async close(): Promise<readonly string[]> {
    await this.#bench.runner.close?.();
    await this.#bench.settling.finish();
    const problem = await this.#bench.state.close();
    return problem === undefined ? [] : [`can't remember what local targets were looked at: ${problem}`];
  }

  /** Whether a target is one of those that were surveyed, by the record that is known of it. */
  #isSurveyed(target: string): boolean {
    if (this.#surveyed === undefined) return false;
    // Records have been read by now, so that they are of the state that is asked for here.
    if (!this.#askedSurveyed && !this.#surveyed.isCurrent()) this.#surveyed = undefined;
    this.#askedSurveyed = true;
    return this.#surveyed?.targets.has(target) === true;
  }

  /** Rows of inputs, then of outputs; in the same order as the record has them. */
  #isUnchanged(work: LocalWork, inputs: readonly string[], record: KeptRecord): boolean {
    const { tree } = this.#bench;
    const { rows } = record;
    let paths = inputs;
    const literal = work.plain && record.literal;
    if (!literal) {
      paths = expand(tree, inputPatterns(work));
      if (paths.join('\n') !== record.inputText) return false;
    } else if (paths.length !== record.inputCount) return false;
    let at = record.rowStart;
    for (const path of paths) {
      if (!isUnchanged(tree, path, rows, at, !literal)) return false;
      at += isLinkRow(rows, at) ? 2 * ROW : ROW;
    }
    if (work.outputs === undefined || work.outputs.length === 0) return record.outputCount === 0;
    let outputs = work.outputs;
    if (!work.plainOutputs || outputs.join('\n') !== record.outputText) {
      outputs = expand(tree, outputPatterns(work));
      if (outputs.join('\n') !== record.outputText) return false;
    }
    for (const path of outputs) {
      if (!isUnchanged(tree, path, rows, at, false)) return false;
      at += isLinkRow(rows, at) ? 2 * ROW : ROW;
    }
    return true;
  }

  #scanOutputs(work: LocalWork, record: TargetRecord): Scan {
    const { tree, now } = this.#bench;
    const known = new KnownFiles();
    known.add(record.outputs);
    return scanFiles(tree, expand(tree, outputPatterns(work)), known, now);
  }

  /** Looks at the inputs; all of them are there. */
  #scanInputs(target: string, work: LocalWork): Scan {
    const { tree, state, now } = this.#bench;
    const recorded = state.get(target);
    if (recorded?.kind === 'done') this.#read.add(recorded.record.inputs);
    const scan = scanLiteral(tree, work, this.#read, now) ?? scanFiles(tree, pathsOf(tree, work), this.#read, now);
    if (scan.missing.length > 0) throw missingInputs(tree, scan.missing);
    this.#checkMakers(target, scan);
    this.#read.add(scan);
    return scan;
  }

  /** The inputs as they are now; the very same where a look at each tells that none of them changed. */
  #lookAgain(target: string, work: LocalWork, before: Scan): Scan {
    const { inputs = [], plain } = work;
    const { paths } = before;
    const literal = plain && paths.length === inputs.length && paths.every((path, index) => path === inputs[index]);
    if (!literal || !areUnchangedFiles(this.#bench.tree, before)) return this.#scanInputs(target, work);
    this.#checkMakers(target, before);
    return before;
  }

  /** Two globs may meet on the disk without anybody having seen it before. */
  #checkMakers(target: string, scan: Scan): void {
    const { state, neighbours } = this.#bench;
    const strange = foreignOutputs(scan.paths, target, state, neighbours).filter(
      ({ owner }) => !neighbours.comesAfter(target, owner),
    );
    const [first] = strange;
    if (first === undefined) return;
    throw new PaiError('PAIFILE_INVALID', `it reads ${first.path}, which ${first.owner} makes, and does not need it`, {
      details: strange.slice(1).map(({ path, owner }) => `it reads ${path}, which ${owner} makes`),
      next: `Add ${first.owner} to its needs, or take the file away from its inputs with '!'.`,
    });
  }

  async #apply(work: LocalWork, inputs: Scan, record: RecordFrame, context: ApplyContext): Promise<Stamp> {
    this.#outputs.delete(context.target);
    return apply(this.#bench, {
      work,
      inputs,
      lookAgain: () => this.#lookAgain(context.target, work, inputs),
      record,
      context,
    });
  }

  #confirm(target: string, inputs: Scan, frame: RecordFrame): void {
    const { state, settling } = this.#bench;
    const known = state.get(target);
    const outputs = this.#outputs.get(target);
    if (known?.kind !== 'done' || outputs === undefined) return;
    const record = { ...frame, stamp: known.record.stamp, inputs, outputs };
    state.refresh(record);
    settling.watch(record);
  }
}

function recordOf(work: LocalWork, needs: ReadonlyMap<string, string>, surroundings: Surroundings): RecordFrame {
  return {
    declared: work.declared,
    needs: needsText(needs),
    surroundings: surroundings.digest,
    literal: work.plain,
  };
}

function partsOf(tree: Tree, work: LocalWork, surroundings: Surroundings, inputs: Scan): FingerprintPart[] {
  const { run, values = {} } = work.task;
  const parts: FingerprintPart[] = inputs.paths.map((path, index) => {
    const value = inputs.digests[index] ?? '';
    return { name: `file ${path}`, value, digested: true, shown: (largest) => contentOf(tree, path, value, largest) };
  });
  if (typeof run === 'function') parts.push({ name: 'code of the paifile', value: work.code });
  else {
    const commands = 'pieces' in run ? [run] : run;
    parts.push({ name: 'commands', value: commands.map(({ pieces, values }) => ({ pieces, values })) });
  }
  if (work.outputs !== undefined) parts.push({ name: 'outputs', value: [...work.outputs].sort() });
  for (const [name, value] of Object.entries(values)) parts.push({ name: `value ${name}`, value });
  for (const [name, value] of surroundings.env) parts.push({ name: `env ${name}`, value, shown: false });
  for (const [name, value] of surroundings.tools) parts.push({ name: `tool ${name}`, value });
  return parts;
}

/**
 * The inputs as they are declared, where nothing has to be expanded: all are paths of files, each of them once. Undefined when
 * they have to be: for a glob, a folder, a link, what is missing, and what is an output too.
 */
function scanLiteral(tree: Tree, work: LocalWork, known: KnownFiles, now: () => number): Scan | undefined {
  const { inputs = [], plain } = work;
  if (!plain || new Set(inputs).size < inputs.length) return undefined;
  const { take } = outputPatterns(work);
  if (inputs.some((path) => take.some((pattern) => matchesPath(pattern, path, true)))) return undefined;
  const scan = scanFiles(tree, inputs, known, now);
  if (scan.missing.length === 0 && !scan.starts.some((start) => isLinkRow(scan.rows, start))) return scan;
  known.add(scan);
  return undefined;
}

/** Literal paths in the order in which they are declared, as long as each is a file: then nobody has to expand them again. */
function pathsOf(tree: Tree, work: LocalWork): readonly string[] {
  const { inputs: declared } = work;
  if (declared === undefined) return [];
  const expanded = expand(tree, inputPatterns(work));
  if (!work.plain || expanded.length !== declared.length) return expanded;
  const found = new Set(expanded);
  return declared.every((path) => found.has(path)) ? declared : expanded;
}
