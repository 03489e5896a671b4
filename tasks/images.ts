import { type Action, type Cluster, type ImageEntry, type ImageReference, imageAction } from 'pai';

/** An image of service-list.yaml: built from templates/images/<name>, pushed to the registry of docker-registry-info. */
export function buildImage(cluster: Cluster, image: ImageEntry): Action {
  return imageAction({
    name: image.name,
    image: imageReference(cluster, image.name),
    folder: `images/${image.name}`,
    variables: { ...cluster.variables.images },
    buildArgs: image.buildArgs,
  });
}

/** Where an image of that name is kept. */
export function imageReference({ services: { registry } }: Cluster, name: string): ImageReference {
  return { registry: registry.domain, repository: `${registry.namespace}/${name}`, tag: registry.tag };
}
