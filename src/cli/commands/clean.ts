import { select } from '../../graph/select.js';
import { planClean } from '../../plan/clean.js';
import { formatCleanPlan } from '../../report/plan-text.js';
import { executeClean } from '../../run/clean.js';
import { type Command, EXIT, type Invocation, wantsJson } from '../command.js';
import { execute } from '../execution.js';
import { openProject, type Project } from '../project.js';
import { withWorkbench } from '../working.js';

/** `pai clean`: takes exactly the named targets down, dependents first. */
export const clean: Command = {
  async execute(invocation) {
    const { patterns, options } = invocation;
    const project = await openProject(invocation);
    const names = select(project.graph, patterns).map((target) => target.name);
    if (options.dryRun === true) return showCleanPlan(invocation, project, names);
    return withWorkbench(project, options, async (bench) => {
      const planned = await planClean(project.graph, names, bench.look);
      const { exitCode } = await execute(invocation, project, bench, 'clean', (context, how) =>
        executeClean(planned, project.graph, context, how),
      );
      return exitCode;
    });
  },
};

async function showCleanPlan(invocation: Invocation, project: Project, names: readonly string[]): Promise<number> {
  const { io, options } = invocation;
  const { order, present, unknown } = await withWorkbench(project, options, ({ look }) =>
    planClean(project.graph, names, look),
  );
  const absent = order.filter((name) => !present.includes(name) && !unknown.includes(name));
  if (wantsJson(options)) io.stdout(`${JSON.stringify({ present, unknown, absent })}\n`);
  else io.stdout(formatCleanPlan(present, unknown, absent.length));
  return unknown.length > 0 ? EXIT.failed : EXIT.ok;
}
