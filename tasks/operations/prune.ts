import type { Cluster, KubeNode, Operation, Step } from 'pai';

/** Seconds that pods may take to leave a node, unless told. */
const DRAIN_SECONDS = 300;
/** What a drain with `force` may take beyond its time. */
const FORCED_SECONDS = 180;

/** `prune`: takes nodes out of Kubernetes that no machine of the configuration stands for. */
export function pruneOperations(cluster: Cluster): readonly Operation[] {
  return [
    {
      name: 'prune',
      summary: 'remove nodes that are in the cluster and not in the configuration',
      async plan({ drivers, options, signal }) {
        const known = new Set(cluster.hosts.map(({ nodeName }) => nodeName));
        const orphans = (await drivers.kube.nodes(signal)).filter(({ name }) => !known.has(name));
        if (orphans.length === 0) {
          return { notes: ['every node of the cluster is in the configuration: nothing to prune'], steps: [] };
        }
        const names = orphans.map(({ name }) => name).join(', ');
        return {
          notes: orphans.map(
            ({ name, ready }) =>
              `node ${name} (${ready ? 'Ready' : 'not Ready'}) is not in the configuration. Its host is not cleaned: if it is still there, add it with pai nodes add, then pai nodes remove cleans it; or stop its kubelet by hand.`,
          ),
          question: `drain and delete ${orphans.length === 1 ? 'node' : 'nodes'} ${names}`,
          steps: orphans.flatMap((node) => stepsFor(node, options)),
        };
      },
    },
  ];
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
      pools,
      timeoutSeconds: timeout + FORCED_SECONDS,
      run: (step) => step.drivers.kube.drain(name, { timeoutSeconds: timeout, force }, step),
    },
    {
      name: `node:${name}`,
      description: 'the node is deleted',
      pools,
      run: async (step) => {
        await step.drivers.kube.deleteNode(name, step);
        step.log(`node ${name} is deleted`);
      },
    },
  ];
}
