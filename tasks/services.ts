import {
  type Action,
  type ActionContext,
  type Cluster,
  type JsonObject,
  objectsAction,
  type ProjectFolders,
  readManifests,
  type ServiceEntry,
  SKU_LABEL,
} from 'pai';
import { writtenConfiguration } from './hadoop/written.js';
import { imageReference } from './images.js';
import { rolledByAuthorities } from './pods.js';

/**
 * A service of service-list.yaml: the manifests of templates/services/<name>, and the labels that its pods select by on the
 * hosts that carry them in the configuration. Manifests name images by digest (`images['pylon']`): what was built is what runs.
 */
export function deploy(cluster: Cluster, service: ServiceEntry, project: ProjectFolders): Action {
  const manifests = {
    folder: `services/${service.name}`,
    variables: async (context: ActionContext) => ({
      ...(await cluster.variables.services()),
      services: cluster.serviceList.map(({ name }) => name),
      images: pinnedImages(cluster, service, context),
      pull_secret: await pullSecret(cluster),
      gpus: gpus(cluster),
      ...(usesHadoop(service) && { hadoop_configuration: await writtenConfiguration(project) }),
    }),
  };
  return objectsAction({
    nodeLabels: nodeLabels(cluster, service),
    objects: async (context) => rolledByAuthorities(await readManifests(manifests, context), context),
  });
}

/** Whether its templates see Hadoop's configuration, and so need that it is written. */
export function usesHadoop(service: ServiceEntry): boolean {
  return service.configurations.includes('hadoop');
}

function pinnedImages(cluster: Cluster, service: ServiceEntry, context: ActionContext): Record<string, string> {
  return Object.fromEntries(
    service.images.map((name) => {
      const { registry, repository } = imageReference(cluster, name);
      return [name, `${registry}/${repository}@${context.outputs.get(`image:${name}`)}`];
    }),
  );
}

function nodeLabels(cluster: Cluster, service: ServiceEntry): Record<string, Record<string, string>> {
  const labelled = cluster.hosts.map((host) => {
    const own = { ...host.labels, [SKU_LABEL]: host.sku.name };
    const labels = Object.entries(own).filter(([name]) => service.labels.includes(name));
    return [host.nodeName, Object.fromEntries(labels)] as const;
  });
  return Object.fromEntries(labelled.filter(([, labels]) => Object.keys(labels).length > 0));
}

/** Content of a pull secret, as Docker writes it to its config.json. Secret. */
async function pullSecret({ services: { registry } }: Cluster): Promise<JsonObject> {
  const { username = '' } = registry;
  const password = (await registry.password?.reveal()) ?? '';
  // Docker Hub is known to kubelet by this historic name.
  const server = registry.domain === 'docker.io' ? 'https://index.docker.io/v1/' : registry.domain;
  const auth = Buffer.from(`${username}:${password}`).toString('base64');
  return { auths: { [server]: { username, password, auth } } };
}

function gpus(cluster: Cluster): JsonObject {
  const withGpus = cluster.hosts.flatMap((host) =>
    host.sku.gpu === undefined ? [] : [[host.nodeName, { ...host.sku.gpu }]],
  );
  return Object.fromEntries(withGpus);
}
