import type { ServicesFile } from './files.js';
import type { VirtualCluster } from './model.js';

type Entries = ServicesFile['hadoop']['virtualClusters'];

/** The queue that gets what the others leave. */
export const DEFAULT_QUEUE = 'default';

/** Sum of the capacities as written, in percent, without the noise of adding fractions. */
export function totalCapacity(entries: Readonly<Record<string, { readonly capacity?: number | undefined }>>): number {
  return rounded(Object.values(entries).reduce((sum, { capacity }) => sum + (capacity ?? 0), 0));
}

/**
 * The virtual clusters with their shares, which add up to 100 percent. More than 100 is scaled down, to hundredths of a percent;
 * what is left, be it by rounding, goes to `default`, on top of what that has of its own. It comes last unless it is written.
 */
export function virtualClusters(entries: Entries): readonly VirtualCluster[] {
  const total = totalCapacity(entries);
  const scaled = (capacity: number): number => (total > 100 ? Math.floor((capacity * 10_000) / total) / 100 : capacity);
  const all: Entries = { ...entries, [DEFAULT_QUEUE]: entries[DEFAULT_QUEUE] ?? { capacity: 0 } };
  const clusters = Object.entries(all).map(([name, entry]) => ({ ...entry, name, capacity: scaled(entry.capacity) }));
  const left = 100 - clusters.reduce((sum, { capacity }) => sum + capacity, 0);
  return clusters.map((cluster) =>
    cluster.name === DEFAULT_QUEUE ? { ...cluster, capacity: Math.max(0, rounded(cluster.capacity + left)) } : cluster,
  );
}

function rounded(capacity: number): number {
  return Number(capacity.toFixed(6));
}
