import { type Action, type Cluster, objectsAction } from 'pai';
import { componentImages } from './component-images.js';

/** Roles for the cluster's own certificates. */
export function accessRules(): Action {
  return objectsAction({ manifests: { folder: 'kubernetes/rbac', variables: () => ({}) } });
}

/** kube-proxy on every node. */
export function kubeProxy(cluster: Cluster): Action {
  return objectsAction({
    manifests: {
      folder: 'kubernetes/kube-proxy',
      variables: () => ({ ...cluster.variables.kubernetes, image: componentImages(cluster).hyperkube }),
    },
  });
}
