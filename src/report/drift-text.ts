import type { Reason } from '../model/plan.js';
import { MASK } from '../model/secret.js';
import type { Drift } from '../model/stamp.js';
import { oneLine } from './text.js';

/** Fields of one target that a plan shows; `pai why` shows all. */
const MOST_FIELDS = 10;

/**
 * Lines about what others changed, with the value that is there and the one that was applied.
 * @param more said of those that are left out; without it all are shown
 */
export function driftLines(reasons: readonly Reason[], more?: string): readonly string[] {
  const drift = reasons.flatMap((reason) => (reason.kind === 'unhealthy' ? (reason.drift ?? []) : []));
  const shown = more === undefined ? drift : drift.slice(0, MOST_FIELDS);
  const left = drift.length - shown.length;
  return [...shown.map(driftLine), ...(left > 0 ? [`and ${left} more: ${more}`] : [])];
}

/** `ConfigMap default/settings: data.port is "81", applied was "80"` */
function driftLine({ object, field, applied = 'nothing', found = 'nothing' }: Drift): string {
  const values = applied === MASK && found === MASK ? `is another ${MASK}` : `is ${found}, applied was ${applied}`;
  return oneLine(`${object}: ${field} ${values}`);
}
