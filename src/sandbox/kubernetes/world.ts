import { createHash } from 'node:crypto';
import type { JsonObject } from '../../model/json.js';
import { textAt } from '../../model/json-path.js';
import type { SandboxDescription, SandboxLayout } from '../layout.js';
import type { ObjectStore } from './store.js';

/** What all that is derived is derived from: the hosts' files, the store, and the time of one request. */
export interface World {
  readonly layout: SandboxLayout;
  readonly sandbox: SandboxDescription;
  readonly store: ObjectStore;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Where the store keeps an object. Keys of notes that are no objects begin with `~`. */
export function objectKey(group: string, plural: string, namespace: string, name: string): string {
  return `${group}/${plural}/${namespace}/${name}`;
}

/** All objects of a kind, of one namespace if it is named. */
export function objectsOf(
  store: ObjectStore,
  group: string,
  plural: string,
  namespace?: string,
): readonly JsonObject[] {
  const prefix = namespace === undefined ? `${group}/${plural}/` : `${group}/${plural}/${namespace}/`;
  return store.list(prefix).map(([, object]) => object);
}

export function nameOf(object: JsonObject): string {
  return textAt(object, 'metadata', 'name') ?? '';
}

export function namespaceOf(object: JsonObject): string {
  return textAt(object, 'metadata', 'namespace') ?? '';
}

export function uidOf(object: JsonObject): string {
  return textAt(object, 'metadata', 'uid') ?? '';
}

/** A time as Kubernetes writes it, in whole seconds. */
export function timeText(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}

/** A UUID that follows from texts: of what is derived and must be the same at every look. */
export function derivedUid(...texts: readonly string[]): string {
  const hex = digest(...texts);
  return [hex.slice(0, 8), hex.slice(8, 12), `5${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  );
}

/** The letters at the end of a generated name. */
export function suffix(length: number, ...texts: readonly string[]): string {
  const letters = 'bcdfghjklmnpqrstvwxz2456789';
  const bytes = Buffer.from(digest(...texts), 'hex');
  return [...bytes.subarray(0, length)].map((byte) => letters[byte % letters.length]).join('');
}

function digest(...texts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(texts)).digest('hex');
}
