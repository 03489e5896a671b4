import { targetOf } from '../graph/graph.js';
import type { Drivers } from '../model/drivers.js';
import { PaiError } from '../model/errors.js';
import type { Plan } from '../plan/plan.js';
import type { Project } from './project.js';

/**
 * Nodes of the cluster that no machine of the configuration stands for. One list request, where the plan asked Kubernetes anyway: not while masters
 * are not fresh, or of a project that has no cluster.
 */
export async function orphansOf(
  project: Pick<Project, 'graph' | 'cluster'>,
  planned: Pick<Plan, 'entries' | 'observations'>,
  { kube }: Pick<Drivers, 'kube'>,
): Promise<readonly string[]> {
  const asked = planned.entries.some(
    ({ name }) => targetOf(project.graph, name).through.length > 0 && planned.observations.get(name)?.kind === 'known',
  );
  if (!asked) return [];
  const known = new Set((await project.cluster()).hosts.map(({ nodeName }) => nodeName));
  try {
    return (await kube.nodes()).flatMap(({ name }) => (known.has(name) ? [] : [name]));
  } catch (error) {
    // That it does not answer any more is no part of this plan.
    if (error instanceof PaiError) return [];
    throw error;
  }
}
