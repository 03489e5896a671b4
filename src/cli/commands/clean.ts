import type { Graph } from '../../graph/graph.js';
import { select } from '../../graph/select.js';
import { PaiError } from '../../model/errors.js';
import { type CleanPlan, keptBy, planClean } from '../../plan/clean.js';
import { formatCleanPlan } from '../../report/plan-text.js';
import { executeClean } from '../../run/clean.js';
import { questionsOf } from '../../run/confirm.js';
import { type Command, EXIT, type Invocation, wantsJson } from '../command.js';
import type { TypedQuestion } from '../confirm.js';
import { execute } from '../execution.js';
import { openProject, type Project } from '../project.js';
import { revealSecretsFor } from '../secrets.js';
import { excluded, rejectContradictions } from '../selection.js';
import { withWorkbench } from '../working.js';

/** `pai clean`: takes exactly the named targets down, dependents first. */
export const clean: Command = {
  async execute(invocation) {
    const { patterns, options } = invocation;
    rejectContradictions(options);
    const project = await openProject(invocation);
    const { graph } = project;
    const left = excluded(graph, options);
    const names = select(graph, patterns).flatMap(({ name }) => (left.has(name) ? [] : [name]));
    const deleteData = options.deleteData === true;
    if (deleteData) rejectWithoutData(graph, names);
    if (options.dryRun === true) return showCleanPlan(invocation, project, names);
    return execute(invocation, project, {
      command: 'clean',
      plan: async ({ look }) => {
        const planned = await planClean(graph, names, look, { deleteData });
        await revealSecretsFor(planned.present, project);
        return planned;
      },
      questions: ({ present }) => questionsOf(graph, present),
      typedQuestion: async (planned) => (deleteData ? dataQuestion(project, planned) : undefined),
      execute: (planned, context, how) =>
        executeClean(planned, graph, context, { ...how, deleteData, remote: options.remote === true }),
    });
  },
};

/** Who wants data deleted and names nothing that has any meant something else. Throws USAGE. */
function rejectWithoutData(graph: Graph, names: readonly string[]): void {
  if (names.some((name) => keptBy(graph, name).length > 0)) return;
  const keepers = [...graph.targets.keys()].filter((name) => keptBy(graph, name).length > 0);
  throw new PaiError('USAGE', 'none of these targets keeps data that could be deleted', {
    next: keepers.length === 0 ? 'Leave --delete-data out.' : `These do: ${keepers.join(', ')}.`,
  });
}

/** Asks for the id of the cluster, or where there is no cluster for a plain word. */
async function dataQuestion(project: Project, { present }: CleanPlan): Promise<TypedQuestion | undefined> {
  const lines = present.flatMap((name) => {
    const kept = keptBy(project.graph, name);
    return kept.length === 0 ? [] : [`${name}: deletes ${kept.join(', ')}`];
  });
  if (lines.length === 0) return undefined;
  if (!project.asksForCluster) return { lines, meaning: 'the word', word: 'delete' };
  const { services } = await project.cluster();
  return { lines, meaning: 'the id of the cluster', word: services.clusterId };
}

async function showCleanPlan(invocation: Invocation, project: Project, names: readonly string[]): Promise<number> {
  const { io, options } = invocation;
  const { graph } = project;
  const deleteData = options.deleteData === true;
  const { order, present, unknown } = await withWorkbench(project, options, ({ look }) =>
    planClean(graph, names, look, { deleteData }),
  );
  const found = new Set([...present, ...unknown]);
  const absent = order.filter((name) => !found.has(name));
  const data = present.flatMap((name) => {
    const paths = keptBy(graph, name);
    return paths.length === 0 ? [] : [{ target: name, paths, goes: deleteData }];
  });
  if (wantsJson(options)) io.stdout(`${JSON.stringify({ present, unknown, absent, data })}\n`);
  else io.stdout(formatCleanPlan({ present, unknown, absent: absent.length, data }));
  return unknown.length > 0 ? EXIT.failed : EXIT.ok;
}
