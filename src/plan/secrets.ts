import { PaiError } from '../model/errors.js';
import { secretError } from '../model/secret.js';
import type { Observation } from '../model/stamp.js';

/** Throws SECRET, with all of them, when secrets that could not be had kept anything from being looked at. */
export function refuseWithoutSecrets(observations: Iterable<Observation>, errors: Iterable<unknown> = []): void {
  const thrown: unknown[] = [];
  for (const observation of observations) if (observation.kind === 'unknown') thrown.push(observation.error);
  thrown.push(...errors);
  const ofSecrets = thrown.filter((error) => error instanceof PaiError && error.code === 'SECRET');
  if (ofSecrets.length > 0) throw secretError(ofSecrets);
}
