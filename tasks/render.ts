import path from 'node:path';
import {
  type Action,
  type Cluster,
  type Host,
  type ImageEntry,
  type ProjectFolders,
  renderedAction,
  type ServiceEntry,
} from 'pai';
import { etcdMember } from './etcd.js';
import { prepareHost } from './hosts.js';
import { buildImage } from './images.js';
import { controlPlane } from './masters.js';
import { loadBalancer } from './proxies.js';
import { deploy } from './services.js';
import { workerNode } from './workers.js';

/** What a host gets, by the paths that files have there, in .cache/rendered/<host>; below scripts/ what root runs there. */
export function renderHost(cluster: Cluster, host: Host, project: ProjectFolders): Action {
  return renderedAction({
    folder: path.join(project.cache, 'rendered', host.name),
    actions: { [`host:${host.name}`]: prepareHost(cluster, host), ...ofRole(cluster, host) },
  });
}

function ofRole(cluster: Cluster, host: Host): Record<string, Action> {
  switch (host.role) {
    case 'master':
      return { [`etcd:${host.name}`]: etcdMember(cluster, host), [`master:${host.name}`]: controlPlane(cluster, host) };
    case 'worker':
      return { [`worker:${host.name}`]: workerNode(cluster, host) };
    case 'proxy':
      return { [`proxy:${host.name}`]: loadBalancer(cluster, host) };
  }
}

/** What an image is built from, in .cache/rendered/images/<image>. */
export function renderImage(cluster: Cluster, image: ImageEntry, project: ProjectFolders): Action {
  return renderedAction({
    folder: path.join(project.cache, 'rendered', 'images', image.name),
    actions: { [`image:${image.name}`]: buildImage(cluster, image) },
  });
}

/** The objects of a service, in .cache/rendered/services/<service>. */
export function renderService(cluster: Cluster, service: ServiceEntry, project: ProjectFolders): Action {
  return renderedAction({
    folder: path.join(project.cache, 'rendered', 'services', service.name),
    actions: { [`service:${service.name}`]: deploy(cluster, service, project) },
  });
}
