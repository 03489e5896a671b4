import path from 'node:path';
import type { Action, ActionContext, Cluster, KubeObject } from 'pai';
import type { Cluster as OfSources } from '../../../src/cluster/model.js';
import { createTemplateDriver } from '../../../src/render/driver.js';

/** The project's own templates. */
export const templates = createTemplateDriver(path.resolve(import.meta.dirname, '../../../templates'));

/** A context in which only templates can be used. */
export const context = { drivers: { templates } } as ActionContext;

/** The objects that an add-on keeps, by kind and name: `DaemonSet kube-proxy`. */
export async function objectsOf(action: Action): Promise<ReadonlyMap<string, KubeObject>> {
  const { parts } = await action.desired(context);
  const objects = parts.filter(({ name }) => name !== 'node-labels').map(({ value }) => value as unknown as KubeObject);
  return new Map(objects.map((object) => [`${object.kind} ${object.metadata.name}`, object]));
}

/** For the compiler, which takes types of 'pai' from the build; when tests run they are the sources. */
export function asPai(cluster: OfSources): Cluster {
  return cluster as unknown as Cluster;
}
