import { explainingReporter } from '../report/explain.js';
import { jsonReporter } from '../report/json.js';
import { plainReporter } from '../report/plain.js';
import type { Reporter } from '../report/reporter.js';
import type { RunContext, RunOptions, RunSummary } from '../run/context.js';
import { createPools } from '../run/pools.js';
import { EXIT, type Invocation, shellWord, wantsJson } from './command.js';
import { watchInterrupts } from './interrupt.js';
import type { Project } from './project.js';
import { createRecord } from './record.js';
import type { Workbench } from './working.js';

/** Runs work with a journal and a reporter, and tells the exit code of what became of it. */
export async function execute(
  invocation: Invocation,
  project: Project,
  bench: Workbench,
  command: 'run' | 'clean',
  work: (context: RunContext, options: RunOptions) => Promise<RunSummary>,
): Promise<{ readonly summary: RunSummary; readonly exitCode: number }> {
  const { options } = invocation;
  const record = createRecord(invocation, project.cacheDirectory, bench.runId);
  const interrupt = watchInterrupts(invocation.io);
  const report = reporter(invocation, command);
  const context: RunContext = {
    run: bench.runId,
    drivers: bench.drivers,
    emit: (event) => {
      record.sink(event);
      report(event);
    },
    ...record.context,
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
    record.close();
  }
}

function reporter({ io, options, patterns, began }: Invocation, command: 'run' | 'clean'): Reporter {
  if (wantsJson(options)) return jsonReporter(io.stdout);
  const path = options.path === undefined ? [] : ['-p', options.path];
  const resume = ['pai', command, ...[...patterns, ...path].map(shellWord)].join(' ');
  const plain = plainReporter(io.stdout, { verbose: options.verbose === true, began, resume });
  return options.explain === true ? explainingReporter(plain, io.stdout) : plain;
}

function exitCode({ interrupted, failed, skipped }: RunSummary): number {
  if (interrupted) return EXIT.interrupted;
  return failed + skipped > 0 ? EXIT.failed : EXIT.ok;
}
