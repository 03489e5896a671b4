import { type ActionContext, type Cluster, type KubeWork, PaiError, type ServiceEntry, type Stamp } from 'pai';
import { deleteOnHosts } from './delete-on-hosts.js';
import { imageReference } from './images.js';

/** The service that deletes data right before this one goes, if the list has one: it needs this one while it works. */
export function cleanerBefore({ serviceList }: Cluster, { name }: ServiceEntry): ServiceEntry | undefined {
  return serviceList.find(({ cleanOnly, prerequisites }) => cleanOnly && prerequisites[0] === name);
}

/**
 * Deploys the service that deletes data on all nodes, waits until its pods are ready, which says that they are done, and takes it down again. Where its
 * images were never built, or what it needs does not run, data-path is deleted on the hosts directly.
 * Fails with REFUSED while other services are there: they would lose data that they use.
 */
export async function runCleaner(
  cluster: Cluster,
  cleaner: ServiceEntry,
  context: ActionContext,
  workOf: (context: ActionContext) => Promise<KubeWork>,
): Promise<void> {
  const { kube } = context.drivers;
  const target = `service:${cleaner.name}`;
  const applied = await kube.targets(context.signal);
  const others = applied.filter((one) => one.startsWith('service:') && one !== context.target && one !== target);
  if (others.length > 0) {
    throw new PaiError(
      'REFUSED',
      `${others.join(', ')} ${others.length === 1 ? 'is' : 'are'} still there: data that they use is not deleted`,
      {
        where: context.target,
        next: 'Take all services down together: pai clean services --delete-data.',
      },
    );
  }
  const digests = await digestsOf(cluster, cleaner, context);
  const missing = cleaner.images.filter((name) => !digests.has(`image:${name}`));
  const obstacle = applied.includes(context.target)
    ? missing.length > 0 && `the registry has no image ${missing.join(', ')}`
    : `${context.target} is not there any more`;
  if (obstacle !== false) {
    context.log(`${cleaner.name} can't run (${obstacle}): data is deleted over SSH instead`);
    await deleteOnHosts(cluster, [cluster.services.dataPath], context);
    return;
  }
  const away = (await kube.nodes(context.signal)).filter(({ ready }) => !ready).map(({ name }) => name);
  if (away.length > 0) context.log(`warning: not Ready, so their data stays: ${away.join(', ')}`);
  const cleaning = { ...context, target, outputs: digests, stamp: () => passing(target) };
  await kube.apply(await workOf(cleaning), cleaning);
  context.log(`${cleaner.name} is done on every node`);
  await kube.clean(cleaning);
}

async function digestsOf(
  cluster: Cluster,
  { images }: ServiceEntry,
  { drivers }: ActionContext,
): Promise<ReadonlyMap<string, string>> {
  const found = await Promise.all(
    images.map(async (name) => {
      const observed = await drivers.images.observe(imageReference(cluster, name));
      if (observed.kind === 'unknown') throw observed.error;
      return observed.stamp === undefined ? [] : [[`image:${name}`, observed.stamp.output] as const];
    }),
  );
  return new Map(found.flat());
}

/** The stamp of what is taken down at once: nothing is ever compared with it. */
function passing(target: string): Stamp {
  return { format: 1, target, fingerprint: '', output: '', parts: {}, run: '' };
}
