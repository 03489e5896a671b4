import type { CacheSize, Pruned } from '../state/output-cache/evict.js';
import { formatSize } from '../state/output-cache/size.js';
import type { Verified } from '../state/output-cache/verify.js';
import { oneLine } from './text.js';

/** What `pai cache stat` tells. */
export interface CacheStat extends CacheSize {
  readonly directory: string;
  readonly maxBytes: number;
  /** How often outputs were put back since the cache was made. */
  readonly hits: number;
}

/** What is in a cache of outputs. */
export function formatStat({ directory, bytes, maxBytes, entries, objects, hits }: CacheStat): string {
  return `${directory}
  size     ${formatSize(bytes)} of ${formatSize(maxBytes)}
  entries  ${entries}
  objects  ${objects}
  hits     ${hits}
`;
}

/** What a prune removed and left. */
export function formatPruned({ removedEntries, removedObjects, freedBytes, entries, bytes }: Pruned): string {
  const left = `${count(entries, 'entry', 'entries')} of ${formatSize(bytes)} left`;
  if (removedEntries + removedObjects === 0) return `nothing to remove: ${left}\n`;
  const removed = `${count(removedEntries, 'entry', 'entries')} and ${count(removedObjects, 'object', 'objects')}`;
  return `removed ${removed}, ${formatSize(freedBytes)}: ${left}\n`;
}

/** What was damaged, one line each. */
export function formatDamage({ damaged, entries, objects }: Verified): string {
  const looked = `${count(entries, 'entry', 'entries')} and ${count(objects, 'object', 'objects')}`;
  if (damaged.length === 0) return `${looked}: all as they were written\n`;
  const lines = damaged.map(({ path, problem, target }) => {
    return `removed ${oneLine(path)}${target === undefined ? '' : ` of ${oneLine(target)}`}: ${problem}`;
  });
  return `${lines.join('\n')}\n\n${damaged.length} of ${looked} damaged; what needs them is made anew\n`;
}

function count(number: number, one: string, more: string): string {
  return `${number} ${number === 1 ? one : more}`;
}
