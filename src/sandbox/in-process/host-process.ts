import { existsSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { hasFault, type SandboxDescription, type SandboxHost, type SandboxLayout } from '../layout.js';
import type { GivenFile } from './installs.js';
import { Job } from './job.js';
import { Machine, readIfThere } from './machine.js';
import { type Program, readProgram, readRun } from './programs.js';
import type { Scripts } from './steps.js';

/** Where what root's shell says goes. */
export interface Outputs {
  stdout(piece: Buffer | string): void;
  stderr(text: string): void;
  /** Aborted when nobody listens any more. */
  readonly signal: AbortSignal;
  /** A job runs from now on. */
  started(): void;
}

/** What hosts in process share. */
export interface InProcessSetting {
  readonly layout: SandboxLayout;
  readonly sandbox: SandboxDescription;
  readonly waitSeconds: number;
  readonly scripts: Scripts;
}

/**
 * What stands for the root shell of one host in this process: answers pai's programs and runs its jobs. Jobs end with this
 * process; a second one does not see them.
 */
export class HostProcess {
  readonly #setting: InProcessSetting;
  readonly #machine: Machine;
  /** The last of each target, by the name of its files. */
  readonly #jobs = new Map<string, Job>();
  #running: Job | undefined;

  constructor(setting: InProcessSetting, host: SandboxHost) {
    this.#setting = setting;
    this.#machine = new Machine(setting.layout, setting.sandbox, host);
  }

  /** Unpacks an archive that is a run, and runs it. Gives an exit code. */
  async run(archive: Buffer, out: Outputs): Promise<number> {
    if (hasFault(this.#machine.own, 'disk-full')) {
      out.stderr('tar: Cannot write: No space left on device (simulated)\n');
      return 125;
    }
    const files = await unpack(archive);
    const content = (name: string) =>
      files.find(({ path: each }) => each.split('/').slice(2).join('/') === name)?.content;
    const variables = readRun(content('start')?.toString() ?? '', content('job')?.toString() ?? '');
    const script = content('script');
    if (variables === undefined || script === undefined || variables.root !== this.#machine.own.root) {
      out.stderr('the archive is none that hosts in process understand (simulated)\n');
      return 125;
    }
    const running = this.#running;
    if (running !== undefined) {
      const { id, since, run, target, fingerprint } = running.variables;
      if (target !== variables.target || fingerprint !== variables.fingerprint) {
        out.stdout(`pai-status locked ${since} ${run} ${target}\n`);
        return 0;
      }
      out.stdout(`pai-status attached ${id}\n`);
      await running.follow(0, out.stdout, out.signal);
      return 0;
    }
    const prefix = `run/${variables.id}/payload/`;
    const given = files.filter((file) => file.path.startsWith(prefix));
    const payload = given.map((file) => ({ ...file, path: file.path.slice(prefix.length) }));
    const work = {
      files: payload,
      script: script.toString(),
      probe: content('probe')?.toString(),
      stamp: content('stamp'),
    };
    const job = new Job(variables, work, {
      machine: this.#machine,
      scripts: this.#setting.scripts,
      waitSeconds: this.#setting.waitSeconds,
    });
    this.#jobs.set(variables.file, job);
    this.#running = job;
    const over = () => {
      this.#running = undefined;
    };
    job.ended.then(over, over);
    out.started();
    out.stdout('pai-status started\n');
    await job.follow(0, out.stdout, out.signal);
    return 0;
  }

  /** Answers a program. Gives an exit code. */
  async answer(text: string, out: Outputs): Promise<number> {
    const program = readProgram(text);
    switch (program?.kind) {
      case 'observe':
        return this.#observe(program, out);
      case 'read':
        return this.#read(program.paths, out);
      case 'attach':
        return this.#attach(program, out);
      case 'stop':
        if (this.#running?.variables.id === program.id) {
          this.#running.stop();
          await this.#running.ended;
        }
        return 0;
      case 'tidy':
        if (this.#running === undefined) tidy(program.base);
        return 0;
      case undefined:
        out.stderr('sh: hosts in process do not understand this program (simulated)\n');
        return 127;
    }
  }

  async #observe({ base, mark, looks }: Program & { kind: 'observe' }, out: Outputs): Promise<number> {
    const stamps = new Map(looks.map(({ file }) => [file, readIfThere(path.join(base, 'stamps', file))?.toString()]));
    let said = '';
    for (const [file, stamp] of stamps) {
      const lines = stamp?.split('\n') ?? [];
      if (lines.at(-1) === '') lines.pop();
      for (const line of lines) said += `${file}:${line}\n`;
    }
    for (const { index, file, probe } of looks) {
      if (readIfThere(path.join(base, 'unfinished', file)) !== undefined) said += `${mark} unfinished ${file}\n`;
      else if (stamps.get(file) === undefined) continue;
      const words: string[] = [];
      const { code } = await this.#setting.scripts.run(probe, {
        machine: this.#machine,
        files: [],
        waitSeconds: this.#setting.waitSeconds,
        signal: out.signal,
        say: (line) => words.push(line),
        flush: () => {},
      });
      said += `${mark} ${index} ${code}\n${words.join('\n').slice(0, 1500)}\n`;
    }
    out.stdout(`${said}${mark} end\n`);
    return 0;
  }

  async #read(paths: readonly string[], out: Outputs): Promise<number> {
    const tar = await import('tar-stream');
    const pack = tar.pack();
    const found = paths.flatMap((name) => {
      const content = readIfThere(this.#machine.at(name));
      return content === undefined ? [] : [{ name, content }];
    });
    if (found.length === 0) return 0;
    for (const { name, content } of found) pack.entry({ name }, content);
    pack.finalize();
    for await (const piece of pack) if (piece instanceof Uint8Array) out.stdout(Buffer.from(piece));
    return 0;
  }

  async #attach({ file, id, offset }: Program & { kind: 'attach' }, out: Outputs): Promise<number> {
    const job = this.#jobs.get(file);
    if (job === undefined || job.variables.id !== id) {
      out.stdout('pai-status gone\n');
    } else {
      out.stdout(job.end === undefined ? 'pai-status running\n' : `pai-status ended ${job.end}\n`);
      await job.follow(offset, out.stdout, out.signal);
    }
    return 0;
  }
}

async function unpack(archive: Buffer): Promise<readonly GivenFile[]> {
  const tar = await import('tar-stream');
  const extract = tar.extract();
  extract.end(archive);
  const files: GivenFile[] = [];
  for await (const entry of extract) {
    const pieces: Uint8Array[] = [];
    for await (const piece of entry) if (piece instanceof Uint8Array) pieces.push(piece);
    if (entry.header.type !== 'file') continue;
    files.push({ path: entry.header.name, mode: entry.header.mode ?? 0o600, content: Buffer.concat(pieces) });
  }
  return files;
}

/** Removes what pai keeps on a host where nothing of it is left. */
function tidy(base: string): void {
  if (!existsSync(base)) return;
  const own = ['lock', 'lock.info', 'log', 'result', 'run', 'stamps', 'unfinished'];
  if (readdirSync(base).some((name) => !own.includes(name))) return;
  const folders = ['run', 'stamps', 'unfinished'].map((name) => path.join(base, name));
  if (folders.some((folder) => existsSync(folder) && readdirSync(folder).length > 0)) return;
  rmSync(base, { recursive: true });
}
