import { buildGraph, type Graph } from '../graph/graph.js';
import type { Operation, OperationContext, OperationPlan, Step } from '../model/operation.js';
import type { Action, Need, Target } from '../model/target.js';
import { planRun } from '../plan/plan.js';
import { executePlan } from '../run/execute.js';
import type { Invocation } from './command.js';
import { execute } from './execution.js';
import type { Project } from './project.js';

const DEFAULT_TIMEOUT_SECONDS = 1800;

/**
 * Does what an operation decides to do, under the project's lock, with a reporter and a journal: its steps are the targets of a graph of their
 * own, and run as those do. Resolves to the exit code.
 */
export async function runOperation(
  invocation: Invocation,
  project: Project,
  operation: Extract<Operation, { plan: unknown }>,
  given: Pick<OperationContext, 'words' | 'options'>,
): Promise<number> {
  const { commandLine } = invocation;
  let decided: { readonly graph: Graph; readonly question: string | undefined } | undefined;
  return execute(invocation, project, {
    command: 'run',
    resume: commandLine,
    // They say nothing of how long the targets of the paifile take.
    forgetDurations: true,
    plan: async ({ drivers, look }, { say, stop }) => {
      const log = (line: string): void => say(`${line}\n`);
      const plan = await operation.plan({ ...given, drivers, signal: stop, log });
      for (const note of plan.notes ?? []) log(note);
      decided = { graph: graphOf(plan), question: plan.question };
      return planRun(decided.graph, [...decided.graph.targets.keys()], look);
    },
    questions: ({ entries }) => {
      const first = entries[0];
      if (decided?.question === undefined || first === undefined) return [];
      return [{ target: operation.name, question: decided.question }];
    },
    execute: async (planned, context, how) => {
      if (decided === undefined) throw new Error('an operation runs before it was planned');
      return executePlan(planned, decided.graph, context, how);
    },
  });
}

function graphOf({ steps }: OperationPlan): Graph {
  return buildGraph({ targets: steps.map((step, index) => targetOf(step, steps[index - 1])), groups: [] });
}

function targetOf(step: Step, before: Step | undefined): Target {
  const needed = step.needs ?? (before === undefined ? [] : [before.name]);
  const needs: readonly Need[] = needed.map((target) => ({ target, order: true }));
  return {
    name: step.name,
    description: step.description,
    groups: [],
    needs,
    through: [],
    rolling: false,
    timeoutSeconds: step.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS,
    retries: 0,
    pools: [],
    interactive: false,
    manual: false,
    action: actionOf(step),
  };
}

/** A step is done whenever it is asked for. */
function actionOf(step: Step): Action {
  return {
    pools: step.pools ?? [],
    asked: step.description,
    observe: async () => ({ kind: 'known', present: true }),
    desired: async () => ({
      parts: [],
      checksInputs: true,
      apply: async (context) => {
        await step.run(context);
        return context.stamp();
      },
    }),
    clean: async () => undefined,
  };
}
