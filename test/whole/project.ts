import { execFile } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'vitest';

/** The repository. */
export const root = path.resolve(import.meta.dirname, '../..');
const call = promisify(execFile);

/** What a run of `pai ... --output json` told. */
export interface Result {
  readonly code: number;
  /** The last event of a run, or the error of what was refused before one began. */
  readonly end: Readonly<Record<string, unknown>>;
  /** Targets that ran, in the order in which they ended. */
  readonly ran: readonly string[];
  /** Errors by target. */
  readonly failures: Readonly<Record<string, Failure>>;
  /** Everything on both outputs. */
  readonly text: string;
  readonly usage: Usage;
}

/** What the process of a command used. */
export interface Usage {
  readonly wallSeconds: number;
  /** User and system. */
  readonly cpuSeconds: number;
  readonly peakMegabytes: number;
}

/** An error as events tell it. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly where?: string;
  readonly next?: string;
  readonly details?: readonly string[];
}

/** Preloaded into `pai`: writes what its process used when it ends. */
const TELL_USAGE = `data:text/javascript,${encodeURIComponent(`
  import { writeFileSync } from 'node:fs';
  process.on('exit', () => {
    const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
    const usage = { cpuSeconds: (userCPUTime + systemCPUTime) / 1e6, peakMegabytes: maxRSS / 1024 };
    writeFileSync(process.env.PAI_TEST_USAGE, JSON.stringify(usage));
  });
`)}`;

/** A clone of this project and a configuration, in a folder of their own. */
export class Project {
  readonly clone: string;
  readonly configuration: string;
  /** How pai is told what to work on: `-p FOLDER`, or `--sandbox`. */
  readonly place: readonly string[];
  readonly #work: string;

  protected constructor(work: string, configuration: string, place: readonly string[]) {
    this.#work = work;
    this.clone = path.join(work, 'clone');
    this.configuration = configuration;
    this.place = place;
  }

  /** The project as a fresh clone with an empty .cache: its files, its build, its packages. */
  async freshClone(): Promise<void> {
    await rm(this.clone, { recursive: true, force: true });
    await call('mkdir', ['-p', this.clone]);
    for (const item of ['bin', 'dist', 'tasks', 'templates', 'paifile.ts', 'package.json', 'service-list.yaml']) {
      await call('cp', ['-r', path.join(root, item), this.clone]);
    }
    await call('ln', ['-s', path.join(root, 'node_modules'), path.join(this.clone, 'node_modules')]);
  }

  async remove(): Promise<void> {
    await rm(this.#work, { recursive: true, force: true });
  }

  /** Runs `pai ... --output json` in the clone. */
  async pai(...words: string[]): Promise<Result> {
    const line = ['bin/pai.js', ...words, ...this.place, '--output', 'json'];
    const usage = path.join(this.#work, 'usage.json');
    const env = { ...process.env, PAI_TEST_USAGE: usage, NODE_OPTIONS: `--import ${TELL_USAGE}` };
    const began = performance.now();
    const { stdout, stderr, code } = await call('node', line, { cwd: this.clone, maxBuffer: 1 << 26, env }).then(
      (done) => ({ ...done, code: 0 }),
      (error: { readonly stdout: string; readonly stderr: string; readonly code: number }) => error,
    );
    const wallSeconds = (performance.now() - began) / 1000;
    const events = stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
    const ends = events.filter((event) => event.type === 'target-end');
    return {
      code,
      end: events.at(-1) ?? {},
      ran: ends.filter((event) => event.outcome === 'ran').map((event) => event.target),
      failures: Object.fromEntries(
        ends.filter((event) => event.outcome === 'failed').map((event) => [event.target, event.error]),
      ),
      text: stdout + stderr,
      usage: { wallSeconds, ...JSON.parse(await readFile(usage, 'utf8')) },
    };
  }

  /** Starts `pai` in the clone and gives the process, for tests that end it. */
  start(...words: string[]): ReturnType<typeof execFile> {
    return execFile('node', ['bin/pai.js', ...words, ...this.place], { cwd: this.clone });
  }

  /** Edits a file of the configuration or, with a path from the clone's root, of the clone; resolves to a function that puts it back. */
  async edit(file: string, change: (text: string) => string): Promise<() => Promise<void>> {
    const place = path.join(file.includes('/') ? this.clone : this.configuration, file);
    const text = await readFile(place, 'utf8');
    const changed = change(text);
    if (changed === text) throw new Error(`nothing to change in ${file}`);
    await writeFile(place, changed);
    return () => writeFile(place, text);
  }

  /** Sets fields of a machine in cluster-configuration.yaml (the rig writes it as JSON). */
  async editMachine(host: string, fields: Readonly<Record<string, string>>): Promise<() => Promise<void>> {
    return this.edit('cluster-configuration.yaml', (text) => {
      const cluster: { 'machine-list': { hostname: string }[] } = JSON.parse(text);
      const machines = cluster['machine-list'].map((entry) =>
        entry.hostname === host ? { ...entry, ...fields } : entry,
      );
      return JSON.stringify({ ...cluster, 'machine-list': machines });
    });
  }
}

/** Expects a run that came to its end with these counts; on failure the output's end is shown. */
export function expectEnd(result: Result, counts: Readonly<Record<string, number>>): void {
  expect(result.end, result.text.slice(-4000)).toMatchObject({ type: 'run-end', ...counts });
}

/** Expects that exactly one target failed, with this code, and an error that names what it is about and a next step. */
export function expectFailure(result: Result, target: string, code: string, names: RegExp): Failure {
  expect(Object.keys(result.failures), result.text.slice(-4000)).toEqual([target]);
  const failure = result.failures[target];
  if (failure === undefined) throw new Error(`${target} did not fail`);
  expect(failure.code, JSON.stringify(failure)).toBe(code);
  expect(`${failure.where} ${failure.message}`).toMatch(names);
  expect(failure.next).toMatch(/\w+/);
  expect(result.code).toBe(1);
  return failure;
}
