import type { Cluster, KubeNode, Operation, OperationContext, OperationPlan, Step } from 'pai';

/** Seconds that pods may take to leave a node, unless told. */
const DRAIN_SECONDS = 300;
/** What a drain with `force` may take beyond its time. */
const FORCED_SECONDS = 180;

/** `prune`: takes out of Kubernetes what nothing stands for any more: nodes without a machine, and what was applied for targets that are gone. */
export function pruneOperations(cluster: Cluster): readonly Operation[] {
  return [
    {
      name: 'prune',
      summary: 'remove nodes that are not in the configuration, and services that are not in the list',
      plan: async (context) => pruning(cluster, context),
    },
  ];
}

async function pruning(
  cluster: Cluster,
  { drivers, isTarget, options, signal }: OperationContext,
): Promise<OperationPlan> {
  const known = new Set(cluster.hosts.map(({ nodeName }) => nodeName));
  const [all, applied] = await Promise.all([drivers.kube.nodes(signal), drivers.kube.targets(signal)]);
  const nodes = all.filter(({ name }) => !known.has(name));
  const targets = applied.filter((name) => !isTarget(name));
  if (nodes.length + targets.length === 0) {
    const well =
      'every node of the cluster is in the configuration, and every service is in the list: nothing to prune';
    return { notes: [well], steps: [] };
  }
  const what = [
    ...(targets.length > 0 ? [`remove ${targets.join(', ')}`] : []),
    ...(nodes.length > 0
      ? [`drain and delete ${nodes.length === 1 ? 'node' : 'nodes'} ${nodes.map(({ name }) => name).join(', ')}`]
      : []),
  ];
  return {
    notes: [
      ...targets.map(
        (name) =>
          `${name} was applied and is not declared any more. Its objects and node labels go; what it kept on hosts stays.`,
      ),
      ...nodes.map(
        ({ name, ready }) =>
          `node ${name} (${ready ? 'Ready' : 'not Ready'}) is not in the configuration. Its host is not cleaned: if it is still there, add it with pai nodes add, then pai nodes remove cleans it; or stop its kubelet by hand.`,
      ),
    ],
    question: what.join('; '),
    steps: [...targets.map(removal), ...nodes.flatMap((node) => stepsFor(node, options))],
  };
}

function removal(target: string): Step {
  return {
    name: `remove-${target}`,
    description: `what was applied for ${target} is removed`,
    needs: [],
    pools: ['kubernetes'],
    run: (step) => step.drivers.kube.clean({ ...step, target }),
  };
}

function stepsFor(
  { name }: KubeNode,
  { timeout = DRAIN_SECONDS, force = false }: { readonly timeout?: number; readonly force?: boolean },
): readonly Step[] {
  const pools = ['kubernetes'];
  return [
    {
      name: `drain:${name}`,
      description: 'pods leave the node',
      needs: [],
      pools,
      timeoutSeconds: timeout + FORCED_SECONDS,
      run: (step) => step.drivers.kube.drain(name, { timeoutSeconds: timeout, force }, step),
    },
    {
      name: `node:${name}`,
      description: 'the node is deleted',
      needs: [`drain:${name}`],
      pools,
      run: async (step) => {
        await step.drivers.kube.deleteNode(name, step);
        step.log(`node ${name} is deleted`);
      },
    },
  ];
}
