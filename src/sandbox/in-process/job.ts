import { rmSync } from 'node:fs';
import path from 'node:path';
import { type GivenFile, write } from './installs.js';
import type { Machine } from './machine.js';
import type { RunVariables } from './programs.js';
import type { ScriptEnd, Scripts } from './steps.js';

/** What a job is given. */
export interface JobWork {
  readonly files: readonly GivenFile[];
  readonly script: string;
  readonly probe: string | undefined;
  /** Of what is applied; a clean has none. */
  readonly stamp: Buffer | undefined;
}

/** What a job is told. */
export interface JobSetting {
  readonly machine: Machine;
  readonly scripts: Scripts;
  readonly waitSeconds: number;
}

/** A run of a target's work: what the supervisor's job does, with the same log, and the same files for stamps. */
export class Job {
  readonly variables: RunVariables;
  /** Resolves once the whole log is there. */
  readonly ended: Promise<void>;
  /** `<code> <phase>`, once it has ended. */
  end: string | undefined;
  #log = '';
  readonly #setting: JobSetting;
  readonly #stop = new AbortController();
  readonly #followers = new Set<() => void>();

  constructor(variables: RunVariables, work: JobWork, setting: JobSetting) {
    this.variables = variables;
    this.#setting = setting;
    this.ended = this.#run(work);
  }

  stop(): void {
    this.#stop.abort();
  }

  /** Gives the log from a byte on as it grows, until the job has ended or `signal` says that it is enough. */
  async follow(offset: number, write: (piece: Buffer) => void, signal: AbortSignal): Promise<void> {
    let given = offset;
    const more = () => {
      const piece = Buffer.from(this.#log).subarray(given);
      given += piece.length;
      if (piece.length > 0 && !signal.aborted) write(piece);
    };
    this.#followers.add(more);
    const enough = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    if (!signal.aborted) await Promise.race([this.ended, enough]);
    this.#followers.delete(more);
    more();
  }

  async #run({ files, script, probe, stamp }: JobWork): Promise<void> {
    const { base, file, id } = this.variables;
    const at = (folder: string, name = file) => path.join(base, folder, name);
    write(at('unfinished'), '');
    rmSync(at('stamps'), { force: true });
    // Whoever started it listens from here on.
    await undefined;
    let phase = 'script';
    let end = await this.#simulate(script, files);
    if (end.code === 0 && probe !== undefined) {
      phase = 'probe';
      this.#say(`pai-probe ${id}`);
      end = await this.#simulate(probe, files);
    }
    if (end.isStopped) {
      phase = 'stopped';
    } else if (end.code === 0) {
      phase = 'done';
      if (stamp !== undefined) write(at('stamps'), stamp);
      rmSync(at('unfinished'), { force: true });
    }
    this.end = `${end.code} ${phase}`;
    this.#say(`pai-end ${id} ${this.end}`);
    write(at('log', `${file}.log`), this.#log);
  }

  #simulate(text: string, files: readonly GivenFile[]): Promise<ScriptEnd> {
    const { machine, scripts, waitSeconds } = this.#setting;
    return scripts.run(text, {
      machine,
      files,
      waitSeconds,
      signal: this.#stop.signal,
      say: (line) => this.#say(line),
      flush: () => {
        for (const follower of this.#followers) follower();
      },
    });
  }

  #say(line: string): void {
    this.#log += `${line}\n`;
  }
}
