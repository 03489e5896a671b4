import type { RunEvent } from '../model/events.js';
import type { OpenReporter } from '../report/reporter.js';
import type { Question } from '../run/confirm.js';
import type { RunContext, RunOptions, RunSummary } from '../run/context.js';
import { createPools } from '../run/pools.js';
import { type Durations, mergeDurations, readDurations, writeDurations } from '../state/durations.js';
import { newRunId } from '../state/run-id.js';
import { EXIT, type Invocation, shellWord } from './command.js';
import { confirm, confirmByWord, type TypedQuestion } from './confirm.js';
import { type Interrupt, Interrupted, watchInterrupts } from './interrupt.js';
import { withLock } from './lock.js';
import { settleForCommands } from './optimizer.js';
import type { Project } from './project.js';
import { createRecord } from './record.js';
import { openReporter } from './reporting.js';
import { holdWhileTaken } from './terminal.js';
import { type Workbench, withWorkbench } from './working.js';

/** A command that changes things, in its steps. */
export interface Steps<Planned> {
  readonly command: 'run' | 'clean';
  /** The command line that does the same again; made of the invocation unless told. */
  readonly resume?: string;
  /** How long its targets take says nothing about later runs. */
  readonly forgetDurations?: boolean;
  /** Looks at what there is to do. Changes nothing; an interrupt ends it. */
  plan(bench: Workbench, told: Planning): Promise<Planned>;
  /** What has to be answered before anything is done. */
  questions(planned: Planned): readonly Question[];
  /** What can't be taken back, and has to be confirmed by a word. */
  typedQuestion?(planned: Planned): Promise<TypedQuestion | undefined>;
  execute(planned: Planned, context: RunContext, options: RunOptions): Promise<RunSummary>;
  /** What is to be done once, after all. */
  finish?(bench: Workbench, summary: RunSummary, planned: Planned): Promise<void>;
}

/** What planning is given besides. */
export interface Planning {
  /** Tells people something, with its line ends. */
  readonly say: (text: string) => void;
  /** Aborted by an interrupt. */
  readonly stop: AbortSignal;
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
  return whileHeld(invocation, project, steps.resume ?? resumeLine(invocation, steps.command), (told, held) =>
    withWorkbench(project, told.options, (bench) => work(told, project, steps, { ...held, bench }), {
      runId: held.runId,
      signal: held.interrupt.stop,
    }),
  );
}

/** What there is once the project is held. */
export interface Held {
  readonly interrupt: Interrupt;
  readonly reporter: OpenReporter;
  readonly runId: string;
}

/**
 * Does work that holds the project's lock and has a reporter. `work` is given the invocation as it is to be told from: the reporter may hold the
 * terminal. `resume` is the command line that does the same again. Resolves to what it resolves to, or to the exit code of an interrupt that ended it early.
 */
export async function whileHeld<Result>(
  invocation: Invocation,
  project: Pick<Project, 'root' | 'cacheDirectory' | 'outputCache'>,
  resume: string,
  work: (told: Invocation, held: Held) => Promise<Result>,
): Promise<Result | number> {
  const reporter = await openReporter(invocation, { root: project.root, resume });
  const told: Invocation = { ...invocation, io: { ...invocation.io, stderr: reporter.say } };
  const interrupt = watchInterrupts(told.io);
  const runId = newRunId(new Date());
  try {
    return await withLock(told, project, runId, interrupt, () => work(told, { interrupt, reporter, runId }));
  } catch (thrown) {
    if (thrown instanceof Interrupted && interrupt.exitCode !== undefined) return interrupt.exitCode;
    throw thrown;
  } finally {
    interrupt.unwatch();
    reporter.close();
  }
}

async function work<Planned>(
  invocation: Invocation,
  project: Project,
  steps: Steps<Planned>,
  { bench, interrupt, reporter, runId }: Held & { readonly bench: Workbench },
): Promise<number> {
  const { io, options, began } = invocation;
  const { cacheDirectory } = project;
  const planned = await interrupt.orStop(steps.plan(bench, { say: reporter.say, stop: interrupt.stop }));
  settleForCommands();
  const questions = steps.questions(planned);
  const ask = (): Promise<ReadonlySet<string>> => confirm(invocation, questions, interrupt);
  const confirmed = questions.length === 0 ? new Set<string>() : await paused(reporter, ask);
  const typed = await steps.typedQuestion?.(planned);
  if (typed !== undefined) await paused(reporter, () => confirmByWord(invocation, typed, interrupt));
  let reading: Promise<Durations> | undefined;
  const measured = (): Promise<Durations> => {
    reading ??= readDurations(cacheDirectory);
    return reading;
  };
  const record = createRecord(invocation, cacheDirectory, runId);
  const tell = holdWhileTaken(reporter.tell);
  const context: RunContext = {
    run: runId,
    drivers: bench.drivers,
    began,
    emit: (event: RunEvent) => {
      record.sink(event);
      if (event.type === 'terminal-taken') interrupt.handOver(true);
      if (event.type === 'terminal-released') interrupt.handOver(false);
      tell(event);
    },
    ...record.context,
    terminal: io.terminal?.whole === true,
  };
  try {
    const summary = await steps.execute(planned, context, {
      stop: interrupt.stop,
      cancel: interrupt.cancel,
      confirmed,
      measured,
      failFast: options.failFast === true,
      ...(options.jobs !== undefined && { pools: createPools({ jobs: options.jobs }) }),
    });
    // What it takes to take things down says nothing about what it takes to make them.
    if (steps.command === 'run' && steps.forgetDurations !== true && summary.took.size > 0) {
      const known = (name: string): boolean => project.graph.targets.has(name);
      await writeDurations(cacheDirectory, mergeDurations(await measured(), summary.took, known));
    }
    await steps.finish?.(bench, summary, planned);
    return interrupt.exitCode ?? exitCode(summary);
  } finally {
    record.close();
    for (const warning of await bench.keepLocal()) reporter.say(`warning: ${warning}\n`);
  }
}

/** A question is asked where the reporter draws. */
async function paused<Result>(reporter: OpenReporter, ask: () => Promise<Result>): Promise<Result> {
  const resume = reporter.pause();
  try {
    return await ask();
  } finally {
    resume();
  }
}

/** The command line that does the same again. */
function resumeLine({ options, patterns }: Invocation, command: 'run' | 'clean'): string {
  const { only, exclude = [], path, retryFailed, sandbox, batch, allow = [], deleteData, remote } = options;
  const words = [
    ...patterns,
    ...(retryFailed === true ? ['--retry-failed'] : []),
    ...(only === true ? ['--only'] : []),
    ...(deleteData === true ? ['--delete-data'] : []),
    ...(remote === true ? ['--remote'] : []),
    ...exclude.flatMap((pattern) => ['--exclude', pattern]),
    ...(batch === undefined ? [] : ['--batch', batch]),
    ...allow.flatMap((what) => ['--allow', what]),
    ...(path === undefined ? [] : ['-p', path]),
    ...(sandbox === true ? ['--sandbox'] : []),
  ];
  return ['pai', command, ...words.map(shellWord)].join(' ');
}

function exitCode({ failed, skipped }: RunSummary): number {
  return failed + skipped > 0 ? EXIT.failed : EXIT.ok;
}
