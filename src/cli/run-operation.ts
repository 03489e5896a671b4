import { buildGraph, type Graph } from '../graph/graph.js';
import type { Operation, OperationContext, OperationPlan, Step } from '../model/operation.js';
import type { Action, Need, Target } from '../model/target.js';
import { planRun } from '../plan/plan.js';
import { executePlan } from '../run/execute.js';
import { EXIT, type Invocation } from './command.js';
import { execute } from './execution.js';
import type { Project } from './project.js';
import { runRound } from './run-round.js';

const DEFAULT_TIMEOUT_SECONDS = 1800;

type Given = Pick<OperationContext, 'words' | 'options'>;

/**
 * Does what an operation decides to do: its steps, then targets of the paifile, and so on until there is no more. Ends at the first that does not come
 * to a good end. Resolves to the exit code.
 */
export async function runOperation(
  invocation: Invocation,
  project: Project,
  operation: Extract<Operation, { plan: unknown }>,
  given: Given,
): Promise<number> {
  const call = { invocation, project, given, name: operation.name };
  let todo = await runSteps(call, (context) => operation.plan(context));
  for (;;) {
    if (todo.exitCode !== EXIT.ok || todo.plan === undefined) return todo.exitCode;
    for (const round of todo.plan.rounds ?? []) {
      const exitCode = await runRound(invocation, project, round);
      if (exitCode !== EXIT.ok) return exitCode;
    }
    const { next } = todo.plan;
    if (next === undefined) return EXIT.ok;
    todo = await runSteps(call, async (context) => {
      const { question, ...plan } = await next(context);
      return plan;
    });
  }
}

/** One call of an operation. */
interface Call {
  readonly invocation: Invocation;
  readonly project: Project;
  readonly given: Given;
  readonly name: string;
}

/**
 * Runs the steps of a plan, under the project's lock, with a reporter and a journal: they are the targets of a graph of their own, and run as
 * those do.
 */
async function runSteps(
  { invocation, project, given, name }: Call,
  decide: (context: OperationContext) => Promise<OperationPlan>,
): Promise<{ readonly exitCode: number; readonly plan?: OperationPlan }> {
  const { commandLine } = invocation;
  let decided: { readonly graph: Graph; readonly plan: OperationPlan } | undefined;
  const exitCode = await execute(invocation, project, {
    command: 'run',
    resume: commandLine,
    // They say nothing of how long the targets of the paifile take.
    forgetDurations: true,
    plan: async ({ drivers, look }, { say, stop }) => {
      const log = (line: string): void => say(`${line}\n`);
      const plan = await decide({ ...given, drivers, signal: stop, log });
      for (const note of plan.notes ?? []) log(note);
      decided = { graph: graphOf(plan), plan };
      return planRun(decided.graph, [...decided.graph.targets.keys()], look);
    },
    questions: ({ entries }) => {
      const first = entries[0];
      const question = decided?.plan.question;
      return question === undefined || first === undefined ? [] : [{ target: name, question }];
    },
    execute: async (planned, context, how) => {
      if (decided === undefined) throw new Error('an operation runs before it was planned');
      return executePlan(planned, decided.graph, context, how);
    },
  });
  return { exitCode, ...(decided && { plan: decided.plan }) };
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
