import { setTimeout as sleep } from 'node:timers/promises';
import { endProcesses, findProcesses } from '../local/end-processes.js';
import { RUN_VARIABLE, TARGET_VARIABLE } from '../local/marks.js';
import { commandLineOf, environmentOf, type ProcessEntry } from '../local/process-table.js';
import { PaiError } from '../model/errors.js';
import { readRun } from '../state/last-run.js';
import { type Holder, holderOf, isHere, takeLock } from '../state/lock.js';
import type { Invocation } from './command.js';
import type { Interrupt } from './interrupt.js';
import type { Project } from './project.js';

/** Milliseconds between two looks at a lock that somebody else has. */
const POLL = 200;

/**
 * Does work that changes the project while nobody else does. A lock that another run has is refused, or waited for with
 * `--wait-lock`; one that a dead run left is taken over, and what that run left running is ended.
 * Throws PROJECT_LOCKED; Interrupted while waiting.
 */
export async function withLock<Result>(
  invocation: Invocation,
  project: Project,
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
  project: Project,
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
 * Ends what a run left running when it was killed: two must not write the same outputs. Only processes of targets that it was at
 * work on, known by its id in their environment; what a finished target left running it may have been meant to leave, and is told.
 */
async function clearUpAfter(left: Holder, tell: (line: string) => void, project: Project): Promise<void> {
  tell(`the last run (${left.command}, process ${left.pid}) did not come to its end`);
  const found = findProcesses({ environment: [`${RUN_VARIABLE}=${left.run}`] }) ?? [];
  if (found.length === 0) return;
  const recorded = await readRun(project.cacheDirectory, left.run);
  for (const [target, processes] of byTarget(found)) {
    const list = processes.map(({ pid }) => `${pid} ${commandLineOf(pid)}`).join('; ');
    if (target !== undefined && recorded?.unfinished.has(target) === true) {
      tell(`ending what is left of ${target}: ${list}`);
      await endProcesses({ environment: [`${RUN_VARIABLE}=${left.run}`, `${TARGET_VARIABLE}=${target}`] });
    } else {
      tell(`still running since then, and left alone: ${list}`);
    }
  }
}

function byTarget(processes: readonly ProcessEntry[]): [string | undefined, ProcessEntry[]][] {
  const found = new Map<string | undefined, ProcessEntry[]>();
  for (const entry of processes) {
    const target = environmentOf(entry.pid, TARGET_VARIABLE);
    found.set(target, [...(found.get(target) ?? []), entry]);
  }
  return [...found];
}
