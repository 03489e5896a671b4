import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Project } from '../contender.js';

export function write(project: Project, name: string, content: string | object): void {
  const file = join(project.root, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, typeof content === 'string' ? content : `${JSON.stringify(content, null, 2)}\n`);
}

/** What a program says. */
export function ask(command: string, words: readonly string[], env: Readonly<Record<string, string>> = {}): string {
  const text = execFileSync(command, words, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  return text.trim();
}

/** Installs a package of npm into a folder of its own; returns its binary. */
export function installNpm(cache: string, name: string, binary = name): string {
  const folder = join(cache, 'npm', binary);
  const program = join(folder, 'node_modules/.bin', binary);
  if (!existsSync(program)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
    execFileSync('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', name], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  }
  return program;
}

/** Makes a git repository of a project, for tools that ask git what changed. */
export function commitAll(project: Project): void {
  const git = (...words: string[]): string =>
    ask('git', ['-C', project.root, '-c', 'user.name=bench', '-c', 'user.email=bench@localhost', ...words]);
  git('init', '-q');
  git('add', '-A');
  git('commit', '-q', '-m', 'The graph');
}

/** The package of each target, with its needs as dependencies. `extra` by target. */
export function writePackages(project: Project, script: (node: Project['graph'][number]) => object): void {
  for (const node of project.graph) {
    write(project, `p/${node.name}/package.json`, {
      name: node.name,
      version: '1.0.0',
      private: true,
      ...script(node),
      dependencies: Object.fromEntries(node.needs.map((need) => [need, '*'])),
    });
  }
}
