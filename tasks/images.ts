import { type Action, type Cluster, type ImageEntry, type ImageReference, imageAction } from 'pai';

/** An image of service-list.yaml: built from templates/images/<name> and pushed. */
export function buildImage(cluster: Cluster, image: ImageEntry): Action {
  return imageAction({
    name: image.name,
    image: imageReference(cluster, image.name),
    folder: `images/${image.name}`,
    variables: { ...cluster.variables.images },
    buildArgs: image.buildArgs,
  });
}

/** The image that kubelet runs from is one of the components': built only where the list has it. */
const HYPERKUBE = 'hyperkube';

/** Where an image of that name is kept: in the registry of docker-registry-info, hyperkube where hosts pull components from. */
export function imageReference({ kubernetes, services: { registry } }: Cluster, name: string): ImageReference {
  if (name === HYPERKUBE) {
    const [host = '', ...namespace] = kubernetes.dockerRegistry.split('/');
    return { registry: host, repository: [...namespace, name].join('/'), tag: kubernetes.versions.hyperkube };
  }
  return { registry: registry.domain, repository: `${registry.namespace}/${name}`, tag: registry.tag };
}
