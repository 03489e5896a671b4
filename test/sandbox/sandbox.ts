import { execFile } from 'node:child_process';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { Project } from '../whole/project.js';
import type { World } from '../whole/story.js';

const call = promisify(execFile);

/** How `pai sandbox create` is told how large. */
export interface Size {
  readonly masters: number;
  readonly workers: number;
  readonly proxy: boolean;
  /** Without shells. */
  readonly inProcess?: boolean;
}

/** A project that works on a sandbox of its own. */
export class SandboxProject extends Project {
  readonly #work: string;

  private constructor(work: string) {
    super(work, path.join(work, 'clone/.cache/sandbox/configuration'), ['--sandbox']);
    this.#work = work;
  }

  /** Without a size there is no sandbox yet. */
  static async create(size?: Size): Promise<SandboxProject> {
    const project = new SandboxProject(await mkdtemp(path.join(tmpdir(), 'pai-sandbox-test-')));
    await project.freshClone();
    if (size !== undefined) {
      const words = ['--masters', String(size.masters), '--workers', String(size.workers)];
      if (!size.proxy) words.push('--no-proxy');
      if (size.inProcess === true) words.push('--hosts-in-process');
      await project.sandbox('create', ...words);
    }
    return project;
  }

  /** The sandbox stands for the machines, so it stays: but for what pai itself remembers of them. */
  override async freshClone(): Promise<void> {
    const machines = path.join(this.clone, '.cache/sandbox');
    const aside = path.join(this.#work, 'aside');
    const there = await rename(machines, aside).then(
      () => true,
      () => false,
    );
    await super.freshClone();
    if (!there) return;
    await call('mkdir', ['-p', path.dirname(machines)]);
    await rename(aside, machines);
    await rm(path.join(machines, 'cache'), { recursive: true, force: true });
  }

  /** `pai sandbox ...`: its standard output. Rejects with code, stdout and stderr when it ends otherwise than with 0. */
  async sandbox(...words: string[]): Promise<string> {
    const { stdout } = await call('node', ['bin/pai.js', 'sandbox', ...words], { cwd: this.clone });
    return stdout;
  }

  /** A command line as root on a host. Its exit code does not matter. */
  async onHost(host: string, command: string): Promise<string> {
    return this.sandbox('exec', host, '--', command).catch((error: { readonly stdout: string }) => error.stdout);
  }

  /** What `pai ...` writes for people. */
  async says(...words: string[]): Promise<{ readonly stdout: string; readonly stderr: string }> {
    return call('node', ['bin/pai.js', ...words], { cwd: this.clone });
  }
}

/** A sandbox of a size as the world of a story. */
export async function sandboxWorld(size: Size): Promise<World> {
  const { masters, workers, proxy } = size;
  const project = await SandboxProject.create(size);
  const names = (role: string, count: number) => Array.from({ length: count }, (_, index) => `${role}${index + 1}`);
  return {
    project,
    cluster: 'pai-sandbox',
    masters: names('master', masters),
    workers: names('worker', workers),
    proxies: names('proxy', proxy ? 1 : 0),
    registry: 'registry.sandbox:5000',
    operator: path.join(project.clone, '.cache/sandbox/operator'),
    onHost: (host, command) => project.onHost(host, command),
  };
}
