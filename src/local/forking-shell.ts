import { type ChildProcess, spawn } from 'node:child_process';
import { Socket } from 'node:net';
import { endProcesses } from './end-processes.js';
import { SHELL_VARIABLE, TARGET_VARIABLE } from './marks.js';
import { OutputPipe, type TakeChunk } from './output-pipe.js';
import type { Ended } from './shell.js';

/*
 * Node starts a process by a copy of itself, and what that costs grows with its memory: a command of bash that starts no process took
 * about 5 ms of processor time that way and 1.7 ms as a fork of a bash that is there already (1,000 commands, busy machine).
 *
 * The shell makes two pipes, whose reading ends are opened here; then it reads a target and a command, both ended by a zero byte, and
 * tells the id of the fork and, when it has ended, its exit code. `set -m` makes a process group of each, and is off again before the
 * wait: a fork that is stopped would end it, and `wait -f`, which is for that, never ends now and then (bash 5.2.15: 6 times in 1,000 on
 * a busy machine it read what it had freed, and span). All on one line, for errors tell the number of the line.
 */
const SCRIPT = [
  '(( BASH_VERSINFO[0] >= 5 )) || exit 1',
  'exec 5<> <(:) 6<> <(:)',
  "printf '\\n'",
  "IFS= read -r -d '' pai_out && IFS= read -r -d '' pai_err || exit 1",
  'exec 5>&- 6>&-',
  '{ :; } > "$pai_out" 2> "$pai_err" || exit 1',
  "printf '\\n'",
  `unset ${SHELL_VARIABLE}`,
  `export ${TARGET_VARIABLE}`,
  `while IFS= read -r -d '' ${TARGET_VARIABLE} && IFS= read -r -d '' pai_line; do ${[
    'set -m',
    '{ eval "$pai_line"; } < /dev/null > "$pai_out" 2> "$pai_err" & pai_group=$!',
    'set +m',
    // An id that is the last one's: there was no fork.
    '[[ $pai_group != "$pai_last" ]] || exit 1',
    'pai_last=$pai_group',
    "printf '%s\\n' $pai_group",
    'wait $pai_group',
    "printf '%s\\n' $?",
  ].join('; ')}; done`,
].join('; ');

/** How long a command may run before its outputs are followed, in milliseconds: those of a shorter one are read when it has ended. */
const QUIET = 20;

/** Where outputs of a command go. */
export interface Takers {
  readonly stdout: TakeChunk;
  readonly stderr: TakeChunk;
}

/** A command that runs. */
export interface Running {
  /** Resolves when it has ended and both of its outputs are closed. Never rejects. */
  readonly ended: Promise<Ended>;
  /** Ends it, all that it started in its group, and what has these variables wherever it moved to; resolves when it is gone. */
  end(environment: readonly string[]): Promise<void>;
}

/** How a shell is started. */
export interface ShellOptions {
  readonly bash: string;
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

interface Current {
  readonly takers: Takers;
  readonly timer: NodeJS.Timeout;
  /** Called once with how it ended. */
  readonly tell: (ended: Ended) => void;
  /** Called once with the id of its process group; undefined when there will be none. */
  readonly born: (group: number | undefined) => void;
  group: number | undefined;
}

/** A bash that forks itself for each command, one after the other. */
export class ForkingShell {
  readonly #child: ChildProcess;
  readonly #pipes: readonly [OutputPipe, OutputPipe];
  #current: Current | undefined;
  #said = '';
  #closed = false;

