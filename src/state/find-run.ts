import { PaiError } from '../model/errors.js';
import { didYouMean } from '../model/suggest.js';
import { type PastRun, type PastTarget, readRun, runIds } from './past-runs.js';

const TOLD_RUNS = 5;
const SEE_RUNS = 'Run `pai history` to see the runs that are kept.';

/**
 * The run that a text stands for: `last`, an id, or the beginning of exactly one id.
 * Throws UNKNOWN_NAME with the nearest ids, USAGE when several begin so.
 */
export function findRun(cacheDirectory: string, text: string): PastRun {
  const ids = runIds(cacheDirectory);
  const [newest] = ids;
  if (newest === undefined) throw noRuns();
  if (text === 'last') return readRun(cacheDirectory, newest);
  const found = ids.filter((id) => text !== '' && id.startsWith(text));
  const [id, other] = found;
  if (id === undefined) {
    const meant = didYouMean(text, [...ids, 'last']);
    throw new PaiError('UNKNOWN_NAME', `there is no run ${text}${meant === undefined ? '' : `; ${meant}`}`, {
      next: SEE_RUNS,
    });
  }
  if (other !== undefined) {
    const more = found.length > TOLD_RUNS ? [`and ${found.length - TOLD_RUNS} more`] : [];
    throw new PaiError('USAGE', `${found.length} runs begin with ${text}`, {
      details: [...found.slice(0, TOLD_RUNS), ...more],
      next: 'Give more of the id.',
    });
  }
  return readRun(cacheDirectory, id);
}

/** A target in a run. */
export interface FoundTarget {
  readonly run: PastRun;
  readonly target: PastTarget;
}

/**
 * The newest run in which a target began to work, or that target in a given run. While a run is at work that will come to the
 * target, `coming` prefers it.
 * Throws UNKNOWN_NAME with the nearest names of targets in these runs.
 */
export function findTarget(
  cacheDirectory: string,
  name: string,
  options: { readonly run?: string; readonly coming?: boolean } = {},
): FoundTarget {
  const names = new Set<string>();
  const asked = options.run === undefined ? undefined : findRun(cacheDirectory, options.run);
  const ids = asked === undefined ? runIds(cacheDirectory) : [asked.id];
  if (ids.length === 0) throw noRuns();
  for (const id of ids) {
    const run = asked ?? readRun(cacheDirectory, id);
    for (const target of run.targets) {
      const comes = options.coming === true && run.ending === 'running' && target.outcome === 'waiting';
      if (target.name === name && (asked !== undefined || target.began !== undefined || comes)) return { run, target };
      if (target.began !== undefined || asked !== undefined) names.add(target.name);
    }
  }
  const meant = didYouMean(name, names);
  const where = asked === undefined ? 'any run that is kept' : `run ${asked.id}`;
  throw new PaiError('UNKNOWN_NAME', `${name} did not run in ${where}${meant === undefined ? '' : `; ${meant}`}`, {
    next: asked === undefined ? SEE_RUNS : `Run \`pai show ${asked.id}\` to see what ran.`,
  });
}

function noRuns(): PaiError {
  return new PaiError('UNKNOWN_NAME', 'no run is recorded yet', {
    next: 'Runs that find nothing to do leave no record; run something.',
  });
}
