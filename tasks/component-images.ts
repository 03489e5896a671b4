import type { Cluster } from 'pai';

/** References of the images that Kubernetes itself runs from, as hosts pull them. */
export interface ComponentImages {
  readonly hyperkube: string;
  readonly pause: string;
  readonly etcd: string;
  readonly apiserver: string;
  readonly controllerManager: string;
  readonly scheduler: string;
  readonly haproxy: string;
  readonly coredns: string;
  readonly dashboard: string;
}

/** `docker-registry` and the versions of kubernetes-configuration.yaml, put together. */
export function componentImages({ kubernetes }: Cluster): ComponentImages {
  const { dockerRegistry, versions } = kubernetes;
  return {
    hyperkube: `${dockerRegistry}/hyperkube:${versions.hyperkube}`,
    pause: `${dockerRegistry}/pause:${versions.pause}`,
    etcd: `${dockerRegistry}/etcd:${versions.etcd}`,
    apiserver: `${dockerRegistry}/kube-apiserver:${versions.apiserver}`,
    controllerManager: `${dockerRegistry}/kube-controller-manager:${versions.controllerManager}`,
    scheduler: `${dockerRegistry}/kube-scheduler:${versions.scheduler}`,
    haproxy: `${dockerRegistry}/haproxy:${versions.haproxy}`,
    coredns: `${dockerRegistry}/coredns:${versions.coredns}`,
    dashboard: `${dockerRegistry}/dashboard:${versions.dashboard}`,
  };
}
