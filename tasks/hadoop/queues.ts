import { PaiError, type VirtualCluster } from 'pai';

/** A queue of YARN's capacity scheduler. */
export interface Queue {
  readonly name: string;
  /** Percent of the cluster, at most two decimals. */
  readonly capacity: number;
}

/** All queues, `default` first, and how much was asked for in percent when that was more than there is. */
export interface Queues {
  readonly queues: readonly Queue[];
  readonly scaledFrom?: number;
}

/** Hundredths of a percent: they are what capacities are handed out in, so that the sum is exact. */
const WHOLE = 10_000;
/** More than adding up fractions makes of 100 percent. */
const NOISE = 1e-6;

/**
 * The queues of `virtualClusters` (capacity in percent). What they leave goes to `default`, and if they ask for more than 100 together,
 * all of them are scaled down and nothing is left. The scheduler accepts no queues whose sum is not 100, so roundings are made up for: who lost most
 * gets the hundredth first. Throws CONFIG_INVALID for names that can't be a queue's.
 */
export function queuesOf(wanted: readonly VirtualCluster[]): Queues {
  checkNames(wanted.map(({ name }) => name));
  const asked = wanted.reduce((sum, { capacity }) => sum + capacity, 0);
  const exact = wanted.map(({ capacity }) => (capacity * WHOLE) / Math.max(asked, 100));
  const given = exact.map((share) => Math.floor(share));
  const total = Math.round(exact.reduce((sum, share) => sum + share, 0));
  const byLoss = exact
    .map((share, index) => ({ index, loss: share % 1 }))
    .sort((a, b) => b.loss - a.loss || a.index - b.index);
  const missing = total - given.reduce((sum, share) => sum + share, 0);
  for (const { index } of byLoss.slice(0, missing)) given[index] = (given[index] ?? 0) + 1;
  const named = wanted.flatMap(({ name }, index) => (name === 'default' ? [] : [{ name, share: given[index] ?? 0 }]));
  const rest = WHOLE - named.reduce((sum, { share }) => sum + share, 0);
  const queues = [{ name: 'default', share: rest }, ...named].map(({ name, share }) => ({
    name,
    capacity: share / 100,
  }));
  return asked > 100 + NOISE ? { queues, scaledFrom: asked } : { queues };
}

/** A dot separates a queue from its parent, so it can't be in a name. */
function checkNames(names: readonly string[]): void {
  const wrong = names.filter((name) => name.includes('.') || name === 'root');
  if (wrong.length === 0) return;
  throw new PaiError('CONFIG_INVALID', `virtualClusters: ${wrong.join(', ')} can't be the name of a queue`, {
    where: 'services-configuration.yaml',
    next: 'Give it a name without dots that is not root.',
  });
}
