import { type Graph, targetOf } from '../graph/graph.js';
import { PaiError, toPaiError } from '../model/errors.js';
import type { PlanEntry } from '../model/plan.js';
import type { Plan } from './plan.js';
import { isWell, rollingGroup } from './rolling.js';

/**
 * Throws REFUSED when entries of a plan change members of rolling groups that do their work, while another member is not well and these entries do
 * not repair it: whoever takes one more away then takes what is needed. What is not well and can be repaired goes first in a run, and keeps it
 * from going on when it does not come up; so that is no reason to refuse.
 */
export function refuseUnhealthy(graph: Graph, plan: Plan, entries: readonly PlanEntry[]): void {
  const changed = entries.filter(({ name, state, mayBeCutOff }) => {
    return state === 'stale' && !mayBeCutOff && rolls(graph, name) && isWell(plan.observations.get(name));
  });
  if (changed.length === 0) return;
  const repaired = new Set(entries.filter(({ state }) => state === 'stale').map(({ name }) => name));
  const details = [...plan.observations].flatMap(([name, observation]) => {
    if (!rolls(graph, name) || repaired.has(name)) return [];
    if (observation.kind === 'unknown') return [`${name}: ${toPaiError(observation.error).message}`];
    // What is not there yet is no member.
    const problem =
      observation.problem ?? (observation.stamp === undefined ? 'its last run did not finish' : undefined);
    return problem === undefined || !observation.present ? [] : [`${name}: ${problem}`];
  });
  if (details.length === 0) return;
  const what = changed.length === 1 ? changed[0]?.name : `${changed[0]?.name} and ${changed.length - 1} more`;
  throw new PaiError('REFUSED', `the cluster is not healthy, and ${what} would be changed`, {
    details,
    next: 'Repair it first (pai repair), take what is gone out of the configuration, or say --allow unhealthy.',
  });
}

function rolls(graph: Graph, name: string): boolean {
  return rollingGroup(targetOf(graph, name)) !== undefined;
}
