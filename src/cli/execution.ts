import type { RunEvent } from '../model/events.js';
import { jsonReporter } from '../report/json.js';
import { plainReporter } from '../report/plain.js';
import type { Reporter } from '../report/reporter.js';
import type { Question } from '../run/confirm.js';
import type { RunContext, RunOptions, RunSummary } from '../run/context.js';
import { createPools } from '../run/pools.js';
import { mergeDurations, readDurations, writeDurations } from '../state/durations.js';
import { createJournal } from '../state/journal.js';
import { newRunId } from '../state/run-id.js';
import { EXIT, type Invocation, shellWord, wantsJson } from './command.js';
import { confirm } from './confirm.js';
import { Interrupted, watchInterrupts } from './interrupt.js';
import { withLock } from './lock.js';
import type { Project } from './project.js';
import { holdWhileTaken } from './terminal.js';
import { type Workbench, withWorkbench } from './working.js';

/** A command that changes things, in its steps. */
export interface Steps<Planned> {
  readonly command: 'run' | 'clean';
  /** Looks at what there is to do. Changes nothing; an interrupt ends it. */
  plan(bench: Workbench): Promise<Planned>;
  /** What has to be answered before anything is done. */
  questions(planned: Planned): readonly Question[];
  execute(planned: Planned, context: RunContext, options: RunOptions): Promise<RunSummary>;
  /** What is to be done once, after all. */
  finish?(bench: Workbench, summary: RunSummary): Promise<void>;
}

/**
 * Takes the project's lock, plans, asks, and works with a journal and a reporter. Resolves to the exit code.
 * Throws what keeps it from starting; then nothing was changed.
 */
export async function execute<Planned>(
  invocation: Invocation,
  project: Project,
  steps: Steps<Planned>,
): Promise<number> {
  const interrupt = watchInterrupts(invocation.io);
  const runId = newRunId(new Date());
  const options = optionsOf(invocation);
  const work = async (bench: Workbench): Promise<number> => {
    const planned = await interrupt.orStop(steps.plan(bench));
    const confirmed = await confirm(invocation, steps.questions(planned), interrupt);
    const measured = await readDurations(project.cacheDirectory);
    const journal = createJournal(project.cacheDirectory, runId);
    const report = holdWhileTaken(reporter(invocation, steps.command));
    const context: RunContext = {
      run: runId,
      drivers: bench.drivers,
      emit: (event: RunEvent) => {
        journal.sink(event);
        if (event.type === 'terminal-taken') interrupt.handOver(true);
        if (event.type === 'terminal-released') interrupt.handOver(false);
        report(event);
      },
      journal: {
        logPath: journal.logPath,
        note: (target, text) => journal.note(target, invocation.mapStack?.(text) ?? text),
      },
      terminal: invocation.io.terminal?.whole === true,
    };
    try {
      const how = { ...options, stop: interrupt.stop, cancel: interrupt.cancel, confirmed, measured };
      const summary = await steps.execute(planned, context, how);
      // What it takes to take things down says nothing about what it takes to make them.
      if (steps.command === 'run' && summary.took.size > 0) {
        const known = (name: string): boolean => project.graph.targets.has(name);
        await writeDurations(project.cacheDirectory, mergeDurations(measured, summary.took, known));
      }
      await steps.finish?.(bench, summary);
      return interrupt.exitCode ?? exitCode(summary);
    } finally {
      journal.close();
    }
  };
  try {
    return await withLock(invocation, project, runId, interrupt, () =>
      withWorkbench(project, invocation.options, work, { runId, signal: interrupt.stop }),
    );
  } catch (thrown) {
    if (thrown instanceof Interrupted && interrupt.exitCode !== undefined) return interrupt.exitCode;
    throw thrown;
  } finally {
    interrupt.unwatch();
  }
}

function optionsOf({ options }: Invocation): RunOptions {
  return {
    failFast: options.failFast === true,
    ...(options.jobs !== undefined && { pools: createPools({ jobs: options.jobs }) }),
  };
}

function reporter(invocation: Invocation, command: 'run' | 'clean'): Reporter {
  const { io, options, began } = invocation;
  if (wantsJson(options)) return jsonReporter(io.stdout);
  const resume = ['pai', command, ...resumeWords(invocation).map(shellWord)].join(' ');
  return plainReporter(io.stdout, { verbose: options.verbose === true, began, resume });
}

/** What decides which targets a command is about. */
function resumeWords({ options, patterns }: Invocation): string[] {
  const { only, exclude = [], path, retryFailed } = options;
  return [
    ...patterns,
    ...(retryFailed === true ? ['--retry-failed'] : []),
    ...(only === true ? ['--only'] : []),
    ...exclude.flatMap((pattern) => ['--exclude', pattern]),
    ...(path === undefined ? [] : ['-p', path]),
  ];
}

function exitCode({ failed, skipped }: RunSummary): number {
  return failed + skipped > 0 ? EXIT.failed : EXIT.ok;
}
