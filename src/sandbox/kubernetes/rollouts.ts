import { createHash } from 'node:crypto';
import type { Json, JsonObject } from '../../model/json.js';
import { isObject, numberAt, textAt, valueAt } from '../../model/json-path.js';
import { uidOf, type World } from './world.js';

/** The newest pod template of a workload. */
export interface Rollout {
  readonly hash: string;
  /** Goes up with each change of the template; from 1. */
  readonly revision: number;
  /** Milliseconds since the epoch. */
  readonly changedAt: number;
}

/** One of the pods of a workload, whatever is in its place at the moment. */
export interface PodSlot {
  /** Uid of the workload. */
  readonly owner: string;
  /** The node of a DaemonSet's pod, the number of another's. */
  readonly name: string;
}

/** Kinds that make pods of a template. */
export const WORKLOADS: Readonly<Record<string, string>> = {
  Deployment: 'apps',
  DaemonSet: 'apps',
  StatefulSet: 'apps',
  Job: 'batch',
};

const ROLLOUTS = '~rollouts/';
const RESTARTS = '~restarts/';

/** Notes when a workload got the template that it has, or another number of pods. */
export function noteRollout(world: World, workload: JsonObject): void {
  const key = ROLLOUTS + uidOf(workload);
  const before = world.store.get(key);
  const hash = templateHash(workload);
  if (textAt(before, 'hash') === hash) return;
  const revision = numberAt(before, 'revision') + 1;
  world.store.put(key, () => ({ hash, revision, changedAt: world.now }));
}

export function rolloutOf(world: World, workload: JsonObject): Rollout {
  const noted = world.store.get(ROLLOUTS + uidOf(workload));
  return {
    hash: textAt(noted, 'hash') ?? templateHash(workload),
    revision: numberAt(noted, 'revision') || 1,
    changedAt: numberAt(noted, 'changedAt'),
  };
}

/** Forgets a workload that is gone. */
export function forgetRollout(world: World, workload: JsonObject): void {
  const { store } = world;
  for (const [key] of store.list(`${RESTARTS}${uidOf(workload)}/`)) store.delete(key);
  if (store.get(ROLLOUTS + uidOf(workload)) !== undefined) store.delete(ROLLOUTS + uidOf(workload));
}

/** A pod of a workload was deleted: another one takes its place. */
export function restartPod(world: World, { owner, name }: PodSlot): void {
  const { count } = restartOf(world, owner, name);
  world.store.put(`${RESTARTS}${owner}/${name}`, () => ({ count: count + 1, at: world.now }));
}

/** How often a pod of a workload was replaced, and when last. */
export function restartOf(world: World, owner: string, slot: string): { readonly count: number; readonly at: number } {
  const noted = world.store.get(`${RESTARTS}${owner}/${slot}`);
  return { count: numberAt(noted, 'count'), at: numberAt(noted, 'at') };
}

function templateHash(workload: JsonObject): string {
  const template = sorted(valueAt(workload, 'spec', 'template') ?? null);
  return createHash('sha256').update(JSON.stringify(template)).digest('hex').slice(0, 10);
}

/** The order of keys says nothing. */
function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value)) return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, sorted(inner)] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
