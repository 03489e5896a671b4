import { type Graph, targetOf } from '../graph/graph.js';
import { PaiError, toPaiError } from '../model/errors.js';
import type { Observation } from '../model/stamp.js';
import type { Target } from '../model/target.js';
import type { Look } from '../plan/look.js';
import type { Plan } from '../plan/plan.js';
import { isWell, rollingGroup } from '../plan/rolling.js';
import type { Clock } from './clock.js';

/** How long the others of a group may take to be well again: what was changed a moment ago may still elect a leader. In milliseconds. */
const PATIENCE = 60_000;
/** Before each further look. */
const PAUSE = 3000;

/** What the gate of a run works with. */
export interface GateContext {
  readonly graph: Graph;
  readonly plan: Plan;
  readonly look: Look;
  readonly clock: Clock;
  /** Whether a target came to a good end in this run. */
  readonly hasRun: (target: string) => boolean;
}

/**
 * Before a member of a group that rolls one at a time is changed: the others, as far as they did their work when the run was planned or were
 * changed by it, have to do it still. The plan can't know what is lost meanwhile, and one more is not to be taken away then. Nothing is asked
 * for a member that is not well itself.
 * @throws PaiError UNHEALTHY when one of them is not well after a minute
 */
export async function passGate(
  target: Target,
  observation: Observation,
  gate: GateContext,
  { signal, log }: { readonly signal: AbortSignal; readonly log: (line: string) => void },
): Promise<void> {
  const { clock } = gate;
  const others = othersToSpare(target, observation, gate);
  const end = clock.now() + PATIENCE;
  let told = '';
  while (others.length > 0) {
    const missing = await firstMissing(others, gate.look);
    if (missing === undefined || signal.aborted) return;
    const problem = missing.error.message;
    if (clock.now() >= end) throw unhealthy(target, missing);
    if (told !== missing.name) log(`waiting for ${missing.name} to be well: ${problem}`);
    told = missing.name;
    await clock.sleep(PAUSE, signal);
  }
}

/** A member that does not do its work, and why. */
interface Missing {
  readonly name: string;
  readonly error: PaiError;
}

function othersToSpare(target: Target, observation: Observation, gate: GateContext): readonly Target[] {
  const { graph, plan } = gate;
  const group = target.rolling === true ? rollingGroup(target) : undefined;
  if (group === undefined || !plan.rollingGroups.has(group) || !isWell(observation)) return [];
  const members = graph.groups.get(group)?.members ?? [];
  const others = members.filter((name) => name !== target.name);
  return others
    .filter((name) => gate.hasRun(name) || isWell(plan.observations.get(name)))
    .map((name) => targetOf(graph, name));
}

async function firstMissing(others: readonly Target[], look: Look): Promise<Missing | undefined> {
  const seen = await Promise.all(others.map(async (other) => ({ name: other.name, is: await look.observe(other) })));
  for (const { name, is } of seen) {
    if (is.kind === 'unknown') return { name, error: toPaiError(is.error) };
    if (!isWell(is)) return { name, error: new PaiError('UNHEALTHY', is.problem ?? 'it is not applied any more') };
  }
  return undefined;
}

function unhealthy(target: Target, { name, error }: Missing): PaiError {
  return new PaiError(
    'UNHEALTHY',
    `${name} is not well any more, so ${target.name} was left as it is: ${error.message}`,
    {
      where: error.where ?? name,
      next: 'Bring it back first (start its host, or pai repair), then run the same command: it goes on with what is left.',
      details: error.details,
    },
  );
}