  private constructor(child: ChildProcess, pipes: readonly [OutputPipe, OutputPipe]) {
    this.#child = child;
    this.#pipes = pipes;
    child.stdout?.on('data', (chunk: Buffer) => this.#hear(chunk));
    child.once('close', () => this.close());
    this.#hold(false);
  }

  /** Starts one; undefined where that can't be done (another system than Linux, an older bash, no /proc). */
  static async open({ bash, cwd, env }: ShellOptions): Promise<ForkingShell | undefined> {
    if (process.platform !== 'linux') return undefined;
    // Where its input is a socket, as Node's pipes are, bash takes itself for the shell of a remote login and reads ~/.bashrc.
    const child = spawn(bash, ['--norc', '-c', SCRIPT, bash], {
      cwd,
      env: { ...env, [SHELL_VARIABLE]: '1' },
      // A session of its own: no interrupt of the terminal reaches it.
      detached: true,
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    child.on('error', () => undefined);
    child.stdin?.on('error', () => undefined);
    let pipes: [OutputPipe, OutputPipe] | undefined;
    try {
      if (!(await hears(child))) return undefined;
      pipes = [new OutputPipe(`/proc/${child.pid}/fd/5`), new OutputPipe(`/proc/${child.pid}/fd/6`)];
      child.stdin?.write(pipes.map(({ place }) => `${place}\0`).join(''));
      if (await hears(child)) return new ForkingShell(child, pipes);
    } catch {
      // /proc may be hidden: then every command gets a shell of its own.
    }
    for (const pipe of pipes ?? []) pipe.close();
    child.kill('SIGKILL');
    return undefined;
  }

  get isIdle(): boolean {
    return !this.#closed && this.#current === undefined;
  }

  /** Runs a command of a target. Only when it is idle. `done`: called when it can run another one. */
  run(target: string, line: string, takers: Takers, done: () => void): Running {
    let group: number | undefined;
    let isOver = false;
    let born: Current['born'] = () => undefined;
    const birth = new Promise<number | undefined>((resolve) => {
      born = resolve;
    });
    const ended = new Promise<Ended>((resolve) => {
      const timer = setTimeout(() => this.#follow(takers), QUIET);
      const tell = (result: Ended): void => {
        isOver = true;
        resolve(result);
        if (this.isIdle) done();
      };
      this.#current = { takers, timer, tell, born, group };
    });
    this.#hold(true);
    this.#child.stdin?.write(`${target}\0${line}\0`);
    const end = async (environment: readonly string[]): Promise<void> => {
      group ??= await birth;
      await endProcesses({ ...(group !== undefined && { group }), environment });
      // Somebody outside our reach may hold its outputs: their end would never be seen.
      if (!isOver) this.close();
    };
    return { ended, end };
  }

  /** Ends it. A command that still runs is told as ended, and is not. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const pipe of this.#pipes) pipe.close();
    this.#child.kill('SIGKILL');
    this.#finish({ exitCode: -1, signal: null, refused: 'the shell that started it was ended' });
  }

  #hear(chunk: Buffer): void {
    const lines = (this.#said + chunk.toString('latin1')).split('\n');
    this.#said = lines.pop() ?? '';
    for (const line of lines) this.#hearNumber(Number(line));
  }

  #hearNumber(number: number): void {
    const current = this.#current;
    if (current === undefined) return;
    if (current.group === undefined) {
      current.group = number;
      current.born(number);
      return;
    }
    clearTimeout(current.timer);
    const ended: Ended = { exitCode: number, signal: null };
    const [stdout, stderr] = this.#pipes;
    const { takers } = current;
    if (stdout.drain(takers.stdout) && stderr.drain(takers.stderr)) this.#finish(ended);
    else {
      const both = [stdout.finish(takers.stdout), stderr.finish(takers.stderr)];
      void Promise.all(both).then(() => this.#finish(ended));
    }
  }

  #finish(ended: Ended): void {
    const current = this.#current;
    if (current === undefined) return;
    this.#current = undefined;
    clearTimeout(current.timer);
    current.born(undefined);
    this.#hold(false);
    current.tell(ended);
  }

  #follow({ stdout, stderr }: Takers): void {
    this.#pipes[0].follow(stdout);
    this.#pipes[1].follow(stderr);
  }

  /** Whether this process waits for it. */
  #hold(holds: boolean): void {
    const { stdin, stdout } = this.#child;
    const handles = [this.#child, ...[stdin, stdout].filter((stream) => stream instanceof Socket)];
    for (const handle of handles) {
      if (holds) handle.ref();
      else handle.unref();
    }
  }
}

/** Whether a shell says something before it ends. */
function hears(child: ChildProcess): Promise<boolean> {
  return new Promise((resolve) => {
    child.stdout?.once('data', () => resolve(true));
    child.once('error', () => resolve(false));
    child.once('close', () => resolve(false));
  });
}
