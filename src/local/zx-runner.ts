import type { LocalCommand, LocalTask } from '../model/local.js';
import { failedCommand, lineTeller, runPieces } from './command.js';
import { endProcesses } from './end-processes.js';
import type { ForkingShells } from './forking-shells.js';
import { asEnvironment, marksOf } from './marks.js';
import type { Runner, RunnerContext } from './runner.js';

/**
 * Makes what runs tasks: commands as zx would, functions with zx itself, which is loaded for the first. Declared commands all get this
 * process's environment as it was before the first of them: each look at it asks the system for every variable again.
 */
export function createRunner(): Runner {
  let environment: NodeJS.ProcessEnv | undefined;
  const base = (): NodeJS.ProcessEnv => {
    environment ??= { ...process.env };
    return environment;
  };
  let shells: Promise<ForkingShells> | undefined;
  const shellsIn = (cwd: string): Promise<ForkingShells> => {
    shells ??= import('./forking-shells.js').then(({ ForkingShells }) => new ForkingShells({ cwd, env: base }));
    return shells;
  };
  return {
    async run({ task }, root, context) {
      if (typeof task.run === 'function') return runFunction(task.run, root, context);
      const commands = 'pieces' in task.run ? [task.run] : task.run;
      const options = { cwd: root, base: base(), shells: await shellsIn(root) };
      for (const { pieces, values } of commands) {
        await runPieces(context, commandText({ pieces, values }), pieces, values, options);
      }
    },
    async ask({ pieces, values }, root) {
      const silent = { log: () => undefined, signal: new AbortController().signal };
      const kept: Buffer[] = [];
      const keep = (chunk: Buffer): void => void kept.push(chunk);
      await runPieces(silent, commandText({ pieces, values }), pieces, values, { cwd: root, base: base(), keep });
      return Buffer.concat(kept).toString().trim();
    },
    async close() {
      (await shells)?.close();
    },
  };
}

/** A command for people, on one line: values as they are. */
export function commandText({ pieces, values }: LocalCommand): string {
  const words = pieces.map((piece, index) => {
    const value = values[index];
    return value === undefined ? piece : `${piece}${typeof value === 'object' ? value.join(' ') : value}`;
  });
  return words.join('').trim().replaceAll(/\s+/g, ' ');
}

type TaskFunction = Extract<LocalTask['run'], (...given: never[]) => unknown>;

async function runFunction(work: TaskFunction, root: string, context: RunnerContext): Promise<void> {
  const { log, signal } = context;
  const marks = marksOf(context);
  const terminal = context.terminal === true;
  const { $, ProcessOutput } = await import('zx/core');
  const tellers = new Map<string, ReturnType<typeof lineTeller>>();
  const shell = $({
    cwd: root,
    signal,
    // As for other commands: a process group of its own, unless they have the terminal.
    detached: !terminal,
    env: { ...process.env, ...marks },
    stdio: terminal ? 'inherit' : ['ignore', 'pipe', 'pipe'],
    log: (entry) => {
      if (entry.kind !== 'stdout' && entry.kind !== 'stderr') return;
      const key = `${entry.id} ${entry.kind}`;
      const teller = tellers.get(key) ?? lineTeller(log);
      tellers.set(key, teller);
      teller.take(entry.data);
    },
  });
  try {
    await work({ $: shell, log, signal, root });
  } catch (thrown) {
    if (!(thrown instanceof ProcessOutput)) throw thrown;
    const details = `${thrown.stdout}${thrown.stderr}`.trimEnd().split('\n').slice(-20);
    throw failedCommand('a command of its function', thrown, {}, details);
  } finally {
    // zx told them to end; here they are made to.
    if (signal.aborted) await endProcesses({ environment: asEnvironment(marks) });
    for (const teller of tellers.values()) teller.finish();
  }
}
