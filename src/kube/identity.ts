import type { Json, JsonObject } from '../model/json.js';
import { textAt } from '../model/json-path.js';

/** Says in which place an object is. Cluster-scoped objects have no namespace. */
export interface ObjectId {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
}

/** The group of an apiVersion; '' for the core group. */
export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}

/** Where the kinds of the old `extensions` group live today: the same stored object answers under both names. */
const EXTENSIONS_TODAY: Readonly<Record<string, string>> = {
  Deployment: 'apps',
  DaemonSet: 'apps',
  ReplicaSet: 'apps',
  Ingress: 'networking.k8s.io',
  NetworkPolicy: 'networking.k8s.io',
  PodSecurityPolicy: 'policy',
};

/** Equal for ids of the same stored object, whichever API version names it. */
export function identityKey(id: ObjectId): string {
  const group = groupOf(id.apiVersion);
  const today = group === 'extensions' ? (EXTENSIONS_TODAY[id.kind] ?? group) : group;
  return [today, id.kind, id.namespace ?? '', id.name].join('/');
}

/** The object as people call it: `Deployment default/pylon`, `Namespace monitoring`. */
export function describe(id: ObjectId): string {
  return id.namespace === undefined ? `${id.kind} ${id.name}` : `${id.kind} ${id.namespace}/${id.name}`;
}

/** The id of an object as the API server gives it. Undefined when it lacks a kind or a name. */
export function idOf(object: Json | undefined): ObjectId | undefined {
  const apiVersion = textAt(object, 'apiVersion');
  const kind = textAt(object, 'kind');
  const name = textAt(object, 'metadata', 'name');
  const namespace = textAt(object, 'metadata', 'namespace');
  if (apiVersion === undefined || kind === undefined || name === undefined) return undefined;
  return { apiVersion, kind, name, ...(namespace === undefined ? {} : { namespace }) };
}

/** An id as JSON for an inventory. */
export function idToJson(id: ObjectId): JsonObject {
  return {
    apiVersion: id.apiVersion,
    kind: id.kind,
    ...(id.namespace === undefined ? {} : { namespace: id.namespace }),
    name: id.name,
  };
}
