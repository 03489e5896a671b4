import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Contender, Project } from '../contender.js';
import { commandOf, inputsOf, type Node } from '../graph.js';
import { ask, write } from './files.js';

/** The floors and pai. `bundles`: the folder of floor.js. */
export function own(repository: string, bundles: string): { readonly floors: Contender[]; readonly pai: Contender[] } {
  const floor = join(bundles, 'floor.js');
  const bare: Contender = {
    name: 'node -e 0',
    scenarios: ['nothing'],
    install: () => ({
      version: process.version,
      keeps: [],
      write: () => undefined,
      command: () => [process.execPath, '-e', '0'],
    }),
  };
  const stat: Contender = {
    name: 'stat floor',
    scenarios: ['nothing'],
    install: () => ({
      version: process.version,
      keeps: [],
      write: writeStatState,
      command: () => [process.execPath, floor, 'stat', 'state.bin'],
    }),
  };
  const spawned = (name: string, shell: string): Contender => ({
    name,
    scenarios: ['change', 'all'],
    install: () => ({
      version: process.version,
      keeps: [],
      write: () => undefined,
      prepare: (project, stale) => {
        const places = new Map(stale.map(({ name }, index) => [name, index]));
        const commands = stale.map((node) => ({
          command: commandOf(node),
          needs: node.needs.flatMap((need) => places.get(need) ?? []),
        }));
        writeFileSync(join(project.root, 'commands.json'), JSON.stringify(commands));
      },
      command: ({ jobs }) => [process.execPath, floor, 'spawn', 'commands.json', String(jobs), shell],
    }),
  });
  const program = join(repository, 'bin/pai.js');
  const pai = (name: string, inputs: string): Contender => ({
    name,
    install: () => ({
      version: ask(process.execPath, [program, '--version']),
      // The compiled paifile stays: it is made anew when the paifile changes, not when targets are stale.
      keeps: ['.cache'],
      spares: '.cache/paifile',
      write: (project) => {
        write(project, 'graph.json', project.graph);
        write(project, 'paifile.ts', paifile(inputs, project.graph[0]?.burn));
      },
      command: ({ jobs }) => [process.execPath, program, 'run', 'all', '--jobs', String(jobs)],
    }),
  });
  return {
    floors: [bare, stat, spawned('spawned from Node', '/bin/sh'), spawned('spawned from Node with bash', 'bash')],
    pai: [pai('pai', PATHS), pai('pai, inputs as a glob', "[dir + '/in*']")],
  };
}

const PATHS = "['in0', 'in1', 'in2', 'in3', 'in4', 'in5', 'in6', 'in7', 'in8', 'in9'].map((file) => dir + '/' + file)";

/** In pai's own language: a loop over the graph, commands as `commandOf` writes them. */
const paifile = (inputs: string, burn?: string): string => `import { paifile, type TargetRef } from 'pai';
import graph from './graph.json';

export default paifile(({ target, group, $ }) => {
  const targets = new Map<string, TargetRef>();
  for (const { name, needs } of graph) {
    const dir = 'p/' + name;
    const [a, b, c] = needs.map((need) => 'p/' + need + '/out');
    const run = a && b && c
      ? $\`${first(burn)}read x < \${dir}/in0; read a < \${a}; read b < \${b}; read c < \${c}; echo \${name} >> ran; echo $(( (x+a+b+c) % 1000003 )) > \${dir}/out\`
      : $\`${first(burn)}read x < \${dir}/in0; echo \${name} >> ran; echo $(( (x) % 1000003 )) > \${dir}/out\`;
    const task = { inputs: ${inputs}, outputs: [dir + '/out'], run };
    targets.set(name, target(name, task, { needs: needs.map((need) => targets.get(need)!) }));
  }
  group('all', 'everything', [...targets.values()]);
});
`;

const first = (burn?: string): string => (burn === undefined ? '' : `${burn}; `);

function writeStatState(project: Project): void {
  const paths = project.graph.flatMap(({ name }: Node) => inputsOf(name));
  const rows = new Float64Array(1 + paths.length * 2);
  rows[0] = paths.length;
  for (const [index, path] of paths.entries()) {
    const { size, mtimeMs } = statSync(join(project.root, path));
    rows[1 + 2 * index] = size;
    rows[2 + 2 * index] = mtimeMs;
  }
  writeFileSync(
    join(project.root, 'state.bin'),
    Buffer.concat([Buffer.from(rows.buffer), Buffer.from(paths.join('\n'))]),
  );
}
