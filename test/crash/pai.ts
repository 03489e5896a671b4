import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, statSync, utimesSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { ALWAYS, type CrashProject, STEADY, TARGETS } from './project.js';

/** The command that starts pai as it is built. */
export const PAI: readonly string[] = [process.execPath, path.resolve(import.meta.dirname, '../../bin/pai.js')];

/** How a process ended, and what it said. */
export interface Ended {
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Milliseconds. */
  readonly took: number;
}

/** Starts a process in a project. */
export function start(
  project: CrashProject,
  [command = '', ...args]: readonly string[],
  env: Readonly<Record<string, string>> = {},
): { readonly child: ChildProcess; readonly ended: Promise<Ended> } {
  const began = performance.now();
  const child = spawn(command, args, {
    cwd: project.root,
    env: { ...process.env, NO_COLOR: '1', LC_ALL: 'C', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk;
  });
  // Not `close`: what it started may outlive it and keep its outputs open.
  const ended = once(child, 'exit').then(async ([exitCode, signal]) => {
    if (signal === null) await new Promise((resolve) => setTimeout(resolve, 5));
    return { exitCode, signal, stdout, stderr, took: performance.now() - began };
  });
  return { child, ended };
}

/** Runs pai to its end. */
export function pai(project: CrashProject, ...args: readonly string[]): Promise<Ended> {
  return start(project, [...PAI, ...args]).ended;
}

/** No bug of ours may show, whatever happens. */
export function expectNoBug({ stdout, stderr }: Ended, what: string): void {
  expect(stdout + stderr, what).not.toMatch(/INTERNAL|\n\s+at .*:\d+:\d+|unhandled|uncaught/i);
}

/**
 * Runs all without any fault, and compares with what must be there. Then once more: only what always runs, or failed, may run.
 * @param what was done before, for whoever reads of a failure
 */
export async function expectRight(project: CrashProject, what: string): Promise<Ended> {
  const bySnapshot = project.looks++ % 2 === 1;
  if (bySnapshot) await expectSteadyRight(project, what);
  const run = await pai(project, 'run', 'all');
  const told = `${what}\n${run.stdout}${run.stderr}`;
  const failed = project.fails() ? 1 : 0;
  expectNoBug(run, told);
  expect(run.exitCode, told).toBe(failed);
  expect(project.found(), told).toEqual(project.expected());
  const again = await pai(project, 'run', 'all');
  const summary = `${ALWAYS} ran, ${TARGETS - ALWAYS - failed} fresh, ${failed} failed, 0 skipped`;
  expect(again.stdout, `${told}\n--- and again\n${again.stdout}${again.stderr}`).toContain(summary);
  expect(again.stderr, `${told}\n--- and again`).toBe('');
  if (!bySnapshot) await leaveSnapshot(project, told);
  return run;
}

/** Runs what can be fresh, which may go by a snapshot of an earlier look: all of it must be there then. */
async function expectSteadyRight(project: CrashProject, what: string): Promise<void> {
  const run = await pai(project, 'run', 'steady');
  const told = `${what}\n${run.stdout}${run.stderr}`;
  expectNoBug(run, told);
  expect(run.exitCode, told).toBe(0);
  expect(steady(project.found()), told).toEqual(steady(project.expected()));
}

function steady(files: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(files).filter(([file]) => !/^out\/(always|maybe)$/.test(file)));
}

/** Two runs that find nothing to do, a tick of the clock after all was made: the first keeps a snapshot, the second goes by it. */
async function leaveSnapshot(project: CrashProject, told: string): Promise<void> {
  await sleep(30);
  for (let runs = 0; runs < 2; runs++) {
    const run = await pai(project, 'run', 'steady');
    expect(run.stdout, `${told}\n--- and by a snapshot\n${run.stdout}${run.stderr}`).toMatch(
      new RegExp(`^nothing to do: ${STEADY} fresh`),
    );
  }
  expect(existsSync(path.join(project.cache, 'snapshot'))).toBe(true);
}

/** In these folders others may be at work, so what is there is kept for a while. */
const SHARED = ['lock', 'paifile', 'outputs/v1/new'];
/** Longer than that, in milliseconds. */
const LONG = 2 * 3_600_000;

/** Once time has passed, a run after one that was killed leaves nothing in `.cache` that nobody will use again. */
export async function expectTidy(project: CrashProject): Promise<void> {
  const then = new Date(Date.now() - LONG);
  for (const folder of SHARED.map((name) => path.join(project.cache, name))) {
    for (const name of existsSync(folder) ? readdirSync(folder) : []) {
      const place = path.join(folder, name);
      if (statSync(place).isFile()) utimesSync(place, then, then);
    }
  }
  project.setValue('a0', 1_000_000);
  const { child, ended } = start(project, [...PAI, 'run', 'all', '--force']);
  // It has the lock by then.
  child.stdout?.once('data', () => child.kill('SIGKILL'));
  expect((await ended).signal).toBe('SIGKILL');
  await expectRight(project, 'last look');
  expect(leftovers(project)).toEqual([]);
}

const HEX = '[0-9a-f]';

/** All that a run may leave in `.cache`. */
const KNOWN = [
  /^local-state$/,
  /^durations\.json$/,
  /^part-texts$/,
  /^snapshot$/,
  /^lock\/\d+$/,
  /^paifile\/manifest\.json$/,
  new RegExp(`^paifile/${HEX}{64}\\.mjs$`),
  new RegExp(`^outputs/v1/(objects|entries)/${HEX}{2}/${HEX}{62}$`),
  /^outputs\/v1\/(hits|growth)$/,
  /^runs\/[^./]+\/(events\.ndjson|logs\/[^/]+)$/,
];

/** Files in `.cache` that nobody will use again. */
function leftovers(project: CrashProject): string[] {
  if (!existsSync(project.cache)) return [];
  const files = readdirSync(project.cache, { recursive: true, encoding: 'utf8' });
  const others = files.filter((file) => {
    const found = statSync(path.join(project.cache, file), { throwIfNoEntry: false });
    if (found?.isDirectory() === true) return /^staging\/|\.removed-/.test(file);
    return !KNOWN.some((known) => known.test(file));
  });
  const more = (folder: string, most: number): string[] => {
    const found = files.filter((file) => path.dirname(file) === folder);
    return found.length > most ? [`${found.length} in ${folder}: ${found.join(' ')}`] : [];
  };
  return [...others, ...more('lock', 2), ...more('paifile', 2), ...more('runs', 50)].sort();
}
