import {
  type Action,
  type ActionContext,
  type Cluster,
  type JsonObject,
  type KubeObject,
  objectsAction,
  type ProjectFolders,
  readManifests,
  type ServiceEntry,
  SKU_LABEL,
} from 'pai';
import { cleanerBefore, runCleaner } from './cleaning.js';
import { dataFolders } from './data.js';
import { deleteOnHosts } from './delete-on-hosts.js';
import { writtenConfiguration } from './hadoop/written.js';
import { imageReference } from './images.js';
import { rolledByAuthorities } from './pods.js';
import { startScript, stopScript } from './service-scripts.js';

/**
 * A service of service-list.yaml: the manifests of templates/services/<name>, the labels that its pods select by on the
 * hosts that carry them in the configuration, and its startscript. Manifests name images by digest (`images['pylon']`): what was built is what runs.
 */
export function deploy(cluster: Cluster, service: ServiceEntry, project: ProjectFolders): Action {
  const action = objectsAction({
    nodeLabels: nodeLabels(cluster, service),
    objects: (context) => serviceObjects(cluster, service, project, context),
    ...(service.startScript !== undefined && {
      besides: startScript({
        cluster,
        service,
        project,
        variables: (context) => variablesOf(cluster, service, project, context),
      }),
    }),
  });
  const own = dataFolders(cluster, service);
  const cleaner = cleanerBefore(cluster, service);
  const keeps = [...own, ...(cleaner === undefined ? [] : [cluster.services.dataPath])];
  return {
    ...action,
    ...(keeps.length > 0 && { keeps }),
    async clean(context) {
      const deletesData = context.deleteData === true;
      if (deletesData && cleaner !== undefined) {
        const labels = nodeLabels(cluster, cleaner);
        await runCleaner(cluster, cleaner, context, async (given) => ({
          objects: await serviceObjects(cluster, cleaner, project, given),
          nodeLabels: labels,
        }));
      }
      await runStopScript(cluster, service, project, context);
      await action.clean(context);
      if (deletesData && own.length > 0) await deleteOnHosts(cluster, own, context);
    },
  };
}

/** Takes the pods of a service away, and keeps its configuration and data. */
export async function stopService(
  cluster: Cluster,
  service: ServiceEntry,
  project: ProjectFolders,
  context: ActionContext,
): Promise<void> {
  await runStopScript(cluster, service, project, context);
  await context.drivers.kube.stop(context, service.stopScript !== undefined);
}

/** Makes the pods of a service anew; what its scripts do is undone and done again. */
export async function restartService(
  cluster: Cluster,
  service: ServiceEntry,
  project: ProjectFolders,
  context: ActionContext,
): Promise<void> {
  if (service.startScript !== undefined) await runStopScript(cluster, service, project, context);
  await context.drivers.kube.restart(context);
  if (service.startScript === undefined) return;
  const variables = (given: ActionContext) => variablesOf(cluster, service, project, given);
  await startScript({ cluster, service, project, variables }).run(context);
}

async function runStopScript(
  cluster: Cluster,
  service: ServiceEntry,
  project: ProjectFolders,
  context: ActionContext,
): Promise<void> {
  if (service.stopScript === undefined) return;
  const observed = await context.drivers.kube.observe(context.target);
  if (observed.kind === 'known' && !observed.present) return;
  const variables = (given: ActionContext) => variablesOf(cluster, service, project, given);
  await stopScript({ cluster, service, project, variables }, context);
}

async function serviceObjects(
  cluster: Cluster,
  service: ServiceEntry,
  project: ProjectFolders,
  context: ActionContext,
): Promise<readonly KubeObject[]> {
  const manifests = {
    folder: `services/${service.name}`,
    variables: (given: ActionContext) => variablesOf(cluster, service, project, given),
    mayBeEmpty: service.startScript !== undefined,
  };
  return rolledByAuthorities(await readManifests(manifests, context), context);
}

/** What a service's templates see. */
async function variablesOf(
  cluster: Cluster,
  service: ServiceEntry,
  project: ProjectFolders,
  context: ActionContext,
): Promise<Record<string, unknown>> {
  return {
    ...(await cluster.variables.services()),
    services: cluster.serviceList.map(({ name }) => name),
    images: pinnedImages(cluster, service, context),
    pull_secret: await pullSecret(cluster),
    gpus: gpus(cluster),
    ...(usesHadoop(service) && { hadoop_configuration: await writtenConfiguration(project) }),
  };
}

/** Whether its templates see Hadoop's configuration, and so need that it is written. */
export function usesHadoop(service: ServiceEntry): boolean {
  return service.configurations.includes('hadoop');
}

function pinnedImages(cluster: Cluster, service: ServiceEntry, context: ActionContext): Record<string, string> {
  return Object.fromEntries(
    service.images.map((name) => {
      const { registry, repository, tag } = imageReference(cluster, name);
      const digest = context.outputs.get(`image:${name}`);
      // Where nothing is deployed (a stopscript, what people read) nobody asked for digests.
      return [name, digest === undefined ? `${registry}/${repository}:${tag}` : `${registry}/${repository}@${digest}`];
    }),
  );
}

/** Labels that nodes get for a service: node name -> label -> value. */
export function nodeLabels(cluster: Cluster, service: ServiceEntry): Record<string, Record<string, string>> {
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
