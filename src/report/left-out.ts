import type { LeftOut } from '../model/events.js';

/** What is not fresh and yet does not run, in a line; names only as many as a line bears. */
export function describeLeftOut(leftOut: readonly LeftOut[]): string {
  const names = leftOut.slice(0, MOST_NAMES).map(({ target }) => target);
  const more = leftOut.length > names.length ? ` and ${leftOut.length - names.length} more` : '';
  const options = [...new Set(leftOut.map(({ by }) => `--${by}`))].sort().join(' and ');
  return `left out by ${options}, though not fresh: ${names.join(', ')}${more}`;
}

/** What can't run because of that, in a line. */
export function describeBlocked(blocked: ReadonlyMap<string, string>): string {
  const names = Array.from(blocked.keys()).slice(0, MOST_NAMES);
  const more = blocked.size > names.length ? ` and ${blocked.size - names.length} more` : '';
  return `so these would be skipped: ${names.join(', ')}${more}`;
}

/** Nodes that are in the cluster and not in the configuration, in a line. */
export function describeOrphans(nodes: readonly string[]): string {
  const names = nodes.slice(0, MOST_NAMES);
  const more = nodes.length > names.length ? ` and ${nodes.length - names.length} more` : '';
  const what = nodes.length === 1 ? 'orphan, a node' : 'orphans, nodes';
  return `${what} in the cluster and not in the configuration: ${names.join(', ')}${more}; pai prune removes ${nodes.length === 1 ? 'it' : 'them'}`;
}

const MOST_NAMES = 10;

/** What was applied for targets that are gone. */
export function describeOrphanTargets(targets: readonly string[]): string {
  const what = targets.length === 1 ? 'orphan' : 'orphans';
  return `${what}, applied in the cluster and not declared any more: ${targets.join(', ')}; pai prune removes ${targets.length === 1 ? 'it' : 'them'}`;
}
