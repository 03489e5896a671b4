/**
 * The floors, each as little as can be done from Node: `node floor.js stat FILE` reads one state file and compares size and mtime
 * of every input with it; `node floor.js spawn FILE JOBS SHELL` runs commands in the order of the graph.
 */
import { spawn } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';

/** Rows of size and mtime, then paths separated by line feeds. */
function stat(file: string): void {
  const bytes = readFileSync(file);
  const count = bytes.readDoubleLE(0);
  const rows = new Float64Array(bytes.buffer, bytes.byteOffset + 8, count * 2);
  const paths = bytes.toString('latin1', 8 + count * 16).split('\n');
  const options = { throwIfNoEntry: false } as const;
  for (let index = 0; index < count; index++) {
    const seen = statSync(paths[index] ?? '', options);
    if (seen?.size !== rows[2 * index] || seen?.mtimeMs !== rows[2 * index + 1]) process.exitCode = 1;
  }
}

interface Command {
  readonly command: string;
  /** Indexes of commands that come first. */
  readonly needs: readonly number[];
}

function spawnAll(file: string, jobs: number, shell: string): void {
  const commands: readonly Command[] = JSON.parse(readFileSync(file, 'utf8'));
  const waiting = commands.map(({ needs }) => needs.length);
  const dependents: number[][] = commands.map(() => []);
  for (const [index, { needs }] of commands.entries()) for (const need of needs) dependents[need]?.push(index);
  const ready = waiting.flatMap((count, index) => (count === 0 ? [index] : []));
  let running = 0;
  let next = 0;
  const start = (): void => {
    while (running < jobs && next < ready.length) {
      const index = ready[next++] ?? 0;
      running++;
      // What commands say has to be read by anyone who shows it.
      const child = spawn(shell, ['-c', commands[index]?.command ?? ''], { stdio: ['ignore', 'pipe', 'pipe'] });
      child.stdout.resume();
      child.stderr.resume();
      child.once('close', (code) => {
        if (code !== 0) process.exitCode = 1;
        running--;
        for (const dependent of dependents[index] ?? []) {
          waiting[dependent] = (waiting[dependent] ?? 0) - 1;
          if (waiting[dependent] === 0) ready.push(dependent);
        }
        start();
      });
    }
  };
  start();
}

const [, , what, file = '', jobs = '1', shell = '/bin/sh'] = process.argv;
if (what === 'stat') stat(file);
else spawnAll(file, Number(jobs), shell);
