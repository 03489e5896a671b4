import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { bundleProgram } from '../../../scripts/bundle.js';
import { repository, type Said } from './project.js';

/** pai as it is installed: compiled, with its packages, in a folder of its own. */
export interface Installation {
  readonly folder: string;
  /** Its bin/pai.js. */
  readonly program: string;
  remove(): Promise<void>;
}

/** Installs pai into a temporary folder. */
export async function install(): Promise<Installation> {
  const folder = await mkdtemp(path.join(tmpdir(), 'pai-installed-'));
  await bundleProgram(repository, path.join(folder, 'dist'));
  for (const name of ['package.json', 'bin']) {
    await cp(path.join(repository, name), path.join(folder, name), { recursive: true });
  }
  await symlink(path.join(repository, 'node_modules'), path.join(folder, 'node_modules'));
  const program = path.join(folder, 'bin/pai.js');
  return { folder, program, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** A process of pai. */
export interface Spawned {
  readonly child: ChildProcess;
  /** Resolves when it has ended. */
  readonly said: Promise<Said>;
  /** What it has written to both outputs so far. */
  readonly output: () => string;
  /** Resolves as soon as it has written this; rejects when it ends without. */
  until(word: string | RegExp): Promise<void>;
}

/** Starts pai in a folder, as a process of its own. */
export function spawnPai(installation: Installation, cwd: string, ...argv: string[]): Spawned {
  const child = spawn(process.execPath, [installation.program, ...argv], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  return watch(child);
}

/** Follows what a process writes. */
export function watch(child: ChildProcess): Spawned {
  let [stdout, stderr, output] = ['', '', ''];
  const waiting = new Set<() => void>();
  const heard = (chunk: Buffer): void => {
    output += chunk;
    for (const look of [...waiting]) look();
  };
  child.stdout?.on('data', (chunk: Buffer) => {
    stdout += chunk;
    heard(chunk);
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk;
    heard(chunk);
  });
  const said = once(child, 'close').then(([code]) => ({ exitCode: Number(code ?? -1), stdout, stderr }));
  const has = (word: string | RegExp): boolean =>
    typeof word === 'string' ? output.includes(word) : word.test(output);
  const until = (word: string | RegExp): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (!has(word)) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
      void said.then(() => reject(new Error(`it ended without ${word}:\n${output}`)));
    });
  return { child, said, output: () => output, until };
}
