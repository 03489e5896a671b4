import type { JsonObject } from '../../model/json.js';
import { listAt, objectAt, textAt } from '../../model/json-path.js';

/** A kind that the API serves. */
export interface ApiKind {
  /** '' for the core group. */
  readonly group: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
  /** Newest first. */
  readonly versions: readonly string[];
  /** Of a CustomResourceDefinition: nothing is known of its fields. */
  readonly custom: boolean;
}

const CLUSTER = true;

/** Kinds by group and versions; those in the last column live in no namespace. */
const BUILT_IN: readonly (readonly [
  group: string,
  versions: readonly string[],
  kinds: readonly string[],
  cluster?: boolean,
])[] = [
  ['', ['v1'], ['Namespace', 'Node', 'PersistentVolume'], CLUSTER],
  [
    '',
    ['v1'],
    [
      'ConfigMap',
      'Endpoints',
      'Event',
      'LimitRange',
      'PersistentVolumeClaim',
      'Pod',
      'PodTemplate',
      'ReplicationController',
      'ResourceQuota',
      'Secret',
      'Service',
      'ServiceAccount',
    ],
  ],
  ['admissionregistration.k8s.io', ['v1'], ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'], CLUSTER],
  ['apiextensions.k8s.io', ['v1'], ['CustomResourceDefinition'], CLUSTER],
  ['apiregistration.k8s.io', ['v1'], ['APIService'], CLUSTER],
  ['apps', ['v1'], ['ControllerRevision', 'DaemonSet', 'Deployment', 'ReplicaSet', 'StatefulSet']],
  ['autoscaling', ['v1'], ['HorizontalPodAutoscaler']],
  ['batch', ['v1', 'v1beta1'], ['CronJob', 'Job']],
  ['certificates.k8s.io', ['v1'], ['CertificateSigningRequest'], CLUSTER],
  ['coordination.k8s.io', ['v1'], ['Lease']],
  ['discovery.k8s.io', ['v1', 'v1beta1'], ['EndpointSlice']],
  ['networking.k8s.io', ['v1', 'v1beta1'], ['IngressClass'], CLUSTER],
  ['networking.k8s.io', ['v1', 'v1beta1'], ['Ingress', 'NetworkPolicy']],
  ['node.k8s.io', ['v1', 'v1beta1'], ['RuntimeClass'], CLUSTER],
  ['policy', ['v1', 'v1beta1'], ['PodDisruptionBudget']],
  ['policy', ['v1', 'v1beta1'], ['PodSecurityPolicy'], CLUSTER],
  ['rbac.authorization.k8s.io', ['v1', 'v1beta1'], ['ClusterRole', 'ClusterRoleBinding'], CLUSTER],
  ['rbac.authorization.k8s.io', ['v1', 'v1beta1'], ['Role', 'RoleBinding']],
  ['scheduling.k8s.io', ['v1'], ['PriorityClass'], CLUSTER],
  ['storage.k8s.io', ['v1', 'v1beta1'], ['CSIDriver', 'CSINode', 'StorageClass', 'VolumeAttachment'], CLUSTER],
];

/** Kinds that every API server serves. */
export const BUILT_IN_KINDS: readonly ApiKind[] = BUILT_IN.flatMap(([group, versions, kinds, cluster]) =>
  kinds.map((kind) => ({
    group,
    kind,
    plural: pluralOf(kind),
    namespaced: cluster !== CLUSTER,
    versions,
    custom: false,
  })),
);

function pluralOf(kind: string): string {
  const singular = kind.toLowerCase();
  if (singular === 'endpoints') return singular;
  if (/(s|x|ch|sh)$/.test(singular)) return `${singular}es`;
  return /[^aeiou]y$/.test(singular) ? `${singular.slice(0, -1)}ies` : `${singular}s`;
}

/** The kind that a CustomResourceDefinition makes. */
export function definedKind(definition: JsonObject): ApiKind {
  const names = objectAt(definition, 'spec', 'names');
  const served = listAt(definition, 'spec', 'versions').filter((version) => objectAt(version).served === true);
  return {
    group: textAt(definition, 'spec', 'group') ?? '',
    kind: textAt(names, 'kind') ?? '',
    plural: textAt(names, 'plural') ?? '',
    namespaced: textAt(definition, 'spec', 'scope') === 'Namespaced',
    versions: served.map((version) => textAt(version, 'name') ?? ''),
    custom: true,
  };
}

/** `v1`, `apps/v1`. */
export function apiVersionOf(group: string, version: string): string {
  return group === '' ? version : `${group}/${version}`;
}

/** `deployments.apps`: a kind as messages of the API server name it. */
export function qualifiedName(kind: Pick<ApiKind, 'group' | 'plural'>): string {
  return kind.group === '' ? kind.plural : `${kind.plural}.${kind.group}`;
}
