import { flag, mapping, otherwise, type Schema, text } from './parts.js';

/** kubernetes-configuration.yaml */
export const kubernetesFileSchema: Schema = mapping(['kubernetes'], {
  kubernetes: mapping(
    [
      'cluster-dns',
      'load-balance-ip',
      'service-cluster-ip-range',
      'storage-backend',
      'docker-registry',
      'hyperkube-version',
      'etcd-version',
      'apiserver-version',
      'kube-scheduler-version',
      'kube-controller-manager-version',
      'dashboard-version',
    ],
    {
      'cluster-dns': text('ip-address'),
      'load-balance-ip': text('ip-address'),
      'service-cluster-ip-range': text('service-range'),
      'storage-backend': { type: 'string', enum: ['etcd3'] },
      'docker-registry': text('image-prefix'),
      'docker-registry-insecure': otherwise('false', flag),
      'hyperkube-version': text('image-tag'),
      'etcd-version': text('image-tag'),
      'apiserver-version': text('image-tag'),
      'kube-scheduler-version': text('image-tag'),
      'kube-controller-manager-version': text('image-tag'),
      'dashboard-version': text('image-tag'),
      'haproxy-version': otherwise('v2.6', text('image-tag')),
      'pause-version': otherwise('3.2', text('image-tag')),
    },
  ),
});
