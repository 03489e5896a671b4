import type { Json } from '../../model/json.js';
import { listAt, textAt } from '../../model/json-path.js';
import { type ApiKind, qualifiedName } from './kinds.js';
import { ApiError } from './status.js';
import type { ObjectStore } from './store.js';
import { objectsOf } from './world.js';

/** Whom a client certificate names: CN and Os. */
export interface User {
  readonly name: string;
  readonly groups: readonly string[];
}

/** Whom Kubernetes itself gives rights; what exactly these may do is not simulated. */
const SYSTEM_GROUPS: ReadonlySet<string> = new Set(['system:masters', 'system:nodes']);
const SYSTEM_USERS: ReadonlySet<string> = new Set(['system:kube-controller-manager', 'system:kube-scheduler']);

/** Refuses who may do nothing: not the system's own, and bound by no ClusterRoleBinding. Single rules are not simulated. */
export function checkAccess(
  store: ObjectStore,
  user: User,
  request: { readonly verb: string; readonly kind: ApiKind; readonly namespace: string; readonly name: string },
): void {
  if (SYSTEM_USERS.has(user.name) || user.groups.some((group) => SYSTEM_GROUPS.has(group))) return;
  const isBound = objectsOf(store, 'rbac.authorization.k8s.io', 'clusterrolebindings').some((binding) =>
    listAt(binding, 'subjects').some((subject) => isUser(subject, user)),
  );
  if (isBound) return;
  const { verb, kind, namespace, name } = request;
  const place = namespace === '' ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  const object = name === '' ? '' : ` "${name}"`;
  throw new ApiError(
    403,
    'Forbidden',
    `${qualifiedName(kind)}${object} is forbidden: User "${user.name}" cannot ${verb} resource "${kind.plural}" in API group "${kind.group}" ${place}`,
    { name, group: kind.group, kind: kind.plural },
  );
}

function isUser(subject: Json, user: User): boolean {
  const name = textAt(subject, 'name') ?? '';
  return textAt(subject, 'kind') === 'Group' ? user.groups.includes(name) : user.name === name;
}
