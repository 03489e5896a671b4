import type { Json } from '../model/json.js';
import { textAt } from '../model/json-path.js';
import { isWorkload } from './kinds.js';
import { TEMPLATE_ANNOTATION } from './objects.js';

/** `services/hadoop-service/2-name-node.yaml.template` is of part 2. Manifests from elsewhere, which have no folder here, mean nothing by their numbers. */
const NUMBERED = /\/(\d+)-[^/]*$/;

/**
 * Objects of one step in the order in which their rollouts are waited for: workloads by the number that the name of their manifest's file begins
 * with, those of files without a number first. What has no rollout is never waited for, so it is one part.
 */
export function inParts<T extends { readonly apiVersion: string; readonly kind: string; readonly object: Json }>(
  step: readonly T[],
): readonly (readonly T[])[] {
  const parts = new Map<number, T[]>();
  for (const one of step) {
    const part = isWorkload(one) ? partOf(one.object) : 0;
    parts.set(part, [...(parts.get(part) ?? []), one]);
  }
  return [...parts].sort(([a], [b]) => a - b).map(([, part]) => part);
}

function partOf(object: Json): number {
  const file = textAt(object, 'metadata', 'annotations', TEMPLATE_ANNOTATION) ?? '';
  return Number(NUMBERED.exec(file)?.[1] ?? 0);
}
