import path from 'node:path';
import { PaiError } from '../../model/errors.js';
import type { Operation, OperationContext, OperationOptions } from '../../model/operation.js';
import { didYouMean } from '../../model/suggest.js';
import { type Command, type Invocation, wantsJson } from '../command.js';
import { openProject, type Project } from '../project.js';
import { assessIn, runOperation } from '../run-operation.js';
import { withWorkbench } from '../working.js';

/** A command whose actions are the operations that the paifile declares: `pai etcd status` is the operation `etcd status`. */
export function operationCommand(name: string): Command {
  return {
    async execute(invocation) {
      const project = await openProject(invocation, { quiet: wantsJson(invocation.options) });
      const { operation, words } = findOperation(project, name, invocation.patterns);
      const given = { words, options: optionsOf(invocation) };
      if ('plan' in operation) return runOperation(invocation, project, operation, given);
      const { io } = invocation;
      const report = await withWorkbench(project, invocation.options, ({ drivers, look }) => {
        const context: OperationContext = {
          ...given,
          drivers,
          assess: assessIn(project.graph, look),
          isTarget: (name) => project.graph.targets.has(name),
          print: io.stdout,
          signal: new AbortController().signal,
          log: (line) => io.stderr(`${line}\n`),
        };
        return operation.report(context);
      });
      if (!wantsJson(invocation.options)) io.stdout(report.text);
      else if (report.json !== null) io.stdout(`${JSON.stringify(report.json)}\n`);
      return report.exitCode;
    },
  };
}

/** The operation that is meant: of the command itself, or of its first word. Throws USAGE when the paifile declares none. */
export function findOperation(
  { graph: { operations } }: Project,
  command: string,
  patterns: readonly string[],
): { readonly operation: Operation; readonly words: readonly string[] } {
  const [action = '', ...words] = patterns;
  const itself = operations.get(command);
  if (itself !== undefined) return { operation: itself, words: patterns };
  const operation = operations.get(`${command} ${action}`);
  if (operation !== undefined) return { operation, words };
  const actions = [...operations.keys()].flatMap((name) =>
    name.startsWith(`${command} `) ? [name.slice(command.length + 1)] : [],
  );
  if (actions.length === 0) {
    throw new PaiError('USAGE', `the paifile declares no operation of pai ${command}`, {
      next: 'Add `operations(clusterOperations(cluster))` to it.',
    });
  }
  const meant = didYouMean(action, actions);
  const what = action === '' ? `pai ${command} needs an action` : `pai ${command} has no '${action}'`;
  throw new PaiError('USAGE', `${what}${meant === undefined ? '' : `; ${meant}`}`, {
    next: `There are: ${actions.join(', ')}.`,
  });
}

/** The options that operations know. */
export function optionsOf({ io, options }: Invocation): OperationOptions {
  const { force, file, timeout, security, follow, tail, container } = options;
  const json = wantsJson(options) ? true : undefined;
  return {
    ...(force !== undefined && { force }),
    ...(file !== undefined && { file: path.resolve(io.cwd, file) }),
    ...(timeout !== undefined && { timeout }),
    ...(json !== undefined && { json }),
    ...(security !== undefined && { security }),
    ...(follow !== undefined && { follow }),
    ...(tail !== undefined && { tail }),
    ...(container !== undefined && { container }),
  };
}
