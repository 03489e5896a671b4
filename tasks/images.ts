import { type Action, type Cluster, type ImageEntry, type ImageReference, imageAction } from 'pai';

/** An image of service-list.yaml: built from templates/images/<name> and its source, and pushed. */
export function buildImage(cluster: Cluster, image: ImageEntry): Action {
  return imageAction({
    name: image.name,
    image: imageReference(cluster, image.name),
    folder: `images/${image.name}`,
    variables: ({ outputs }) =>
      imageVariables(cluster, image, (name) => `@${outputs.get(`image:${name}`) ?? 'unknown'}`),
    buildArgs: image.buildArgs,
    defaultArgs: buildDefaults(cluster),
    ...(image.source !== undefined && { source: image.source }),
    copy: image.copy,
  });
}

/**
 * What templates of an image see: `clusterconfig`, and `images` with the images that it is built on, each by `versionOf` it (`@sha256:...`, or
 * `:tag`).
 */
export function imageVariables(
  cluster: Cluster,
  image: ImageEntry,
  versionOf: (name: string) => string,
): Record<string, unknown> {
  const bases = image.prerequisites.map((name) => {
    const { registry, repository } = imageReference(cluster, name);
    return [name, `${registry}/${repository}${versionOf(name)}`];
  });
  return { ...cluster.variables.images, images: Object.fromEntries(bases) };
}

/** Build arguments of all images that declare them: `image-build` of services-configuration.yaml. */
export function buildDefaults({ services: { imageBuild } }: Cluster): Record<string, string> {
  const { baseImage, aptLine } = imageBuild;
  return {
    ...(baseImage !== undefined && { BASE_IMAGE: baseImage }),
    ...(aptLine !== undefined && { APT_LINE: aptLine }),
  };
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
