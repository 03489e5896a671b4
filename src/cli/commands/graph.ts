import { needsOf } from '../../graph/graph.js';
import { closure, topologicalOrder } from '../../graph/order.js';
import { select } from '../../graph/select.js';
import { formatGraph } from '../../report/graph-text.js';
import { type Command, EXIT } from '../command.js';
import { openProject } from '../project.js';

/** `pai graph`: targets and all that they need, for drawing; without patterns all targets. */
export const graph: Command = {
  async execute(invocation) {
    const { io, patterns, options } = invocation;
    const { graph } = await openProject(invocation, { quiet: true });
    const names = patterns.length === 0 ? graph.order : select(graph, patterns).map((target) => target.name);
    const nodes = topologicalOrder(graph, closure(graph, names)).flatMap((name) => {
      const target = graph.targets.get(name);
      if (target === undefined) return [];
      return { name, description: target.description, groups: target.groups, needs: needsOf(graph, name) };
    });
    io.stdout(formatGraph(nodes, options.format ?? 'dot'));
    return EXIT.ok;
  },
};
