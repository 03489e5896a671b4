// The deployment, top to bottom: what there is, and what each thing needs.
import { paifile, pkiAction } from 'pai';
import { accessRules, clusterAddons, kubeProxy } from './tasks/addons.js';
import { etcdMember } from './tasks/etcd.js';
import { hadoopConfiguration } from './tasks/hadoop/configuration.js';
import { prepareHost } from './tasks/hosts.js';
import { buildImage } from './tasks/images.js';
import { operatorTools } from './tasks/kubectl.js';
import { controlPlane } from './tasks/masters.js';
import { networkAddons } from './tasks/network.js';
import { clusterOperations } from './tasks/operations.js';
import { loadBalancer } from './tasks/proxies.js';
import { renderHost, renderImage, renderService } from './tasks/render.js';
import { deploy, usesHadoop } from './tasks/services.js';
import { workerNode } from './tasks/workers.js';

export default paifile(({ cluster, project, target, each, group, after, operations }) => {
  const pki = target('pki', pkiAction(cluster.services.clusterId), {
    description: 'certificate authorities and keys of the cluster',
  });

  const hosts = each('host', cluster.hosts, (host) => prepareHost(cluster, host), {
    group: 'hosts',
    description: 'bare host: preflight, Docker, registries',
  });

  const etcd = each('etcd', cluster.masters, (host) => etcdMember(cluster, host), {
    group: 'etcd',
    description: 'kubelet of a master, and its member of etcd',
    needs: (host) => [pki, after(hosts.of(host))],
    rolling: true,
  });

  const proxy = each('proxy', cluster.proxies, (host) => loadBalancer(cluster, host), {
    group: 'proxy',
    description: 'haproxy in front of the masters',
    needs: (host) => [pki, after(hosts.of(host))],
  });

  const masters = each('master', cluster.masters, (host) => controlPlane(cluster, host), {
    group: 'masters',
    description: 'API server, controller manager, scheduler',
    needs: [pki, after(etcd, proxy)],
    rolling: true,
  });

  const access = target('addon:rbac', accessRules(), {
    description: "roles for the cluster's own certificates",
    needs: [after(masters)],
    through: [masters],
  });

  // None where pods have their hosts' addresses. A node is Ready once it has its network, so workers wait for it.
  const network = networkAddons(cluster).map(({ name, description, action }) =>
    target(`addon:${name}`, action, { description, needs: [after(masters, access)], through: [masters] }),
  );

  const workers = each('worker', cluster.workers, (host) => workerNode(cluster, host), {
    group: 'workers',
    description: 'kubelet of a worker',
    needs: (host) => [pki, after(masters, access, ...network, hosts.of(host))],
    rolling: 'batches',
  });

  const kubeProxies = target('addon:kube-proxy', kubeProxy(cluster), {
    description: 'kube-proxy on every node',
    needs: [after(workers)],
    through: [masters],
  });
  const chosen = clusterAddons(cluster).map(({ name, description, action }) =>
    target(`addon:${name}`, action, { description, needs: [after(kubeProxies)], through: [masters] }),
  );
  // Of all, the dashboard is what no service waits for: the one machine that it runs on may be down.
  const nameServers = chosen.filter(({ name }) => name !== 'addon:dashboard');
  const addons = group('addons', 'what the cluster itself runs', [access, ...network, kubeProxies, ...chosen]);

  const kubectl = target('kubectl', operatorTools(cluster), {
    description: "kubectl and the operator's kubeconfig on this machine",
    needs: [pki, after(masters)],
  });

  group('kubernetes', 'the cluster without services', [etcd, proxy, masters, workers, addons, kubectl]);

  const hadoop = target('prepare-hadoop-config', hadoopConfiguration(cluster, project), {
    description: "Hadoop's configuration of every role, from that of the configured release",
    timeoutSeconds: 3600,
    // It may have to download a release: only for services that use it.
    manual: true,
  });

  const images = each('image', cluster.images, (image) => buildImage(cluster, image), {
    group: 'images',
    description: 'image built here, kept in the registry',
    needs: (image, own) => image.prerequisites.map((name) => own.named(name)),
  });

  // What only deletes data is run by clean.
  const kept = cluster.serviceList.filter((service) => !service.cleanOnly);
  each('service', kept, (service) => deploy(cluster, service, project), {
    group: 'services',
    description: 'service on Kubernetes',
    needs: (service, own) => [
      pki,
      ...service.images.map((name) => images.named(name)),
      ...(usesHadoop(service) ? [hadoop] : []),
      after(etcd, proxy, masters, workers, kubeProxies, ...nameServers, kubectl),
      after(...service.prerequisites.map((name) => own.named(name))),
    ],
    through: [masters],
  });

  // For people to read; nothing needs it.
  const rendered = [
    each('render', cluster.hosts, (host) => renderHost(cluster, host, project), {
      group: 'render-hosts',
      description: 'files that a host gets, in .cache/rendered',
      manual: true,
    }),
    each('render-image', cluster.images, (image) => renderImage(cluster, image, project), {
      group: 'render-images',
      description: 'files that an image is built from, in .cache/rendered/images',
      manual: true,
    }),
    each('render-service', cluster.serviceList, (service) => renderService(cluster, service, project), {
      group: 'render-services',
      description: 'objects of a service, in .cache/rendered/services',
      needs: (service) => (usesHadoop(service) ? [hadoop] : []),
      manual: true,
    }),
  ];
  operations(clusterOperations(cluster, project));

  group('render', 'what hosts, images and services get, written to .cache/rendered', rendered);
});
