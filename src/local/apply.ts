import { mkdirSync } from 'node:fs';
import { PaiError } from '../model/errors.js';
import type { LocalWork } from '../model/local.js';
import type { Stamp } from '../model/stamp.js';
import type { ApplyContext } from '../model/target.js';
import type { LocalBench, RecordFrame } from './bench.js';
import { keepOutputs, lookAtOutputs, restoreOutputs } from './cached-outputs.js';
import { guardedSync } from './file-errors.js';
import type { Scan } from './file-table.js';
import { foreignOutputs } from './neighbours.js';
import { digestOfOutputs } from './outputs.js';
import { literalBase, parsePattern } from './pattern.js';
import type { Tree } from './tree.js';

/** One run of a task. */
export interface Applying {
  readonly work: LocalWork;
  /** The inputs as they were when its fingerprint was made. */
  readonly inputs: Scan;
  /** The inputs as they are now; `inputs` itself when nothing changed. Throws LOCAL_FILE. */
  readonly lookAgain: () => Scan;
  readonly record: RecordFrame;
  readonly context: ApplyContext;
}

/**
 * Takes the stamp away, puts outputs back or runs the commands, looks at what was made and, if no input changed meanwhile,
 * keeps the new stamp. Throws LOCAL_FILE, LOCAL_COMMAND, CANCELLED.
 */
export async function apply(bench: LocalBench, { work, inputs, lookAgain, record, context }: Applying): Promise<Stamp> {
  const { tree, state, runner, settling } = bench;
  const { target } = context;
  makePlaces(tree, work);
  settling.unwatch(target);
  await state.begin(target);
  try {
    const restored = await restoreOutputs(bench, work, context);
    if (restored === undefined) await runner.run(work, tree.root, context);
    tree.forget();
    const outputs = restored ?? lookAtOutputs(bench, work);
    checkOutputs(bench, outputs, target);
    const stamp = context.stamp(outputOf(work, outputs, context));
    const changed = findChange(inputs, lookAgain);
    if (changed !== undefined) {
      context.log(`${changed} while it ran: it is stale again, run once more`);
      return stamp;
    }
    const complete = { ...record, stamp, inputs, outputs };
    const problem = state.put(complete);
    if (problem === undefined) settling.watch(complete);
    else context.log(`that it ran can't be kept (${problem}): it will run again next time`);
    if (restored === undefined) await keepOutputs(bench, work, complete);
    else context.restored?.();
    return stamp;
  } finally {
    tree.forget();
  }
}

/** What dependents see: its outputs; else all that it depends on; and when it does not tell that either, every run is new. */
function outputOf(work: LocalWork, outputs: Scan, context: ApplyContext): string | undefined {
  if (work.outputs !== undefined) return digestOfOutputs(outputs);
  if (work.inputs !== undefined) return undefined;
  const { fingerprint, run } = context.stamp();
  return `${fingerprint}@${run}`;
}

/** Throws LOCAL_COMMAND when some are missing, PAIFILE_INVALID when some belong to another target. */
function checkOutputs({ state, neighbours }: LocalBench, scan: Scan, target: string): void {
  const [first, ...more] = scan.missing;
  if (first !== undefined) {
    throw new PaiError('LOCAL_COMMAND', `it ended well and did not make ${first}`, {
      details: more.map((file) => `nor ${file}`),
      next: 'Correct the command, or the outputs that are declared.',
    });
  }
  const taken = foreignOutputs(scan.paths, target, state, neighbours);
  if (taken.length > 0) {
    const told = taken.map(({ path, owner }) => `${path} is an output of ${owner}`);
    throw new PaiError('PAIFILE_INVALID', `it makes what another target makes: ${told[0]}`, {
      details: told.slice(1),
      next: 'Let the outputs of each target match only what it makes.',
    });
  }
}

/** How inputs are other than they were when the run began; undefined when they are not. */
function findChange(before: Scan, lookAgain: () => Scan): string | undefined {
  let after: Scan;
  try {
    after = lookAgain();
    if (after === before) return undefined;
  } catch (thrown) {
    return `its inputs changed (${thrown instanceof Error ? thrown.message : String(thrown)})`;
  }
  const digests = new Map(before.paths.map((file, index) => [file, before.digests[index]]));
  for (const [index, file] of after.paths.entries()) {
    if (!digests.has(file)) return `the input ${file} was added`;
    if (digests.get(file) !== after.digests[index]) return `the input ${file} changed`;
    digests.delete(file);
  }
  const [gone] = digests.keys();
  return gone === undefined ? undefined : `the input ${gone} was removed`;
}

/** Makes the folders of outputs. Throws PAIFILE_INVALID when a link leads out of the project. */
function makePlaces(tree: Tree, work: LocalWork): void {
  const real = tree.realRoot;
  for (const text of work.outputs ?? []) {
    for (const pattern of parsePattern(text)) {
      const folder = literalBase(pattern);
      const nearest = nearestFolder(tree, folder);
      const way = pattern.literal && tree.lstat(text) !== undefined ? text : nearest;
      const leads = tree.realpath(way);
      if (leads !== real && !leads.startsWith(`${real}/`)) {
        throw new PaiError('PAIFILE_INVALID', `the output ${text} is outside the project: ${way} leads to ${leads}`, {
          next: 'Declare outputs inside of the project.',
        });
      }
      if (folder !== nearest) guardedSync(folder, 'write', () => mkdirSync(tree.place(folder), { recursive: true }));
    }
  }
}

function nearestFolder(tree: Tree, folder: string): string {
  let way = folder;
  while (way !== '' && tree.stat(way) === undefined) way = way.slice(0, Math.max(0, way.lastIndexOf('/')));
  return way;
}
