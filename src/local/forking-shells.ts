import { isForkable, isPlainEnvironment } from './forkable.js';
import { ForkingShell, type Running, type Takers } from './forking-shell.js';
import { RUN_VARIABLE, TARGET_VARIABLE } from './marks.js';
import { bashOf } from './shell.js';

/** So many commands get a shell of their own first: to start one that forks costs as much as two of them. */
const FEW = 4;

/** Options of `ForkingShells`. */
export interface ForkingShellsOptions {
  /** Working directory of all commands. */
  readonly cwd: string;
  /** The environment of all commands but for their marks; asked for once. */
  readonly env: () => NodeJS.ProcessEnv;
  /** How many commands get a shell of their own first; 4 unless told. */
  readonly few?: number;
}

/** Shells that fork themselves for commands: as many as commands run at a time. */
export class ForkingShells {
  readonly cwd: string;
  readonly #env: () => NodeJS.ProcessEnv;
  readonly #few: number;
  readonly #all = new Set<ForkingShell>();
  readonly #idle: ForkingShell[] = [];
  #begun = 0;
  /** The run whose commands they start, from the first on. */
  #run: string | undefined;
  #impossible = false;

  constructor({ cwd, env, few = FEW }: ForkingShellsOptions) {
    this.cwd = cwd;
    this.#env = env;
    this.#few = few;
  }

  /** Starts a command; undefined when it has to get a shell of its own. `marks`: of the target that it is of. */
  async start(line: string, marks: Readonly<Record<string, string>>, takers: Takers): Promise<Running | undefined> {
    const { [RUN_VARIABLE]: run, [TARGET_VARIABLE]: target } = marks;
    if (run === undefined || target === undefined || this.#impossible || !isForkable(line)) return undefined;
    if (this.#begun++ < this.#few || (this.#run ?? run) !== run) return undefined;
    this.#run = run;
    const shell = this.#takeIdle() ?? (await this.#open(run));
    return shell?.run(target, line, takers, () => this.#idle.push(shell));
  }

  /** Ends them all. */
  close(): void {
    this.#impossible = true;
    for (const shell of this.#all) shell.close();
    this.#all.clear();
  }

  #takeIdle(): ForkingShell | undefined {
    for (let shell = this.#idle.pop(); shell !== undefined; shell = this.#idle.pop()) {
      if (shell.isIdle) return shell;
      this.#all.delete(shell);
    }
    return undefined;
  }

  async #open(run: string): Promise<ForkingShell | undefined> {
    const env: NodeJS.ProcessEnv = { ...this.#env(), [RUN_VARIABLE]: run };
    const shell = isPlainEnvironment(env)
      ? await ForkingShell.open({ bash: bashOf(env.PATH ?? ''), cwd: this.cwd, env })
      : undefined;
    if (shell === undefined) this.#impossible = true;
    else this.#all.add(shell);
    return shell;
  }
}
