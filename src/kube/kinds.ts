import { groupOf } from './identity.js';

/** How a kind is addressed. */
export interface Resource {
  /** Plural, lower case: the segment of the path. */
  readonly plural: string;
  readonly namespaced: boolean;
}

/** Groups that every API server serves. Their kinds need no discovery request. */
const BUILT_IN_GROUPS: ReadonlySet<string> = new Set([
  '',
  'admissionregistration.k8s.io',
  'apiextensions.k8s.io',
  'apiregistration.k8s.io',
  'apps',
  'autoscaling',
  'batch',
  'certificates.k8s.io',
  'coordination.k8s.io',
  'discovery.k8s.io',
  'extensions',
  'flowcontrol.apiserver.k8s.io',
  'networking.k8s.io',
  'node.k8s.io',
  'policy',
  'rbac.authorization.k8s.io',
  'scheduling.k8s.io',
  'storage.k8s.io',
]);

/** Kinds of those groups that live in no namespace. */
const CLUSTER_SCOPED: ReadonlySet<string> = new Set([
  'APIService',
  'CSIDriver',
  'CSINode',
  'CertificateSigningRequest',
  'ClusterRole',
  'ClusterRoleBinding',
  'CustomResourceDefinition',
  'FlowSchema',
  'IngressClass',
  'MutatingWebhookConfiguration',
  'Namespace',
  'Node',
  'PersistentVolume',
  'PodSecurityPolicy',
  'PriorityClass',
  'PriorityLevelConfiguration',
  'RuntimeClass',
  'StorageClass',
  'ValidatingWebhookConfiguration',
  'VolumeAttachment',
]);

/** The resource of a kind of Kubernetes' own groups; undefined for kinds that only the API server can tell (custom resources). */
export function builtInResource(apiVersion: string, kind: string): Resource | undefined {
  if (!BUILT_IN_GROUPS.has(groupOf(apiVersion))) return undefined;
  return { plural: pluralOf(kind), namespaced: !CLUSTER_SCOPED.has(kind) };
}

function pluralOf(kind: string): string {
  const singular = kind.toLowerCase();
  if (singular === 'endpoints') return singular;
  if (/(s|x|ch|sh)$/.test(singular)) return `${singular}es`;
  if (/[^aeiou]y$/.test(singular)) return `${singular.slice(0, -1)}ies`;
  return `${singular}s`;
}

/** The path of a collection, or of one object of it. */
export function resourcePath(apiVersion: string, resource: Resource, namespace?: string, name?: string): string {
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const scope =
    resource.namespaced && namespace !== undefined ? `${root}/namespaces/${encodeURIComponent(namespace)}` : root;
  const collection = `${scope}/${resource.plural}`;
  return name === undefined ? collection : `${collection}/${encodeURIComponent(name)}`;
}

/** What must be there before what, as steps; kinds that are not named go with ConfigMaps. */
const STEPS: readonly (readonly string[])[] = [
  ['Namespace'],
  ['CustomResourceDefinition'],
  [
    'PriorityClass',
    'RuntimeClass',
    'StorageClass',
    'CSIDriver',
    'IngressClass',
    'PodSecurityPolicy',
    'PersistentVolume',
  ],
  ['ClusterRole', 'Role', 'ClusterRoleBinding', 'RoleBinding'],
  ['ServiceAccount', 'ConfigMap', 'Secret', 'PersistentVolumeClaim', 'LimitRange', 'ResourceQuota', 'NetworkPolicy'],
  ['Service', 'Endpoints'],
  ['Deployment', 'DaemonSet', 'StatefulSet', 'ReplicaSet', 'ReplicationController', 'Job', 'CronJob', 'Pod'],
  [
    'HorizontalPodAutoscaler',
    'PodDisruptionBudget',
    'Ingress',
    'APIService',
    'MutatingWebhookConfiguration',
    'ValidatingWebhookConfiguration',
  ],
];

const STEP_OF: ReadonlyMap<string, number> = new Map(
  STEPS.flatMap((kinds, step) => kinds.map((kind) => [kind, step] as const)),
);
const OTHER_STEP = STEP_OF.get('ConfigMap') ?? 0;

/** Objects by step, in the order in which they are applied; inside a step they keep their order. Removal goes backwards. */
export function inSteps<T extends { readonly kind: string }>(objects: readonly T[]): readonly (readonly T[])[] {
  const stepOf = ({ kind }: T) => STEP_OF.get(kind) ?? OTHER_STEP;
  return STEPS.map((_, step) => objects.filter((object) => stepOf(object) === step)).filter((of) => of.length > 0);
}

/** Kinds whose rollout is waited for. */
const WORKLOADS: ReadonlySet<string> = new Set(['Deployment', 'DaemonSet', 'StatefulSet', 'Job', 'Pod']);

/** True for what runs pods and has a rollout. */
export function isWorkload(id: { readonly apiVersion: string; readonly kind: string }): boolean {
  return WORKLOADS.has(id.kind) && BUILT_IN_GROUPS.has(groupOf(id.apiVersion));
}
