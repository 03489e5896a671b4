import { setTimeout as sleep } from 'node:timers/promises';
import { endProcesses } from '../local/end-processes.js';
import { forkedOf } from '../local/forked-processes.js';
import { RUN_VARIABLE, TARGET_VARIABLE } from '../local/marks.js';
import { commandLineOf, environmentOf, type ProcessEntry, processTable } from '../local/process-table.js';
import { PaiError } from '../model/errors.js';
import { readRun } from '../state/last-run.js';
import { removeLeftovers } from '../state/leftovers.js';
import { createLocalState } from '../state/local-state.js';
import { deadOf, type Holder, holderOf, isHere, takeLock } from '../state/lock.js';
import type { Invocation } from './command.js';
import type { Interrupt } from './interrupt.js';
import type { Project } from './project.js';

/** What of a project its lock has to do with. */
type Place = Pick<Project, 'cacheDirectory' | 'outputCache'>;

/** Milliseconds between two looks at a lock that somebody else has. */
const POLL = 200;

/**
 * Does work that changes the project while nobody else does. A lock that another run has is refused, or waited for with
 * `--wait-lock`; one that a dead run left is taken over, and what that run left running is ended.
 * Throws PROJECT_LOCKED; Interrupted while waiting.
 */
export async function withLock<Result>(
  invocation: Invocation,
  project: Place,
  runId: string,
  interrupt: Interrupt,
  work: () => Promise<Result>,
): Promise<Result> {
  const release = await lock(invocation, project, runId, interrupt);
  // Inherited by everything that this run starts: so it can be found whatever becomes of this process.
  process.env[RUN_VARIABLE] = runId;
  try {
    return await work();
  } finally {
    delete process.env[RUN_VARIABLE];
    release();
  }
}

async function lock(
  { io, options, commandLine }: Invocation,
  project: Place,
  runId: string,
  interrupt: Interrupt,
): Promise<() => void> {
  const own = holderOf(runId, commandLine);
  for (let waitedFor: string | undefined; ; ) {
    const answer = takeLock(project.cacheDirectory, own);
    if (answer.kind === 'impossible') {
      io.stderr(
        `warning: can't lock the project (${answer.code} in .cache); another run at the same time would not be noticed\n`,
      );
      return () => undefined;
    }
    if (answer.kind === 'taken') {
      if (answer.left !== undefined) await clearUpAfter(answer.left, (line) => io.stderr(`${line}\n`), project);
      return answer.release;
    }
    if (options.waitLock !== true) throw locked(answer.holder);
    if (waitedFor !== answer.holder.run) io.stderr(`waiting for ${describe(answer.holder)}\n`);
    waitedFor = answer.holder.run;
    await interrupt.orStop(sleep(POLL));
  }
}

function locked(holder: Holder): PaiError {
  return new PaiError('PROJECT_LOCKED', 'another pai is at work on this project', {
    where: describe(holder),
    next: isHere(holder)
      ? 'Wait until it is done, or add --wait-lock to do so here.'
      : 'Wait until it is done. If it is not at work there any more, remove .cache/lock and run again.',
  });
}

function describe({ pid, host, command, since }: Holder): string {
  return `${command} (process ${pid} on ${host}, since ${new Date(since).toISOString()})`;
}

/**
 * Ends what runs left running when they were killed: two must not write the same outputs. Only processes of targets that were at work,
 * known by the run's id in their environment; what a finished target left running it may have been meant to leave, and is told.
 */
async function clearUpAfter(left: Holder, tell: (line: string) => void, project: Place): Promise<void> {
  const { cacheDirectory, outputCache } = project;
  tell(`the last run (${left.command}, process ${left.pid}) did not come to its end`);
  await removeLeftovers(cacheDirectory, outputCache?.directory);
  const runs = deadOf(left);
  await endForked(runs, tell);
  const found = processesOf(runs);
  if (found.length === 0) return;
  // The journal may be lost, or have had no room; then what was begun and not done tells it of local targets.
  const state = createLocalState(cacheDirectory);
  for (const { run, target, processes } of found) {
    const list = processes.map(({ pid }) => `${pid} ${commandLineOf(pid)}`).join('; ');
    const unfinished = (await readRun(cacheDirectory, run))?.unfinished;
    if (target !== undefined && (unfinished?.has(target) === true || state.get(target)?.kind === 'begun')) {
      tell(`ending what is left of ${target}: ${list}`);
      await endProcesses({ environment: [`${RUN_VARIABLE}=${run}`, `${TARGET_VARIABLE}=${target}`] });
    } else {
      tell(`still running since then, and left alone: ${list}`);
    }
  }
}

/** The same for commands that are forks of a shell, which do not tell their target: what leads a group was at work. */
async function endForked(runs: readonly string[], tell: (line: string) => void): Promise<void> {
  const { shells, commands } = forkedOf(processesOf(runs).flatMap(({ processes }) => processes));
  for (const { pid } of commands) {
    tell(`ending what is left of a command: process ${pid}`);
    await endProcesses({ group: pid, environment: [] });
  }
  for (const { pid } of shells) await endProcesses({ process: pid, environment: [], grace: 0 });
}

/** Processes of the same target in the same run. */
interface Left {
  readonly run: string;
  readonly target: string | undefined;
  readonly processes: ProcessEntry[];
}

function processesOf(runs: readonly string[]): readonly Left[] {
  const dead = new Set(runs);
  const found = new Map<string, Left>();
  for (const entry of processTable() ?? []) {
    if (entry.zombie || entry.pid === process.pid) continue;
    const run = environmentOf(entry.pid, RUN_VARIABLE);
    if (run === undefined || !dead.has(run)) continue;
    const target = environmentOf(entry.pid, TARGET_VARIABLE);
    const key = JSON.stringify([run, target]);
    const left = found.get(key) ?? { run, target, processes: [] };
    left.processes.push(entry);
    found.set(key, left);
  }
  return [...found.values()];
}
