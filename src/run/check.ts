import { type Graph, targetOf } from '../graph/graph.js';
import type { Drivers } from '../model/drivers.js';
import { PaiError, toPaiError } from '../model/errors.js';
import type { PlanEntry } from '../model/plan.js';
import type { Allowance } from '../model/target.js';
import { refuseUnhealthy } from '../plan/health.js';
import type { Plan } from '../plan/plan.js';

/** What is checked, and with what. */
export interface Checking {
  readonly graph: Graph;
  readonly plan: Plan;
  /** Those of the plan that the run covers. */
  readonly entries: readonly PlanEntry[];
  readonly drivers: Drivers;
  readonly signal: AbortSignal;
  /** What may be done although something speaks against it. */
  readonly allow: ReadonlySet<Allowance>;
}

/**
 * Asks whether something speaks against what a run is about to do, before it does anything. Rejects with REFUSED: for a cluster that is not
 * healthy, and with what the checks of the targets say, each reason once.
 */
export async function checkRun({ graph, plan, entries, drivers, signal, allow }: Checking): Promise<void> {
  if (!allow.has('unhealthy')) refuseUnhealthy(graph, plan, entries);
  const refusals = await Promise.all(
    entries.map(async ({ name, state, mayBeCutOff }) => {
      const { action } = targetOf(graph, name);
      const observation = plan.observations.get(name);
      const applied = observation?.kind === 'known' && observation.stamp !== undefined;
      if (state !== 'stale' || mayBeCutOff || !applied || action.check === undefined) return undefined;
      const log = (): void => undefined;
      const context = { target: name, drivers, outputs: new Map<string, string>(), signal, log };
      return action.check(context, allow).then(
        () => undefined,
        (thrown) => toPaiError(thrown),
      );
    }),
  );
  const errors = refusals.filter((error) => error !== undefined);
  const [first] = errors;
  if (first === undefined) return;
  const { code, next } = first;
  const reasons = new Set(errors.map(({ message }) => message));
  if (reasons.size === 1) throw first;
  throw new PaiError(code, `${reasons.size} things speak against this run`, {
    details: [...reasons],
    ...(next !== undefined && { next }),
  });
}
