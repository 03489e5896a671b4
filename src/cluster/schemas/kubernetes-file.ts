import { about, flag, mapping, otherwise, type Schema, text } from './parts.js';

const imageTag = (description: string): Schema => about(description, text('image-tag'));

const packageSource = mapping([], {
  'apt-line': about(
    'Line of apt: deb [options] URL SUITE COMPONENT...; written to /etc/apt/sources.list.d/pai.list.',
    text('apt-line'),
  ),
  key: about('File with the public key that signs it, .asc or .gpg; it must exist.', text()),
  only: about('"true": hosts ask no other source for what pai installs.', otherwise('false', flag)),
  packages: about('What is installed, as NAME or NAME=VERSION. Default: what Debian and Ubuntu call it.', {
    type: 'array',
    items: text('apt-package'),
    minItems: 1,
  }),
});

const kubernetes = mapping(
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
    'cluster-dns': about('Address of the name server that hosts and pods ask.', text('ip-address')),
    'load-balance-ip': about(
      'Where the API is reached: the address of the proxy, of the only master, or of a load balancer before all masters.',
      text('ip-address'),
    ),
    'service-cluster-ip-range': about('Addresses of services; not in use in your network.', text('service-range')),
    'storage-backend': about('How the API server stores things.', { type: 'string', enum: ['etcd3'] }),
    'docker-registry': about(
      "What stands before the names of the components' images: host[:port]/path.",
      text('image-prefix'),
    ),
    'docker-registry-insecure': about('"true": hosts may pull them over plain HTTP.', otherwise('false', flag)),
    'container-runtime': about(
      'What runs containers on hosts. Default: docker up to Kubernetes 1.23, containerd from 1.24 on, which knows no other.',
      { type: 'string', enum: ['docker', 'containerd'] },
    ),
    'package-source': about(
      'Where hosts get Docker or containerd; by default from their own package sources.',
      packageSource,
    ),
    'hyperkube-version': imageTag('Tag of hyperkube: kubelet and kube-proxy.'),
    'etcd-version': imageTag('Tag of etcd.'),
    'apiserver-version': imageTag('Tag of kube-apiserver.'),
    'kube-scheduler-version': imageTag('Tag of kube-scheduler.'),
    'kube-controller-manager-version': imageTag('Tag of kube-controller-manager.'),
    'dashboard-version': imageTag('Tag of the Kubernetes dashboard.'),
    'haproxy-version': otherwise('v2.6', imageTag('Tag of haproxy, which runs on the proxy.')),
    'pause-version': otherwise('3.2', imageTag('Tag of pause, the first container of each pod.')),
    network: about(
      "How pods are reached: on their hosts' addresses (host-only), by addresses of their own (bridge), or as your own manifests make it (manifests).",
      otherwise('host-only', { type: 'string', enum: ['host-only', 'bridge', 'manifests'] }),
    ),
    'pod-cidr': about(
      'Addresses of pods (IPv4); not in use in your network. Each host gets a part.',
      text('pod-range'),
    ),
    'pod-cidr-mask': about(
      "Prefix of a host's part of pod-cidr: 24 is room for 253 pods.",
      otherwise(24, { type: 'integer', minimum: 16, maximum: 28 }),
    ),
    'network-manifests': about('With network: manifests: a manifest, or a folder of them.', text()),
    'coredns-version': otherwise('v1.10.1', imageTag('Tag of CoreDNS, the name server of the cluster.')),
    'upstream-registry': about(
      "Where `pai images mirror` takes component images from: what stands before their names. Default: their publishers' registries.",
      text('image-prefix'),
    ),
    'upstream-registry-insecure': about('"true": that registry speaks plain HTTP.', otherwise('false', flag)),
  },
);

/** kubernetes-configuration.yaml */
export const kubernetesFileSchema: Schema = mapping(['kubernetes'], {
  kubernetes: about('Kubernetes itself.', kubernetes),
});
