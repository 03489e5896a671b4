import { type Action, type Cluster, objectsAction, readManifests } from 'pai';
import { componentImages } from './component-images.js';
import { rolledByAuthorities } from './pods.js';

/** Roles for the cluster's own certificates. */
export function accessRules(): Action {
  return objectsAction({ manifests: { folder: 'kubernetes/rbac', variables: () => ({}) } });
}

/** kube-proxy on every node. */
export function kubeProxy(cluster: Cluster): Action {
  const manifests = {
    folder: 'kubernetes/kube-proxy',
    variables: () => ({ ...cluster.variables.kubernetes, image: componentImages(cluster).hyperkube }),
  };
  return objectsAction({
    objects: async (context) => rolledByAuthorities(await readManifests(manifests, context), context),
  });
}
