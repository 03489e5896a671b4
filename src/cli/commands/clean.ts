import { select } from '../../graph/select.js';
import { planClean } from '../../plan/clean.js';
import { formatCleanPlan } from '../../report/plan-text.js';
import { executeClean } from '../../run/clean.js';
import { questionsOf } from '../../run/confirm.js';
import { type Command, EXIT, type Invocation, wantsJson } from '../command.js';
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
    if (options.dryRun === true) return showCleanPlan(invocation, project, names);
    return execute(invocation, project, {
      command: 'clean',
      plan: async ({ look }) => {
        const planned = await planClean(graph, names, look);
        await revealSecretsFor(planned.present, project);
        return planned;
      },
      questions: ({ present }) => questionsOf(graph, present),
      execute: (planned, context, how) => executeClean(planned, graph, context, how),
    });
  },
};

async function showCleanPlan(invocation: Invocation, project: Project, names: readonly string[]): Promise<number> {
  const { io, options } = invocation;
  const { order, present, unknown } = await withWorkbench(project, options, ({ look }) =>
    planClean(project.graph, names, look),
  );
  const found = new Set([...present, ...unknown]);
  const absent = order.filter((name) => !found.has(name));
  if (wantsJson(options)) io.stdout(`${JSON.stringify({ present, unknown, absent })}\n`);
  else io.stdout(formatCleanPlan(present, unknown, absent.length));
  return unknown.length > 0 ? EXIT.failed : EXIT.ok;
}
