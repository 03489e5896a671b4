import { select } from '../graph/select.js';
import { PaiError } from '../model/errors.js';
import type { Round } from '../model/operation.js';
import { type Plan, planRun } from '../plan/plan.js';
import { questionsOf } from '../run/confirm.js';
import { executePlan } from '../run/execute.js';
import { narrow } from '../run/scope.js';
import type { Invocation } from './command.js';
import { execute } from './execution.js';
import type { Project } from './project.js';
import { revealSecretsFor } from './secrets.js';

/** Runs targets of the paifile as a part of an operation: what is stale of them, with a lock and a journal of its own. Resolves to the exit code. */
export async function runRound(invocation: Invocation, project: Project, round: Round): Promise<number> {
  const { graph } = project;
  const names = select(graph, round.targets).map(({ name }) => name);
  const narrowing = (planned: Plan) => ({
    only: round.alone === true,
    exclude: round.appliedOnly === true ? neverApplied(planned) : new Set<string>(),
  });
  return execute(invocation, project, {
    command: 'run',
    resume: invocation.commandLine,
    plan: async ({ look }) => {
      const planned = await planRun(graph, names, look);
      if (round.alone === true) refuseUnseen(planned);
      const open = planned.entries.flatMap(({ name, state }) => (state === 'fresh' ? [] : [name]));
      await revealSecretsFor(open, project);
      return planned;
    },
    questions: (planned) => {
      const { entries, blocked } = narrow(planned, graph, narrowing(planned));
      const open = entries.filter(({ name, state }) => state !== 'fresh' && !blocked.has(name));
      return questionsOf(
        graph,
        open.map(({ name }) => name),
      );
    },
    execute: (planned, context, how) => executePlan(planned, graph, context, { ...how, ...narrowing(planned) }),
    finish: async (bench, summary) => {
      if (summary.failed === 0) await bench.keepPki();
    },
  });
}

/** Targets that were looked at and of which nothing is there. */
function neverApplied({ observations }: Plan): Set<string> {
  const names = [...observations].flatMap(([name, seen]) => (seen.kind === 'known' && !seen.present ? [name] : []));
  return new Set(names);
}

function refuseUnseen({ selected, observations }: Plan): void {
  const unseen = selected.filter((name) => observations.get(name)?.kind !== 'known');
  if (unseen.length === 0) return;
  throw new PaiError('KUBE_UNREACHABLE', `${unseen.join(', ')}: could not be looked at`, {
    next: 'See with pai plan what is not well, then run the same command again.',
  });
}
