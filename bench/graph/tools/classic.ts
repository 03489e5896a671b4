import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Contender } from '../contender.js';
import { commandOf, inputsOf, type Node, outputOf } from '../graph.js';
import { ask, write } from './files.js';

const prerequisites = ({ name, needs }: Node): readonly string[] => [...inputsOf(name), ...needs.map(outputOf)];

export const ninja: Contender = {
  name: 'ninja',
  install: () => ({
    version: ask('ninja', ['--version']),
    keeps: ['.ninja_log', '.ninja_deps'],
    write: (project) => {
      const builds = project.graph.map(
        (node) =>
          `build ${outputOf(node.name)}: run ${prerequisites(node).join(' ')}\n  command_ = ${commandOf(node).replaceAll('$', '$$$$')}\n`,
      );
      write(project, 'build.ninja', `rule run\n  command = $command_\n${builds.join('')}`);
    },
    command: ({ jobs }) => ['ninja', '-j', String(jobs)],
  }),
};

export const make: Contender = {
  name: 'GNU make',
  install: () => ({
    version: ask('make', ['--version']).split('\n')[0]?.replace('GNU Make ', '') ?? '',
    keeps: [],
    write: (project) => {
      const rules = project.graph.map(
        (node) =>
          `${outputOf(node.name)}: ${prerequisites(node).join(' ')}\n\t@${commandOf(node).replaceAll('$', '$$$$')}\n`,
      );
      const all = `all: ${project.graph.map(({ name }) => outputOf(name)).join(' ')}\n.PHONY: all\n`;
      write(project, 'Makefile', `MAKEFLAGS += -r\n.SUFFIXES:\n${all}${rules.join('')}`);
    },
    command: ({ jobs }) => ['make', '-j', String(jobs)],
  }),
};

export const goTask: Contender = {
  name: 'go-task',
  most: 1_000,
  install: (cache) => {
    const folder = join(cache, 'go/bin');
    const program = join(folder, 'task');
    if (!existsSync(program)) {
      execFileSync('go', ['install', 'github.com/go-task/task/v3/cmd/task@latest'], {
        stdio: 'ignore',
        env: { ...process.env, GOBIN: folder },
      });
    }
    return {
      version: ask(program, ['--version']),
      keeps: ['.task'],
      write: (project) => {
        const list = (words: readonly string[]): string => JSON.stringify(words);
        const tasks = project.graph.map((node) =>
          [
            `  ${node.name}:`,
            `    deps: ${list(node.needs)}`,
            `    sources: ${list(prerequisites(node))}`,
            `    generates: ${list([outputOf(node.name)])}`,
            `    cmds: ${list([commandOf(node)])}`,
          ].join('\n'),
        );
        const names = project.graph.map(({ name }) => name);
        write(
          project,
          'Taskfile.yml',
          `version: '3'\nrun: once\nsilent: true\ntasks:\n  default:\n    deps: ${list(names)}\n${tasks.join('\n')}\n`,
        );
      },
      command: ({ jobs }) => [program, '--concurrency', String(jobs)],
    };
  },
};

export const doit: Contender = {
  name: 'doit',
  install: (cache) => {
    const folder = join(cache, 'python');
    const program = join(folder, 'bin/doit');
    if (!existsSync(program)) {
      execFileSync('python3', ['-m', 'venv', folder]);
      execFileSync(join(folder, 'bin/pip'), ['install', '--quiet', 'doit']);
    }
    return {
      version: ask(program, ['--version']).split('\n')[0] ?? '',
      keeps: ['.doit.db', '.doit.db.db', '.doit.db.dat', '.doit.db.dir', '.doit.db.bak', '__pycache__'],
      write: (project) => {
        const tasks = project.graph.map((node) => ({
          name: node.name,
          file_dep: prerequisites(node),
          targets: [outputOf(node.name)],
          actions: [commandOf(node).replaceAll('%', '%%')],
        }));
        write(project, 'graph.json', tasks);
        write(project, 'dodo.py', DODO);
      },
      command: ({ jobs }) => [program, '-n', String(jobs), '-v', '0'],
    };
  },
};

const DODO = `import json

def task_build():
    with open('graph.json') as file:
        yield from json.load(file)
`;
