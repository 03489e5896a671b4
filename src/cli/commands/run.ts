import { select } from '../../graph/select.js';
import { PaiError } from '../../model/errors.js';
import { planRun } from '../../plan/plan.js';
import { checkRun } from '../../run/check.js';
import { questionsOf } from '../../run/confirm.js';
import { executePlan } from '../../run/execute.js';
import { narrow } from '../../run/scope.js';
import { lastRun } from '../../state/last-run.js';
import { type Command, EXIT, type Invocation, wantsJson } from '../command.js';
import { execute } from '../execution.js';
import { declareProject, openPaifile, type Project } from '../project.js';
import { revealSecretsFor } from '../secrets.js';
import { caution, excluded, rejectContradictions } from '../selection.js';
import { findUnchanged, keepSnapshot, mayGoBySnapshot, runUnchanged, withSurvey } from '../unchanged.js';
import { showPlan } from './plan.js';

/** `pai run`: brings targets and everything they need up to date. */
export const run: Command = {
  async execute(invocation) {
    const { options } = invocation;
    rejectContradictions(options);
    if (options.rollback === true) return (await import('../roll-back.js')).rollBack(invocation);
    const { allow, batch } = caution(options);
    const opened = await openPaifile(invocation);
    const usual = mayGoBySnapshot(options) && options.dryRun !== true && invocation.patterns.length > 0;
    const found = usual ? findUnchanged(opened, invocation.patterns) : undefined;
    const exitCode = found?.kind === 'unchanged' ? await runUnchanged(invocation, opened, found) : undefined;
    if (exitCode !== undefined) return exitCode;
    const project = await declareProject(withSurvey(opened, found));
    const { graph } = project;
    const names = await namesOf(invocation, project);
    if (names.length === 0 && options.retryFailed === true) {
      invocation.io.stdout('nothing to retry: nothing failed or was skipped in the last run\n');
      return EXIT.ok;
    }
    const narrowing = { only: options.only === true, exclude: excluded(graph, options) };
    if (options.dryRun === true) return showPlan(invocation, project, names, narrowing);
    const { sandboxDirectory } = project;
    const told = sandboxDirectory === undefined || wantsJson(options) ? undefined : await tellSandbox(sandboxDirectory);
    if (told !== undefined) invocation.io.stderr(told.before);
    let ran = 0;
    const code = await execute(invocation, project, {
      command: 'run',
      plan: async ({ drivers, look }, { say, stop }) => {
        const planned = await planRun(graph, names, look, { force: options.force === true ? names : [] });
        const open = planned.entries.flatMap(({ name, state }) => (state === 'fresh' ? [] : [name]));
        await revealSecretsFor(open, project);
        const { entries } = narrow(planned, graph, narrowing);
        await checkRun({ graph, plan: planned, entries, drivers, signal: stop, allow });
        const missing = [...planned.spared].filter((name) => planned.byName.has(name));
        if (missing.length > 0)
          say(`warning: ${missing.join(', ')} can't be looked at: what comes after goes on without\n`);
        return planned;
      },
      questions: (planned) => {
        const { entries, blocked } = narrow(planned, graph, narrowing);
        const open = entries.filter(({ name, state }) => state !== 'fresh' && !blocked.has(name));
        return questionsOf(
          graph,
          open.map(({ name }) => name),
        );
      },
      execute: (planned, context, how) => {
        const rolling = { ...(batch && { batch }), pastUnhealthy: allow.has('unhealthy') };
        return executePlan(planned, graph, context, { ...how, ...narrowing, ...rolling });
      },
      finish: async (bench, summary, planned) => {
        ran = summary.ran;
        if (summary.failed === 0) await bench.keepPki();
        if (usual) keepSnapshot(project, invocation.patterns, planned, bench.drivers);
      },
    });
    if (told !== undefined && code === EXIT.ok && ran > 0) invocation.io.stderr(told.after);
    return code;
  },
};

/** What is said of a sandbox before and after a run on it. */
async function tellSandbox(directory: string): Promise<{ readonly before: string; readonly after: string }> {
  const [{ ensureSandbox }, { sandboxLayout }, { describeSandbox, trySandbox }] = await Promise.all([
    import('../../sandbox/create.js'),
    import('../../sandbox/layout.js'),
    import('../../report/sandbox-text.js'),
  ]);
  const sandbox = await ensureSandbox(sandboxLayout(directory));
  return { before: describeSandbox(sandbox, directory), after: trySandbox(sandbox) };
}

async function namesOf({ patterns, options }: Invocation, { graph, cacheDirectory }: Project): Promise<string[]> {
  if (patterns.length === 0 && options.retryFailed !== true) {
    throw new PaiError('USAGE', 'say what to run: targets, groups, or globs', {
      details: [`groups: ${[...graph.groups.keys()].join(', ')}`],
      next: 'For example `pai run services`; `pai list` shows all targets.',
    });
  }
  const named = select(graph, patterns).map((target) => target.name);
  if (options.retryFailed !== true) return named;
  const open = (await lastRun(cacheDirectory))?.open ?? [];
  const meant = new Set(patterns.length === 0 ? open : named);
  // The paifile may have other targets by now.
  return open.filter((name) => graph.targets.has(name) && meant.has(name));
}
