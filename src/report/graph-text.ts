import type { Need } from '../model/target.js';

/** One target of a drawing. */
export interface GraphNode {
  readonly name: string;
  readonly description: string;
  readonly groups: readonly string[];
  readonly needs: readonly Need[];
}

/** How a graph can be told. */
export type GraphFormat = 'dot' | 'mermaid' | 'json';

/** Targets that are drawn together, with the name of their group. */
interface Cluster {
  readonly name: string;
  readonly members: readonly GraphNode[];
}

/** Targets and what they need, needs first. Arrows go from a target to those that need it; order-only needs are dashed. */
export function formatGraph(nodes: readonly GraphNode[], format: GraphFormat): string {
  switch (format) {
    case 'dot':
      return formatDot(nodes);
    case 'mermaid':
      return formatMermaid(nodes);
    case 'json':
      return `${JSON.stringify({ targets: nodes })}\n`;
  }
}

function formatDot(nodes: readonly GraphNode[]): string {
  const lines = ['digraph pai {', '  rankdir=LR;', '  node [shape=box];'];
  const { clusters, others } = gather(nodes);
  const ids = dotIds(nodes);
  const node = ({ name, description }: GraphNode): string => {
    const attributes = [`label=${dotLabel(name)}`, ...(description === '' ? [] : [`tooltip=${dotLabel(description)}`])];
    return `${ids.get(name)} [${attributes.join(', ')}];`;
  };
  for (const [index, { name, members }] of clusters.entries()) {
    // Only subgraphs whose names begin like this get a frame.
    lines.push(`  subgraph cluster_${index} {`, `    label=${dotLabel(name)};`);
    for (const member of members) lines.push(`    ${node(member)}`);
    lines.push('  }');
  }
  for (const other of others) lines.push(`  ${node(other)}`);
  for (const { from, to, order } of edges(nodes)) {
    lines.push(`  ${ids.get(from)} -> ${ids.get(to)}${order ? ' [style=dashed]' : ''};`);
  }
  lines.push('}');
  return `${lines.join('\n')}\n`;
}

/** Names as identifiers; where one has a backslash, which identifiers have no way to escape, numbers for all. */
function dotIds(nodes: readonly GraphNode[]): Map<string, string> {
  const numbered = nodes.some(({ name }) => name.includes('\\'));
  const quoted = (name: string): string => `"${name.replaceAll('"', '\\"')}"`;
  return new Map(nodes.map(({ name }, index) => [name, numbered ? `t${index}` : quoted(name)]));
}

/** A label: there a backslash escapes what follows it. */
function dotLabel(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll(/\r?\n/g, '\\n')}"`;
}

function formatMermaid(nodes: readonly GraphNode[]): string {
  const ids = new Map(nodes.map(({ name }, index) => [name, `t${index}`]));
  const lines = ['flowchart LR'];
  const { clusters, others } = gather(nodes);
  const node = ({ name }: GraphNode): string => `${ids.get(name)}["${mermaidText(name)}"]`;
  for (const [index, { name, members }] of clusters.entries()) {
    lines.push(`  subgraph g${index}["${mermaidText(name)}"]`);
    for (const member of members) lines.push(`    ${node(member)}`);
    lines.push('  end');
  }
  for (const other of others) lines.push(`  ${node(other)}`);
  for (const { from, to, order } of edges(nodes)) {
    lines.push(`  ${ids.get(from)} ${order ? '-.->' : '-->'} ${ids.get(to)}`);
  }
  return `${lines.join('\n')}\n`;
}

/** Everything but letters and what names are made of as a character code, which Mermaid takes for nothing else. */
function mermaidText(text: string): string {
  return text.replaceAll(/[^\p{L}\p{N} .:_/-]/gu, (sign) => `#${sign.codePointAt(0)};`);
}

/** A target is drawn in its first group, if that has several members in the drawing and is not all of it. */
function gather(nodes: readonly GraphNode[]): { clusters: Cluster[]; others: GraphNode[] } {
  const byGroup = new Map<string, GraphNode[]>();
  for (const node of nodes) {
    const [group] = node.groups;
    if (group !== undefined) byGroup.set(group, [...(byGroup.get(group) ?? []), node]);
  }
  const clusters = Array.from(byGroup, ([name, members]) => ({ name, members })).filter(
    ({ members }) => members.length > 1 && members.length < nodes.length,
  );
  const gathered = new Set(clusters.flatMap(({ members }) => members));
  return { clusters, others: nodes.filter((node) => !gathered.has(node)) };
}

/** Needs among the nodes. */
function* edges(nodes: readonly GraphNode[]): Generator<{ from: string; to: string; order: boolean }> {
  const names = new Set(nodes.map(({ name }) => name));
  for (const { name, needs } of nodes) {
    for (const { target, order } of needs) if (names.has(target)) yield { from: target, to: name, order };
  }
}
