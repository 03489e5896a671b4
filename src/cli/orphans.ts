import { targetOf } from '../graph/graph.js';
import type { Drivers } from '../model/drivers.js';
import { PaiError } from '../model/errors.js';
import type { Plan } from '../plan/plan.js';
import type { Project } from './project.js';

/** What is in the cluster and has nothing that it stands for any more. */
export interface Orphans {
  /** Names of nodes that no machine of the configuration stands for. */
  readonly nodes: readonly string[];
  /** Targets that were applied and that the paifile does not have: a service that was taken out of the list. */
  readonly targets: readonly string[];
}

const NONE: Orphans = { nodes: [], targets: [] };

/**
 * Looks for what is left in the cluster. Two list requests, where the plan asked Kubernetes anyway: not while masters are not fresh, or of a project that
 * has no cluster.
 */
export async function orphansOf(
  project: Pick<Project, 'graph' | 'cluster'>,
  planned: Pick<Plan, 'entries' | 'observations'>,
  { kube }: Pick<Drivers, 'kube'>,
): Promise<Orphans> {
  const asked = planned.entries.some(
    ({ name }) => targetOf(project.graph, name).through.length > 0 && planned.observations.get(name)?.kind === 'known',
  );
  if (!asked) return NONE;
  const known = new Set((await project.cluster()).hosts.map(({ nodeName }) => nodeName));
  try {
    const [nodes, targets] = await Promise.all([kube.nodes(), kube.targets()]);
    return {
      nodes: nodes.flatMap(({ name }) => (known.has(name) ? [] : [name])),
      targets: targets.filter((name) => !project.graph.targets.has(name)),
    };
  } catch (error) {
    // That it does not answer any more is no part of this plan.
    if (error instanceof PaiError) return NONE;
    throw error;
  }
}
