import { chmod, cp, mkdir, mkdtemp, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Io, StopSignal } from '../../../src/cli/io.js';
import { main } from '../../../src/cli/main.js';

/** This repository. */
export const repository = path.resolve(import.meta.dirname, '../../..');

/** Tasks of the test projects: what is "deployed" is a file in `out/` that holds the stamp. */
const TASKS = `
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export function outFile(root: string, value: string, act?: (context: any) => Promise<void>) {
  const file = (target: string) => path.join(root, 'out', target);
  return {
    pools: ['cpu'],
    observe: async ({ target }: any) =>
      existsSync(file(target))
        ? { kind: 'known', present: true, stamp: JSON.parse(readFileSync(file(target), 'utf8')) }
        : { kind: 'known', present: false },
    desired: async () => ({
      parts: [{ name: 'value', value }],
      apply: async (context: any) => {
        context.log('working on ' + value);
        await act?.(context);
        const stamp = context.stamp();
        mkdirSync(path.join(root, 'out'), { recursive: true });
        writeFileSync(file(context.target), JSON.stringify(stamp));
        return stamp;
      },
    }),
    clean: async ({ target }: any) => rmSync(file(target), { force: true }),
  };
}
`;

/** pki, and a worker for each of two hosts that needs it; group `workers`. */
export const PAIFILE = `
import { outFile } from './tasks/out-file.js';

export default {
  write({ project, target, each }: any) {
    const pki = target('pki', () => outFile(project.root, 'authorities'), { description: 'certificate authorities' });
    const hosts = [{ name: 'h1' }, { name: 'h2' }];
    each('worker', hosts, (host: any) => outFile(project.root, host.name), { group: 'workers', needs: [pki] });
  },
};
`;

/** A new project in a temporary folder, with the repository's example configuration. */
export async function makeProject(paifile = PAIFILE): Promise<string> {
  const root = await mkdtemp(path.join(tmpdir(), 'pai-cli-'));
  for (const name of ['cluster-configuration', 'service-list.yaml']) {
    await cp(path.join(repository, name), path.join(root, name), { recursive: true });
  }
  // It has a password.
  await chmod(path.join(root, 'cluster-configuration/cluster-configuration.yaml'), 0o600);
  await cp(path.join(repository, 'package.json'), path.join(root, 'package.json'));
  await writeProjectFile(root, 'paifile.ts', paifile);
  await writeProjectFile(root, 'tasks/out-file.ts', TASKS);
  return root;
}

/** Writes a file of a project. */
export async function writeProjectFile(root: string, file: string, text: string): Promise<void> {
  await mkdir(path.dirname(path.join(root, file)), { recursive: true });
  await writeFile(path.join(root, file), text);
}

/** All files of a project, relative to it. */
export async function filesOf(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
    .sort();
}

/** What a command line did. */
export interface Said {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command line at work. */
export interface Going {
  /** What a signal does; SIGINT unless told. */
  interrupt(signal?: StopSignal): void;
  readonly said: Promise<Said>;
}

/** Starts the command line inside this process. */
export function start(cwd: string, ...argv: string[]): Going {
  return startIn({}, cwd, ...argv);
}

/** Starts the command line in surroundings of the test's own: an environment, a terminal. */
export function startIn(surroundings: Pick<Io, 'env' | 'screen'>, cwd: string, ...argv: string[]): Going {
  let stdout = '';
  let stderr = '';
  const listeners = new Set<(signal: StopSignal) => void>();
  const said = main(argv, {
    ...surroundings,
    cwd,
    stdout: (text) => {
      stdout += text;
    },
    stderr: (text) => {
      stderr += text;
    },
    onInterrupt(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  }).then((exitCode) => {
    if (listeners.size > 0) throw new Error('interrupts are still watched');
    return { exitCode, stdout, stderr };
  });
  return {
    interrupt: (signal = 'SIGINT') => {
      for (const listener of listeners) listener(signal);
    },
    said,
  };
}

/** Runs the command line inside this process to its end. */
export function pai(cwd: string, ...argv: string[]): Promise<Said> {
  return start(cwd, ...argv).said;
}
