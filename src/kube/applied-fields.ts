import { createHash } from 'node:crypto';
import type { Json } from '../model/json.js';
import { listAt, objectAt, textAt, valueAt } from '../model/json-path.js';

/** Who we are to server-side apply. */
export const FIELD_MANAGER = 'pai';

/**
 * Digest of the fields that we applied and that are still as we left them: the API server keeps their names, without values,
 * in `metadata.managedFields`, and takes a field away from us when somebody else gives it another value or removes it. What
 * it fills in itself, status, and what others add is not among them. Undefined when it names none.
 */
export function appliedFields(object: Json | undefined): string | undefined {
  const ours = listAt(object, 'metadata', 'managedFields').filter(
    (entry) => textAt(entry, 'manager') === FIELD_MANAGER && textAt(entry, 'operation') === 'Apply',
  );
  if (ours.length === 0) return undefined;
  const fields = ours.map((entry) => objectAt(entry, 'fieldsV1'));
  return createHash('sha256').update(JSON.stringify(fields)).digest('hex');
}

/** True for what a controller fills in over what was applied: the rules of an aggregated ClusterRole. */
export function isFilledIn(object: Json): boolean {
  return textAt(object, 'kind') === 'ClusterRole' && valueAt(object, 'aggregationRule') !== undefined;
}
