import {
  type ActionContext,
  type Cluster,
  didYouMean,
  type Operation,
  type OperationContext,
  type OperationPlan,
  PaiError,
  type ProjectFolders,
  type ServiceEntry,
  type Step,
} from 'pai';
import { dataFolders } from '../data.js';
import { deploy, nodeLabels, restartService, stopService } from '../services.js';
import { serviceLogs } from './services-logs.js';
import { serviceStatus } from './services-status.js';

/** `service ...`: what people do to services that are deployed. */
export function serviceOperations(cluster: Cluster, project: ProjectFolders): readonly Operation[] {
  return [
    {
      name: 'service status',
      summary: 'how services are, and why they are not ready',
      report: async (context) => serviceStatus(meant(cluster, context), context),
    },
    {
      name: 'service logs',
      summary: 'what the containers of a service write',
      report: async (context) => serviceLogs(oneOf(cluster, context), context),
    },
    {
      name: 'service start',
      summary: 'bring services up, and what they need of images and services',
      plan: async (context) => starting(cluster, meant(cluster, context)),
    },
    {
      name: 'service stop',
      summary: 'take pods of services away, and keep configuration and data',
      plan: async (context) => stopping(cluster, project, context),
    },
    {
      name: 'service restart',
      summary: 'make pods of services anew',
      plan: async (context) => restarting(cluster, project, context),
    },
    {
      name: 'service refresh',
      summary: 'give nodes the labels of services again',
      plan: async (context) => refreshing(cluster, meant(cluster, context)),
    },
    {
      name: 'service delete',
      summary: 'take a service down, and delete its data on the hosts',
      plan: async (context) => deleting(cluster, project, oneOf(cluster, context)),
    },
  ];
}

/** Services that are named, all when none is; each after those that it needs. Throws UNKNOWN_NAME. */
function meant(cluster: Cluster, { words }: Pick<OperationContext, 'words'>): readonly ServiceEntry[] {
  const services = inOrder(cluster);
  if (words.length === 0) return services;
  const names = words.map((word) => word.replace(/^service:/, ''));
  for (const name of names) {
    if (services.some((service) => service.name === name)) continue;
    const cleaner = cluster.serviceList.some((service) => service.cleanOnly && service.name === name);
    const guess = didYouMean(
      name,
      services.map((service) => service.name),
    );
    const what = cleaner
      ? `${name} is clean-only: pai clean services --delete-data runs it`
      : `there is no service '${name}'${guess === undefined ? '' : `; ${guess}`}`;
    throw new PaiError('UNKNOWN_NAME', what, { next: "Name services of service-list.yaml: pai list 'service:*'." });
  }
  return services.filter(({ name }) => names.includes(name));
}

/** Throws USAGE for none and for several: what is done to one is not done to all by a slip. */
function oneOf(cluster: Cluster, context: Pick<OperationContext, 'words'>): ServiceEntry {
  const [service, ...others] = context.words.length === 0 ? [] : meant(cluster, context);
  if (service !== undefined && others.length === 0) return service;
  throw new PaiError('USAGE', service === undefined ? 'say which service' : 'name one service at a time', {
    next: `There are: ${inOrder(cluster)
      .map(({ name }) => name)
      .join(', ')}.`,
  });
}

/** Services that runs deploy, each after those that it needs. */
function inOrder({ serviceList }: Cluster): readonly ServiceEntry[] {
  const ordered = new Map<string, ServiceEntry>();
  const add = (service: ServiceEntry): void => {
    for (const name of service.prerequisites) {
      const need = serviceList.find((one) => one.name === name);
      if (need !== undefined && !ordered.has(name)) add(need);
    }
    ordered.set(service.name, service);
  };
  for (const service of serviceList) if (!service.cleanOnly && !ordered.has(service.name)) add(service);
  return [...ordered.values()];
}

/** Those, and all services that they need. */
function withNeeds({ serviceList }: Cluster, services: readonly ServiceEntry[]): readonly ServiceEntry[] {
  const found = new Set(services);
  // A set hands out what is added while it is walked.
  for (const { prerequisites } of found) {
    for (const one of serviceList) if (prerequisites.includes(one.name)) found.add(one);
  }
  return [...found];
}

