import type { JsonObject } from '../../model/json.js';
import { type ApiKind, apiVersionOf } from './kinds.js';

/** What a request is about. */
export interface Target {
  readonly kind: ApiKind;
  readonly apiVersion: string;
  /** '' for a kind without namespaces, and for all of them. */
  readonly namespace: string;
  /** '' for the collection. */
  readonly name: string;
  /** `status`, `log`, `eviction`, or ''. */
  readonly subresource: string;
}

/** The target of a path; undefined for a path that leads to no resource. */
export function targetOf(path: string, kinds: readonly ApiKind[]): Target | undefined {
  const [, root, ...segments] = path.split('/').map(decodeURIComponent);
  if (root !== 'api' && root !== 'apis') return undefined;
  const group = root === 'api' ? '' : (segments.shift() ?? '');
  const version = segments.shift() ?? '';
  const inNamespace = segments[0] === 'namespaces' && segments.length > 2 && segments[2] !== 'status';
  const namespace = inNamespace ? (segments[1] ?? '') : '';
  const [plural = '', name = '', subresource = ''] = inNamespace ? segments.slice(2) : segments;
  const kind = kinds.find((one) => one.group === group && one.plural === plural && one.versions.includes(version));
  if (kind === undefined || (namespace !== '' && !kind.namespaced)) return undefined;
  return { kind, apiVersion: apiVersionOf(group, version), namespace, name, subresource };
}

/** Answers about the API itself: groups, versions and kinds, and how the server is. Undefined for other paths. */
export function discover(path: string, kinds: readonly ApiKind[], release: string): JsonObject | string | undefined {
  const groups = [...new Set(kinds.map(({ group }) => group))];
  if (path === '/healthz' || path === '/readyz' || path === '/livez') return 'ok';
  if (path === '/version') return versionInfo(release);
  if (path === '/api') return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] };
  if (path === '/apis') {
    const named = groups.filter((group) => group !== '').map((group) => groupInfo(group, kinds));
    return { kind: 'APIGroupList', apiVersion: 'v1', groups: named };
  }
  const [, root, first = '', second, ...more] = path.split('/');
  if (more.length > 0) return undefined;
  if (root === 'api') return second === undefined ? resourceList('', first, kinds) : undefined;
  if (root !== 'apis' || !groups.includes(first)) return undefined;
  return second === undefined
    ? { kind: 'APIGroup', apiVersion: 'v1', ...groupInfo(first, kinds) }
    : resourceList(first, second, kinds);
}

function versionInfo(release: string): JsonObject {
  const [, major = '1', minor = '20'] = /^v(\d+)\.(\d+)/.exec(release) ?? [];
  return {
    major,
    minor,
    gitVersion: `${release}+simulated`,
    gitCommit: '',
    gitTreeState: '',
    buildDate: '1970-01-01T00:00:00Z',
    goVersion: '',
    compiler: '',
    platform: 'simulated',
  };
}

function groupInfo(group: string, kinds: readonly ApiKind[]): JsonObject {
  const of = kinds.filter((kind) => kind.group === group).flatMap((kind) => kind.versions);
  const versions = [...new Set(of)].map((version) => ({ groupVersion: apiVersionOf(group, version), version }));
  return { name: group, versions, preferredVersion: versions[0] ?? {} };
}

const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

/** As API servers up to 1.21 have it. */
const EVICTION = {
  name: 'pods/eviction',
  singularName: '',
  namespaced: true,
  group: 'policy',
  version: 'v1beta1',
  kind: 'Eviction',
  verbs: ['create'],
};

function resourceList(group: string, version: string, kinds: readonly ApiKind[]): JsonObject | undefined {
  const served = kinds.filter((kind) => kind.group === group && kind.versions.includes(version));
  if (served.length === 0) return undefined;
  const resources = served.map(({ plural, kind, namespaced }) => ({
    name: plural,
    singularName: kind.toLowerCase(),
    namespaced,
    kind,
    verbs: VERBS,
  }));
  const evictions = group === '' ? [EVICTION] : [];
  const all = [...resources, ...evictions];
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: apiVersionOf(group, version), resources: all };
}
