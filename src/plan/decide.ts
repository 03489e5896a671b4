import { FINGERPRINT_FORMAT, type Fingerprint } from '../fingerprint/fingerprint.js';
import { type PaiError, toPaiError } from '../model/errors.js';
import type { PartChange, Reason, State } from '../model/plan.js';
import type { Observation, Stamp } from '../model/stamp.js';
import type { Target } from '../model/target.js';

/** A problem that leaves a target's state unknown. */
export interface Trouble {
  readonly problem: string;
  readonly next?: string;
}

/** The trouble that an error is. */
export function troubleOf({ message, next }: PaiError): Trouble {
  return { problem: message, ...(next && { next }) };
}

/** Everything that freshness is decided by. */
export interface Evidence {
  readonly target: Target;
  /** What was seen; undefined when it was not asked. */
  readonly observation: Observation | undefined;
  /** Why it was not asked: a target that it is looked at through, and whether that one's own state is unknown. */
  readonly notAsked?: { readonly through: string; readonly unknown: boolean };
  /** What it should be. Undefined while outputs of its needs are open, and when `withoutKey` or `troubles` tell why. */
  readonly desired?: Fingerprint;
  /** Secret parts that can't be compared, because the cluster has no fingerprint key. */
  readonly withoutKey?: readonly string[];
  /** Needs (not order-only) that are stale: they may give another output. */
  readonly staleNeeds: readonly string[];
  /** What keeps it from being known besides its own observation: unknown needs, a template that does not render. */
  readonly troubles: readonly Trouble[];
  readonly force: boolean;
}

/** Whether a target is fresh, and if not, why. */
export interface Decision {
  readonly state: State;
  readonly reasons: readonly Reason[];
  /** True when it runs only if something below it changes its output. */
  readonly mayBeCutOff: boolean;
}

/**
 * The one place where freshness is decided. Fresh only when it was looked at, nothing below it may change its output, its
 * stamp's fingerprint is the desired one, and its probe is content.
 */
export function decide(evidence: Evidence): Decision {
  const { observation } = evidence;
  if (observation?.kind === 'unknown') {
    return decision('unknown', [unreachable(troubleOf(toPaiError(observation.error)))]);
  }
  const { asked } = evidence.target.action;
  if (asked !== undefined) return decision('stale', [{ kind: 'asked', what: asked }]);
  const reasons: Reason[] = observation === undefined ? notAsked(evidence) : seen(observation, evidence);
  for (const target of evidence.staleNeeds) reasons.push({ kind: 'need-stale', target });
  if (evidence.target.action.always === true) reasons.push({ kind: 'no-inputs' });
  if (evidence.force) reasons.push({ kind: 'forced' });
  if (evidence.troubles.length > 0) return decision('unknown', [...reasons, ...evidence.troubles.map(unreachable)]);
  if (evidence.notAsked?.unknown === true) return decision('unknown', reasons);
  return decision(reasons.length === 0 ? 'fresh' : 'stale', reasons);
}

function decision(state: State, reasons: readonly Reason[]): Decision {
  const onlyNeeds = reasons.length > 0 && reasons.every((reason) => reason.kind === 'need-stale');
  return { state, reasons, mayBeCutOff: state === 'stale' && onlyNeeds };
}

function unreachable(trouble: Trouble): Reason {
  return { kind: 'unreachable', ...trouble };
}

function notAsked(evidence: Evidence): Reason[] {
  // Without an observation nothing may ever count as fresh, whatever the caller forgot to say.
  return [{ kind: 'not-asked', through: evidence.notAsked?.through ?? evidence.target.name }];
}

function seen(observation: Extract<Observation, { kind: 'known' }>, evidence: Evidence): Reason[] {
  const stamp = observation.stamp;
  if (stamp === undefined) return [{ kind: observation.present ? 'unfinished' : 'never-applied' }];
  if (stamp.format !== FINGERPRINT_FORMAT) return [{ kind: 'never-applied' }];
  const reasons: Reason[] = [];
  const changes = changedParts(stamp, evidence);
  if (changes !== undefined) reasons.push({ kind: 'changed', parts: changes });
  const { problem, drift } = observation;
  if (problem !== undefined) reasons.push({ kind: 'unhealthy', problem, ...(drift && { drift }) });
  const outputs = observation.outputs ?? [];
  if (outputs.length > 0) reasons.push({ kind: 'outputs', outputs });
  return reasons;
}

/** How the desired parts differ from those applied; undefined when they do not, or can't be told yet. */
function changedParts(stamp: Stamp, evidence: Evidence): PartChange[] | undefined {
  if (evidence.withoutKey !== undefined) {
    return evidence.withoutKey.map((name) => {
      const before = stamp.parts[name];
      return before === undefined ? { name, change: 'added' } : { name, change: 'changed', before };
    });
  }
  if (evidence.desired === undefined) {
    if (evidence.staleNeeds.length + evidence.troubles.length > 0) return undefined;
    throw new Error(`${evidence.target.name}: its stamp can't be judged without what it should be`);
  }
  if (evidence.desired.fingerprint === stamp.fingerprint) return undefined;
  return compareParts(stamp.parts, evidence.desired.parts);
}

/** Parts that are in only one of two fingerprints or differ, by name. */
export function compareParts(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): PartChange[] {
  const old = new Map(Object.entries(before));
  const wanted = new Map(Object.entries(after));
  const names = [...new Set([...old.keys(), ...wanted.keys()])].sort();
  return names
    .filter((name) => old.get(name) !== wanted.get(name))
    .map((name) => change(name, old.get(name), wanted.get(name)));
}

function change(name: string, before: string | undefined, after: string | undefined): PartChange {
  if (before === undefined) return { name, change: 'added', ...(after !== undefined && { after }) };
  if (after === undefined) return { name, change: 'removed', before };
  return { name, change: 'changed', before, after };
}
