import type { LocalWork } from '../model/local.js';
import type { OutputCache } from '../model/output-cache.js';
import type { ApplyContext } from '../model/target.js';
import type { LocalBench } from './bench.js';
import { expand } from './expand.js';
import { KnownFiles, type Scan, scanFiles } from './file-table.js';
import { foreignOutputs } from './neighbours.js';
import { compareOutputs } from './outputs.js';
import { matchesPath } from './pattern.js';
import { outputPatterns } from './patterns.js';
import type { TargetRecord } from './records.js';

/** Only what is declared whole can come from a cache: what it reads, and what it makes. */
function cacheOf({ cache }: LocalBench, work: LocalWork): OutputCache | undefined {
  const { inputs, outputs = [], task } = work;
  return inputs === undefined || outputs.length === 0 || task.cache === false ? undefined : cache;
}

/** The outputs, put back; undefined when the task has to run. */
export async function restoreOutputs(
  bench: LocalBench,
  work: LocalWork,
  context: ApplyContext,
): Promise<Scan | undefined> {
  const cache = cacheOf(bench, work);
  if (cache === undefined || context.restored === undefined) return undefined;
  const { tree, state, neighbours } = bench;
  tree.forget();
  const patterns = outputPatterns(work);
  const existing = expand(tree, patterns);
  // That two targets make the same is told later; it must not cost one of them its outputs before.
  const foreign = new Set(foreignOutputs(existing, context.target, state, neighbours).map(({ path }) => path));
  const found = await cache.restore({
    target: context.target,
    fingerprint: context.stamp().fingerprint,
    declares: (path) => patterns.take.some((pattern) => matchesPath(pattern, path, true)),
    existing: existing.filter((path) => !foreign.has(path)),
    signal: context.signal,
  });
  if (found === undefined) return undefined;
  tree.forget();
  const outputs = lookAtOutputs(bench, work);
  return outputs.missing.length === 0 ? outputs : undefined;
}

/** Keeps the outputs of a task that ran well, unless they changed since they were looked at. */
export async function keepOutputs(bench: LocalBench, work: LocalWork, record: TargetRecord): Promise<void> {
  const { stamp, outputs } = record;
  await cacheOf(bench, work)?.put({
    target: stamp.target,
    fingerprint: stamp.fingerprint,
    run: stamp.run,
    outputs: outputs.paths,
    unchanged: () => {
      bench.tree.forget();
      const known = new KnownFiles();
      known.add(outputs);
      return compareOutputs(bench.tree, work, record, lookAtOutputs(bench, work, known)).length === 0;
    },
  });
}

/** The outputs as they are, whole or not. Throws LOCAL_FILE. */
export function lookAtOutputs({ tree, now }: LocalBench, work: LocalWork, known = new KnownFiles()): Scan {
  return scanFiles(tree, expand(tree, outputPatterns(work)), known, now);
}
