import { readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Contender } from '../contender.js';
import { commandOf, inputsOf, type Node, outputOf } from '../graph.js';
import { ask, commitAll, installNpm, write, writePackages } from './files.js';

const SLOW = 1_000;
const workspaces = { name: 'graph', version: '1.0.0', private: true, workspaces: ['p/*'] };
const script = (node: Node): object => ({ scripts: { build: commandOf(node, '../../') } });

export const turbo: Contender = {
  name: 'turbo',
  most: SLOW,
  install: (cache) => {
    const program = installNpm(cache, 'turbo');
    return {
      version: ask(program, ['--version']),
      env: { TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1', TURBO_NO_UPDATE_NOTIFIER: '1' },
      keeps: ['.turbo', 'node_modules/.cache/turbo', 'cache'],
      write: (project) => {
        write(project, 'package.json', { ...workspaces, packageManager: `npm@${ask('npm', ['--version'])}` });
        writePackages(project, script);
        write(project, 'turbo.json', {
          tasks: { build: { dependsOn: ['^build'], inputs: ['in*'], outputs: ['out'], outputLogs: 'errors-only' } },
        });
        write(project, '.gitignore', 'out\nran\n.turbo\ncache\n');
        commitAll(project);
      },
      command: ({ jobs }) => [program, 'run', 'build', `--concurrency=${jobs}`, '--cache-dir=cache', '--ui=stream'],
    };
  },
};

export const lage: Contender = {
  name: 'lage',
  most: SLOW,
  install: (cache) => {
    const program = installNpm(cache, 'lage');
    return {
      version: versionOf(cache, 'lage'),
      keeps: ['node_modules/.cache'],
      write: (project) => {
        write(project, 'package.json', workspaces);
        writePackages(project, script);
        const lock = { name: 'graph', version: '1.0.0', lockfileVersion: 3, packages: {} };
        write(project, 'package-lock.json', lock);
        const pipeline = { build: { dependsOn: ['^build'], inputs: ['in*'], outputs: ['out'] } };
        write(project, 'lage.config.js', `module.exports = ${JSON.stringify({ pipeline, npmClient: 'npm' })};\n`);
        write(project, '.gitignore', 'out\nran\nnode_modules\n');
        commitAll(project);
      },
      command: ({ jobs }) => [program, 'build', '--concurrency', String(jobs)],
    };
  },
};

export const nx: Contender = {
  name: 'nx (daemon warm)',
  most: SLOW,
  install: (cache) => {
    const program = installNpm(cache, 'nx');
    return {
      version: versionOf(cache, 'nx'),
      env: { NX_DAEMON: 'true', NX_TUI: 'false', NX_NO_CLOUD: 'true' },
      keeps: ['.nx/cache'],
      write: (project) => {
        write(project, 'package.json', { name: 'graph', version: '1.0.0', private: true });
        // Its command line loads the nx of the workspace.
        symlinkSync(join(cache, 'npm/nx/node_modules'), join(project.root, 'node_modules'));
        write(project, 'nx.json', { namedInputs: { in: ['{projectRoot}/in*'] }, analytics: false });
        for (const node of project.graph) {
          write(project, `p/${node.name}/project.json`, {
            name: node.name,
            implicitDependencies: node.needs,
            targets: {
              build: {
                executor: 'nx:run-commands',
                options: { command: commandOf(node) },
                cache: true,
                dependsOn: ['^build'],
                inputs: ['in', '^in'],
                outputs: ['{projectRoot}/out'],
              },
            },
          });
        }
        write(project, '.gitignore', 'out\nran\nnode_modules\n.nx\n');
      },
      command: ({ jobs }) => [program, 'run-many', '-t', 'build', `--parallel=${jobs}`, '--outputStyle=static'],
      stop: ({ root }) => {
        stopProcess(join(root, '.nx/workspace-data/d/server-process.json'));
      },
    };
  },
};

/** nx writes down which process its daemon is. */
function stopProcess(file: string): void {
  try {
    const { processId }: { processId: number } = JSON.parse(readFileSync(file, 'utf8'));
    process.kill(processId);
    rmSync(file);
  } catch {
    // None was started.
  }
}

export const wireit: Contender = {
  name: 'wireit',
  most: SLOW,
  install: (cache) => {
    installNpm(cache, 'wireit');
    const bin = join(cache, 'npm/wireit/node_modules/.bin');
    return {
      version: versionOf(cache, 'wireit'),
      env: { PATH: `${bin}:${process.env.PATH}`, WIREIT_LOGGER: 'simple' },
      keeps: ['.wireit'],
      write: (project) => {
        const names = project.graph.map(({ name }) => name);
        const scripts = Object.fromEntries(['all', ...names].map((name) => [name, 'wireit']));
        const tasks = project.graph.map((node) => [
          node.name,
          {
            command: commandOf(node),
            dependencies: node.needs,
            files: inputsOf(node.name),
            output: [outputOf(node.name)],
          },
        ]);
        const all = { dependencies: names };
        write(project, 'package.json', {
          name: 'graph',
          private: true,
          scripts,
          wireit: { all, ...Object.fromEntries(tasks) },
        });
        write(project, 'package-lock.json', { name: 'graph', lockfileVersion: 3, packages: {} });
      },
      command: ({ jobs }) => ['env', `WIREIT_PARALLEL=${jobs}`, 'npm', 'run', '--silent', 'all'],
    };
  },
};

export const moon: Contender = {
  name: 'moon',
  most: SLOW,
  install: (cache) => {
    const program = installNpm(cache, '@moonrepo/cli', 'moon');
    return {
      version: ask(program, ['--version']),
      env: { MOON_TELEMETRY: 'false', MOON_TOOLCHAIN_FORCE_GLOBALS: 'true', DO_NOT_TRACK: '1' },
      keeps: ['.moon/cache'],
      write: (project) => {
        write(project, '.moon/workspace.yml', "projects:\n  - 'p/*'\ntelemetry: false\n");
        for (const node of project.graph) {
          write(project, `p/${node.name}/moon.yml`, {
            dependsOn: node.needs,
            tasks: {
              build: {
                script: commandOf(node),
                deps: ['^:build'],
                inputs: ['in*'],
                outputs: ['out'],
                options: { runFromWorkspaceRoot: true },
              },
            },
          });
        }
        write(project, '.gitignore', 'out\nran\n.moon/cache\n');
        commitAll(project);
      },
      command: ({ jobs }) => [program, 'run', ':build', '--concurrency', String(jobs)],
    };
  },
};

function versionOf(cache: string, name: string): string {
  const { version }: { version: string } = JSON.parse(
    readFileSync(join(cache, 'npm', name, 'node_modules', name, 'package.json'), 'utf8'),
  );
  return version;
}
