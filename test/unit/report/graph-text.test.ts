import { describe, expect, it } from 'vitest';
import { formatGraph, type GraphNode } from '../../../src/report/graph-text.js';

function node(
  name: string,
  needs: readonly string[] = [],
  groups: readonly string[] = [],
  description = '',
): GraphNode {
  const parsed = needs.map((need) => ({ target: need.replace(/^>/, ''), order: need.startsWith('>') }));
  return { name, description, groups, needs: parsed };
}

const NODES = [
  node('pki', [], [], 'certificate authorities'),
  node('worker:h1', ['pki'], ['workers']),
  node('worker:h2', ['pki'], ['workers']),
  node('service:x', ['>worker:h1', 'elsewhere'], ['services']),
];

describe('formatGraph', () => {
  it('draws for Graphviz: groups as clusters, order-only needs dashed', () => {
    expect(formatGraph(NODES, 'dot')).toBe(`digraph pai {
  rankdir=LR;
  node [shape=box];
  subgraph cluster_0 {
    label="workers";
    "worker:h1" [label="worker:h1"];
    "worker:h2" [label="worker:h2"];
  }
  "pki" [label="pki", tooltip="certificate authorities"];
  "service:x" [label="service:x"];
  "pki" -> "worker:h1";
  "pki" -> "worker:h2";
  "worker:h1" -> "service:x" [style=dashed];
}
`);
  });

  it('draws for Mermaid', () => {
    expect(formatGraph(NODES, 'mermaid')).toBe(`flowchart LR
  subgraph g0["workers"]
    t1["worker:h1"]
    t2["worker:h2"]
  end
  t0["pki"]
  t3["service:x"]
  t0 --> t1
  t0 --> t2
  t1 -.-> t3
`);
  });

  it('tells machines all there is', () => {
    expect(JSON.parse(formatGraph(NODES, 'json'))).toEqual({ targets: NODES });
  });

  it('frames no group that is alone or everything', () => {
    const all = [node('a', [], ['g']), node('b', [], ['g'])];
    expect(formatGraph(all, 'dot')).not.toContain('subgraph');
    expect(formatGraph([...all, node('c', [], ['one'])], 'dot').match(/subgraph/g)).toHaveLength(1);
  });

  it('is right for odd names', () => {
    const odd = [node('a"]; x -> y', [], [], 'two\nlines'), node('end', ['a"]; x -> y'])];
    expect(formatGraph(odd, 'dot')).toContain(
      '"a\\"]; x -> y" [label="a\\"]; x -> y", tooltip="two\\nlines"];\n  "end" [label="end"];\n  "a\\"]; x -> y" -> "end";\n',
    );
    expect(formatGraph(odd, 'mermaid')).toContain('t0["a#34;#93;#59; x -#62; y"]\n  t1["end"]\n  t0 --> t1\n');
    const backslash = [node('a\\'), node('b', ['a\\'])];
    expect(formatGraph(backslash, 'dot')).toContain('t0 [label="a\\\\"];\n  t1 [label="b"];\n  t0 -> t1;\n');
  });
});
