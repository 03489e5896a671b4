import { existsSync, mkdirSync, mkdtempSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Contender, Installed, Project, Scenario } from './contender.js';
import { affectedBy, changeInput, checkOutputs, type Node, outputOf, takeRan } from './graph.js';
import { type Cost, type MeasureOptions, measure } from './measure.js';

/** A contender in its folder. */
export interface Entry {
  readonly contender: Contender;
  readonly installed: Installed;
  readonly project: Project;
}

/** Makes a scenario ready, measures it, and checks what ran and what came out of it. Throws when that is wrong. */
export function play(scenario: Scenario, entry: Entry, how: MeasureOptions): Cost {
  const { installed, project } = entry;
  const { root, graph } = project;
  const stale = makeStale(scenario, entry);
  installed.prepare?.(project, stale);
  takeRan(root);
  const cost = measure(
    { command: installed.command(project), cwd: root, ...(installed.env && { env: installed.env }) },
    how,
  );
  installed.settle?.(project);
  const names = new Set(stale.map(({ name }) => name));
  const ran = takeRan(root);
  const surplus = ran.filter((name) => !names.delete(name));
  if (names.size > 0 || surplus.length > 0) {
    const some = [...names].slice(0, 3).concat(surplus.slice(0, 3)).join(', ');
    throw new Error(
      `${stale.length} were stale; ${names.size} of them did not run, ${surplus.length} ran needlessly (${some})`,
    );
  }
  if (hasOutputs(entry)) checkOutputs(root, graph);
  return cost;
}

/** The floors of "nothing to do" make no outputs. */
function hasOutputs({ contender }: Entry): boolean {
  return contender.scenarios?.includes('all') ?? true;
}

function makeStale(scenario: Scenario, { installed, project }: Entry): readonly Node[] {
  const { root, graph } = project;
  if (scenario === 'nothing') return [];
  if (scenario === 'all') {
    const trash = mkdtempSync(`${root}-trash-`);
    for (const [index, kept] of installed.keeps.entries()) {
      forget(join(root, kept), join(trash, `kept${index}`), installed.spares && join(root, installed.spares));
    }
    for (const { name } of graph) moveIfThere(join(root, outputOf(name)), join(trash, name));
    return graph;
  }
  // In the middle of the graph: some hundred of 1,000 depend on it.
  const changed = graph[Math.floor(graph.length / 2)]?.name ?? '';
  changeInput(root, changed);
  const affected = affectedBy(graph, changed);
  return graph.filter(({ name }) => affected.has(name));
}

/**
 * Takes a file or folder away, but for a folder in it. It is moved, not removed: for some time after many files were removed ext4 takes up to
 * 2 ms to make one, which would be measured instead of the contenders.
 */
function forget(kept: string, trash: string, spared: string | undefined): void {
  const stays = spared !== undefined && existsSync(spared);
  const aside = `${kept}-aside`;
  if (stays) renameSync(spared, aside);
  moveIfThere(kept, trash);
  if (!stays) return;
  mkdirSync(dirname(spared), { recursive: true });
  renameSync(aside, spared);
}

function moveIfThere(from: string, to: string): void {
  if (existsSync(from)) renameSync(from, to);
}
