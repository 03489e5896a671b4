import type { RunContext, RunOptions, RunSummary } from '../run/context.js';
import { createPools } from '../run/pools.js';
import { createJournal } from '../state/journal.js';
import { createPartTexts } from '../state/part-texts.js';
import { EXIT, type Invocation, shellWord } from './command.js';
import { watchInterrupts } from './interrupt.js';
import type { Project } from './project.js';
import { openReporter } from './reporting.js';
import type { Workbench } from './working.js';

/** A command that works, in two steps. */
export interface Work<Prepared> {
  readonly command: 'run' | 'clean';
  /** Finds out what is to be done and changes nothing: an interrupt ends the process. */
  prepare(): Promise<Prepared>;
  /** Does it: interrupts are wishes to stop. */
  work(prepared: Prepared, context: RunContext, options: RunOptions): Promise<RunSummary>;
}

/** Runs work with a journal and a reporter, and tells the exit code of what became of it. */
export async function execute<Prepared>(
  invocation: Invocation,
  project: Project,
  bench: Workbench,
  { command, prepare, work }: Work<Prepared>,
): Promise<{ readonly summary: RunSummary; readonly exitCode: number }> {
  const { io, options, commandLine, began } = invocation;
  const reporter = await openReporter(invocation, { root: project.root, resume: resumeLine(invocation, command) });
  try {
    const prepared = await prepare();
    const journal = createJournal(project.cacheDirectory, {
      runId: bench.runId,
      commandLine,
      began,
      warn: (problem) => reporter.say(`warning: ${problem}\n`),
    });
    const texts = createPartTexts(project.cacheDirectory);
    const interrupt = watchInterrupts({ ...io, stderr: reporter.say });
    const context: RunContext = {
      run: bench.runId,
      drivers: bench.drivers,
      began,
      emit: (event) => {
        journal.sink(event);
        reporter.tell(event);
      },
      journal: {
        logPath: journal.logPath,
        note: (target, text) => journal.note(target, invocation.mapStack?.(text) ?? text),
      },
      applied: texts.keep,
    };
    try {
      const summary = await work(prepared, context, {
        stop: interrupt.stop,
        cancel: interrupt.cancel,
        failFast: options.failFast === true,
        ...(options.jobs !== undefined && { pools: createPools({ jobs: options.jobs }) }),
      });
      return { summary, exitCode: exitCode(summary) };
    } finally {
      interrupt.unwatch();
      journal.close();
      texts.close();
    }
  } finally {
    reporter.close();
  }
}

/** The command line that does the same again. */
function resumeLine({ options, patterns }: Invocation, command: 'run' | 'clean'): string {
  const path = options.path === undefined ? [] : ['-p', options.path];
  return ['pai', command, ...[...patterns, ...path].map(shellWord)].join(' ');
}

function exitCode({ interrupted, failed, skipped }: RunSummary): number {
  if (interrupted) return EXIT.interrupted;
  return failed + skipped > 0 ? EXIT.failed : EXIT.ok;
}
