import { type Graph, targetOf } from '../graph/graph.js';
import { topologicalOrder } from '../graph/order.js';
import type { Observation } from '../model/stamp.js';
import type { Target } from '../model/target.js';
import type { Look } from './look.js';
import { refuseWithoutSecrets } from './secrets.js';

/** What a clean would find. */
export interface CleanPlan {
  /** The targets that were asked for and no others, dependents first. */
  readonly order: readonly string[];
  readonly observations: ReadonlyMap<string, Observation>;
  /** Those of which anything is there. */
  readonly present: readonly string[];
  /** Those that can't be looked at. */
  readonly unknown: readonly string[];
}

/** What a clean is to do besides. */
export interface CleanOptions {
  /** Data that targets keep goes too. */
  readonly deleteData?: boolean;
}

/**
 * Looks at what there is to clean of exactly these targets.
 * Rejects with SECRET for secrets of the configuration that can't be had.
 * Where nothing is left of all that a target is looked at through, nothing is left of it either. What keeps data counts as there when that is to
 * be deleted: its data may have outlived it.
 */
export async function planClean(
  graph: Graph,
  names: Iterable<string>,
  look: Look,
  options: CleanOptions = {},
): Promise<CleanPlan> {
  const order = topologicalOrder(graph, names).reverse();
  const seen = new Map<string, Promise<Observation>>();
  const see = (name: string): Promise<Observation> => {
    const known = seen.get(name);
    if (known !== undefined) return known;
    const observation = observeThrough(targetOf(graph, name), look, see);
    seen.set(name, observation);
    return observation;
  };
  const observations = new Map<string, Observation>();
  const found = await Promise.all(order.map(see));
  for (const [index, name] of order.entries()) {
    const observation = found[index];
    if (observation !== undefined) observations.set(name, observation);
  }
  refuseWithoutSecrets(observations.values());
  const stateOf = (name: string): CleanState => {
    const state = cleanState(observations.get(name));
    const hasData = options.deleteData === true && keptBy(graph, name).length > 0;
    return state === 'absent' && hasData ? 'present' : state;
  };
  return {
    order,
    observations,
    present: order.filter((name) => stateOf(name) === 'present'),
    unknown: order.filter((name) => stateOf(name) === 'unknown'),
  };
}

/** Data that a target keeps when it is cleaned: paths. */
export function keptBy(graph: Graph, name: string): readonly string[] {
  return targetOf(graph, name).action.keeps ?? [];
}

type CleanState = 'present' | 'absent' | 'unknown';

function cleanState(observation: Observation | undefined): CleanState {
  if (observation === undefined || observation.kind === 'unknown') return 'unknown';
  // A stamp without its thing has to go as well.
  return observation.present || observation.stamp !== undefined ? 'present' : 'absent';
}

async function observeThrough(
  target: Target,
  look: Look,
  see: (name: string) => Promise<Observation>,
): Promise<Observation> {
  if (target.through.length === 0) return look.observe(target);
  const doors = await Promise.all(target.through.map(see));
  if (doors.some((door) => cleanState(door) === 'present')) return look.observe(target);
  return doors.find((door) => door.kind === 'unknown') ?? { kind: 'known', present: false };
}
