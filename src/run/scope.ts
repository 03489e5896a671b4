import { type Graph, needsOf } from '../graph/graph.js';
import { PaiError } from '../model/errors.js';
import type { LeftOut } from '../model/events.js';
import type { PlanEntry } from '../model/plan.js';
import type { Plan } from '../plan/plan.js';

/** How a run is made smaller than its plan. */
export interface Narrowing {
  /** Only the named targets run, not what they need: that is taken as it is. */
  readonly only?: boolean;
  /** Targets that do not run. */
  readonly exclude?: ReadonlySet<string>;
}

/** What a run is about. */
export interface Scope {
  /** The entries of the plan that it covers, needs first. */
  readonly entries: readonly PlanEntry[];
  /** Entries that are not fresh and are left out. */
  readonly leftOut: readonly LeftOut[];
  /** Covered targets that can't run, with the target at the bottom of it: one that is excluded and not fresh. */
  readonly blocked: ReadonlyMap<string, string>;
}

/**
 * Makes a run smaller than its plan. What only excluded targets need is left out with them. A target that comes `after` an
 * excluded one runs: it does not depend on it.
 * Throws USAGE when a target that is to run alone needs something that was never applied or can't be looked at.
 */
export function narrow(plan: Plan, graph: Graph, { only = false, exclude = new Set() }: Narrowing = {}): Scope {
  if (!only && exclude.size === 0) return { entries: plan.entries, leftOut: [], blocked: new Map() };
  const covered = new Set(plan.selected.filter((name) => !exclude.has(name)));
  if (!only) {
    for (const name of covered) {
      // A set hands out what is added while it is walked.
      for (const need of needsOf(graph, name)) if (!exclude.has(need.target)) covered.add(need.target);
    }
  }
  const entries = plan.entries.filter((entry) => covered.has(entry.name));
  const open = entries.filter((entry) => entry.state !== 'fresh');
  if (only) checkNeeds(plan, graph, covered, open);
  const leftOut = plan.entries
    .filter((entry) => entry.state !== 'fresh' && !covered.has(entry.name))
    .map(({ name }) => ({ target: name, by: exclude.has(name) ? ('exclude' as const) : ('only' as const) }));
  return { entries, leftOut, blocked: only ? new Map() : blockedBy(graph, open, leftOut) };
}

function blockedBy(graph: Graph, open: readonly PlanEntry[], leftOut: readonly LeftOut[]): Map<string, string> {
  const missing = new Set(leftOut.map(({ target }) => target));
  const blocked = new Map<string, string>();
  for (const { name } of open) {
    for (const need of needsOf(graph, name)) {
      // What is skipped keeps everything behind it from running, as what has failed does.
      const cause = !need.order && missing.has(need.target) ? need.target : blocked.get(need.target);
      if (cause !== undefined) blocked.set(name, cause);
      if (cause !== undefined) break;
    }
  }
  return blocked;
}

/** Without the output of what it needs, a target can't even be fingerprinted. */
function checkNeeds(plan: Plan, graph: Graph, covered: ReadonlySet<string>, open: readonly PlanEntry[]): void {
  const problems: string[] = [];
  for (const { name } of open) {
    for (const need of needsOf(graph, name)) {
      if (need.order || covered.has(need.target)) continue;
      const observation = plan.observations.get(need.target);
      if (observation?.kind === 'known' && observation.stamp !== undefined) continue;
      const why = observation?.kind === 'known' ? 'was never applied' : "can't be looked at";
      problems.push(`${name} needs ${need.target}, which ${why}`);
    }
  }
  const [first, ...rest] = problems;
  if (first === undefined) return;
  throw new PaiError('USAGE', rest.length === 0 ? first : `${problems.length} needs are missing`, {
    details: rest.length === 0 ? [] : problems,
    next: 'Run it without --only, or name what it needs as well.',
  });
}
