import { jsonReporter } from '../report/json.js';
import { plainReporter } from '../report/plain.js';
import type { Reporter } from '../report/reporter.js';
import type { RunContext, RunOptions, RunSummary } from '../run/context.js';
import { createPools } from '../run/pools.js';
import { createJournal } from '../state/journal.js';
import { EXIT, type Invocation, wantsJson } from './command.js';
import { watchInterrupts } from './interrupt.js';
import { allowOptimizer } from './optimizer.js';
import type { Project } from './project.js';
import type { Workbench } from './working.js';

/** Runs work with a journal and a reporter, and tells the exit code of what became of it. */
export async function execute(
  invocation: Invocation,
  project: Project,
  bench: Workbench,
  command: 'run' | 'clean',
  work: (context: RunContext, options: RunOptions) => Promise<RunSummary>,
): Promise<{ readonly summary: RunSummary; readonly exitCode: number }> {
  allowOptimizer();
  const { options } = invocation;
  const journal = createJournal(project.cacheDirectory, bench.runId);
  const interrupt = watchInterrupts(invocation.io);
  const report = reporter(invocation, command);
  const context: RunContext = {
    run: bench.runId,
    drivers: bench.drivers,
    emit: (event) => {
      journal.sink(event);
      report(event);
    },
    journal: {
      logPath: journal.logPath,
      note: (target, text) => journal.note(target, invocation.mapStack?.(text) ?? text),
    },
  };
  try {
    const summary = await work(context, {
      stop: interrupt.stop,
      cancel: interrupt.cancel,
      failFast: options.failFast === true,
      ...(options.jobs !== undefined && { pools: createPools({ jobs: options.jobs }) }),
    });
    return { summary, exitCode: exitCode(summary) };
  } finally {
    interrupt.unwatch();
    journal.close();
    for (const warning of await bench.keepLocal()) invocation.io.stderr(`warning: ${warning}\n`);
  }
}

function reporter({ io, options, patterns, began }: Invocation, command: 'run' | 'clean'): Reporter {
  if (wantsJson(options)) return jsonReporter(io.stdout);
  const path = options.path === undefined ? [] : ['-p', options.path];
  const resume = ['pai', command, ...[...patterns, ...path].map(shellWord)].join(' ');
  return plainReporter(io.stdout, { verbose: options.verbose === true, began, resume });
}

function exitCode({ interrupted, failed, skipped }: RunSummary): number {
  if (interrupted) return EXIT.interrupted;
  return failed + skipped > 0 ? EXIT.failed : EXIT.ok;
}

/** A word as a shell reads it back. */
function shellWord(word: string): string {
  return /^[\w./:@%+,=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