/** Services that need one, and are not among those. */
function dependents(cluster: Cluster, service: ServiceEntry, but: readonly ServiceEntry[]): readonly string[] {
  return inOrder(cluster).flatMap((one) => {
    const needsIt = one !== service && withNeeds(cluster, [one]).includes(service);
    return needsIt && !but.includes(one) ? [one.name] : [];
  });
}

function starting(cluster: Cluster, services: readonly ServiceEntry[]): OperationPlan {
  const all = withNeeds(cluster, services);
  const images = new Set(all.flatMap((service) => service.images));
  for (const name of images) {
    for (const need of cluster.images.find((image) => image.name === name)?.prerequisites ?? []) images.add(need);
  }
  const names = [...Array.from(images, (name) => `image:${name}`), ...all.map(({ name }) => `service:${name}`)];
  return { steps: [], targets: names.map((name) => ({ name })) };
}

function stopping(cluster: Cluster, project: ProjectFolders, context: OperationContext): OperationPlan {
  const services = meant(cluster, context).toReversed();
  return {
    notes: stillNeeded(cluster, services),
    ...(context.words.length === 0 && { question: `stop all ${services.length} services` }),
    steps: services.map((service) =>
      stepFor('stop', 'its pods are taken away', service, (step) => stopService(cluster, service, project, step)),
    ),
  };
}

function stillNeeded(cluster: Cluster, services: readonly ServiceEntry[]): readonly string[] {
  return services.flatMap((service) => {
    const names = dependents(cluster, service, services);
    return names.length === 0
      ? []
      : [`${service.name} is needed by ${names.join(', ')}: left as ${names.length === 1 ? 'it is' : 'they are'}`];
  });
}

/** Of all only those that run; of those that are named, each has to. Throws REFUSED. */
async function restarting(
  cluster: Cluster,
  project: ProjectFolders,
  context: OperationContext,
): Promise<OperationPlan> {
  const { drivers, words, signal } = context;
  const named = meant(cluster, context);
  const targets = named.map(({ name }) => `service:${name}`);
  const states = new Map((await drivers.kube.states(targets, signal)).map((state) => [state.target, state]));
  const runs = ({ name }: ServiceEntry): boolean => states.get(`service:${name}`)?.stopped === false;
  const idle = named.find((service) => !runs(service));
  if (words.length > 0 && idle !== undefined) {
    const is = states.has(`service:${idle.name}`) ? 'is stopped' : 'was never deployed';
    throw new PaiError('REFUSED', `${idle.name} ${is}: there is nothing to restart`, {
      next: `Run pai service start ${idle.name}.`,
    });
  }
  const services = named.filter(runs);
  return {
    ...(words.length === 0 && { question: `restart all ${services.length} services that run` }),
    steps: services.map((service) =>
      stepFor('restart', 'its pods are made anew', service, (step) => restartService(cluster, service, project, step)),
    ),
  };
}

function refreshing(cluster: Cluster, services: readonly ServiceEntry[]): OperationPlan {
  const steps = services.map((service) =>
    stepFor('refresh', 'labels of nodes are set', service, async (step) => {
      const labels = nodeLabels(cluster, service);
      if (!(await step.drivers.kube.relabel(labels, step))) step.log(`${service.name} was never deployed: left alone`);
    }),
  );
  return { steps };
}

function deleting(cluster: Cluster, project: ProjectFolders, service: ServiceEntry): OperationPlan {
  const { name } = service;
  const folders = dataFolders(cluster, service);
  const deleted =
    folders.length === 0
      ? 'service-list.yaml names no data of it on hosts'
      : `deletes ${folders.join(', ')} on every host`;
  const { keeps: _keeps, ...action } = deploy(cluster, service, project);
  return {
    notes: stillNeeded(cluster, [service]),
    typed: {
      lines: [`service:${name}: removes its objects; ${deleted}`],
      meaning: 'the name of the service',
      word: name,
    },
    steps: [
      stepFor('delete', 'it is taken down, and its data deleted', service, (step) =>
        action.clean({ ...step, deleteData: true }),
      ),
    ],
  };
}

function stepFor(
  what: string,
  description: string,
  { name }: ServiceEntry,
  run: (step: ActionContext) => Promise<void>,
): Step {
  return {
    name: `${what}:${name}`,
    description,
    pools: ['kubernetes'],
    run: (step) => run({ ...step, target: `service:${name}` }),
  };
}
