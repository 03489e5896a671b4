import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Project } from '../whole/project.js';

/** What a run tells while it runs, as far as tests look at it. */
interface Told {
  readonly type: string;
  readonly target?: string;
  readonly outcome?: string;
  readonly line?: string;
  readonly error?: { readonly code: string; readonly message: string; readonly where?: string; readonly next?: string };
}

/** A `pai ... --output json` that is on, so that something can be done to it or its hosts at a certain moment. */
export class FollowedRun {
  readonly told: Told[] = [];
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  /** Those who wait for the next thing that is told. */
  #waiting: (() => void)[] = [];
  #isOver = false;
  #stderr = '';

  constructor(project: Project, ...words: string[]) {
    this.#child = project.start(...words, '--output', 'json');
    const { stdout, stderr } = this.#child;
    if (stdout === null || stderr === null) throw new Error('no output');
    stderr.on('data', (text: Buffer | string) => {
      this.#stderr += text.toString();
    });
    createInterface({ input: stdout }).on('line', (line) => {
      this.told.push(JSON.parse(line) as Told);
      this.#wake();
    });
    this.#ended = once(this.#child, 'close').then(() => {
      this.#isOver = true;
      this.#wake();
    });
  }

  /** Everything that was told, for messages of tests that fail. */
  get text(): string {
    return `${this.told.map((event) => JSON.stringify(event)).join('\n')}\n${this.#stderr}`.slice(-4000);
  }

  /** The next start of a target that fits; undefined once the run is over. */
  async start(fits: (target: string) => boolean): Promise<string | undefined> {
    return (await this.#first(({ type, target = '' }) => type === 'target-start' && fits(target)))?.target;
  }

  /** The first line with these words that a target says; undefined once the run is over. */
  async line(target: string, words: string): Promise<string | undefined> {
    const isIt = (told: Told): boolean =>
      told.type === 'target-log' && told.target === target && told.line?.includes(words) === true;
    return (await this.#first(isIt))?.line;
  }

  async #first(isIt: (told: Told) => boolean): Promise<Told | undefined> {
    for (let seen = 0; ; ) {
      for (; seen < this.told.length; seen++) {
        const told = this.told[seen];
        if (told !== undefined && isIt(told)) return told;
      }
      if (this.#isOver) return undefined;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** As when the dev box loses its power: nothing is put in order. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  /** Its end; resolves to the exit code. */
  async end(): Promise<number | null> {
    await this.#ended;
    return this.#child.exitCode;
  }

  /** Targets that came to this end, in order. */
  ended(outcome: 'ran' | 'skipped'): readonly string[] {
    const those = this.told.filter((told) => told.type === 'target-end' && told.outcome === outcome);
    return those.map(({ target = '' }) => target);
  }

  failures(): Readonly<Record<string, Told['error']>> {
    const failed = this.told.filter(({ type, outcome }) => type === 'target-end' && outcome === 'failed');
    return Object.fromEntries(failed.map(({ target = '', error }) => [target, error]));
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
