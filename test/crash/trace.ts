import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Ended, PAI, start } from './pai.js';
import type { CrashProject } from './project.js';

/** One thread for calls that Node makes beside the main one, so that they are counted in one row. */
const ONE_THREAD = { UV_THREADPOOL_SIZE: '1' };

/** Why calls can't be traced here; undefined when they can. */
export function whyNoTrace(): string | undefined {
  const tried = spawnSync('strace', ['-f', '-b', 'execve', '-o', '/dev/null', '-e', 'inject=none:error=EIO', 'true']);
  if (tried.error !== undefined) return `strace can't be started (${tried.error.message})`;
  return tried.status === 0 ? undefined : `strace can't trace here: ${tried.stderr.toString().trim()}`;
}

/** `-b execve`: the commands of targets are left alone, only pai's own calls are meant. */
function traced(options: readonly string[], args: readonly string[]): readonly string[] {
  return ['strace', '-f', '-b', 'execve', ...options, ...PAI, ...args];
}

/** Runs pai while something is done to its calls, as strace's `inject=` says; only to those on `paths` when there are any. */
export function inject(
  project: CrashProject,
  what: string,
  args: readonly string[],
  paths: readonly string[] = [],
): Promise<Ended> {
  const call = what.slice(0, what.indexOf(':'));
  const only = paths.flatMap((file) => ['-P', file]);
  const options = ['-o', '/dev/null', '-e', `trace=${call}`, ...only, '-e', `inject=${what}`];
  return start(project, traced(options, args), ONE_THREAD).ended;
}

/**
 * Runs pai and counts: for each call by name the numbers, in its thread, of those that have to do with files of the project.
 * With such a number `when=` meets it again in a run like this one.
 */
export async function countCalls(
  project: CrashProject,
  calls: readonly string[],
  args: readonly string[],
): Promise<ReadonlyMap<string, readonly number[]>> {
  const folder = mkdtempSync(path.join(tmpdir(), 'pai-trace-'));
  try {
    const file = path.join(folder, 'calls');
    await start(project, traced(['-y', '-o', file, '-e', `trace=${calls.join(',')}`], args), ONE_THREAD).ended;
    const counts = new Map<string, number>();
    const numbers = new Map<string, number[]>();
    for (const line of readFileSync(file, 'utf8').split('\n')) {
      const [, thread, call = ''] = /^(\d+) +(\w+)\(/.exec(line) ?? [];
      if (thread === undefined) continue;
      const number = (counts.get(`${thread} ${call}`) ?? 0) + 1;
      counts.set(`${thread} ${call}`, number);
      if (!line.includes(project.root)) continue;
      numbers.set(call, [...(numbers.get(call) ?? []), number]);
    }
    return numbers;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
