import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { endProcesses, findProcesses } from '../../../src/local/end-processes.js';
import { processEntry } from '../../../src/local/process-table.js';
import { type Installation, type Spawned, watch } from './installation.js';
import { makeProject } from './project.js';

/** A target of a project of scripts: what it runs in bash, in the project's folder, and how it is declared. */
export interface Script {
  readonly run: string;
  readonly outputs?: readonly string[];
  /** TypeScript: an object of options. */
  readonly options?: string;
}

/** A project whose targets run scripts as local commands. With the test it is gone, and what they left running. */
export async function makeScripts(scripts: Record<string, Script>): Promise<string> {
  const targets = Object.entries(scripts).map(([name, { run, outputs, options = '{}' }]) => {
    const command = `$\`PAI_TEST_ROOT=\${project.root} bash -c \${${JSON.stringify(run)}}\``;
    return `const ${name} = target('${name}', { inputs: [], outputs: ${JSON.stringify(outputs)}, run: ${command} }, ${options});`;
  });
  const root = await makeProject(`
export default {
  write({ project, target, after, $ }: any) {
    ${targets.join('\n    ')}
  },
};
`);
  onTestFinished(async () => {
    await endProcesses({ environment: [`PAI_TEST_ROOT=${root}`], grace: 0 });
    await rm(root, { recursive: true, force: true });
  });
  return root;
}

/** How many processes of a project's scripts are there. */
export function processesOf(root: string): number {
  return findProcesses({ environment: [`PAI_TEST_ROOT=${root}`] })?.length ?? Number.NaN;
}

/** The process id that a script wrote to a file of the project. */
export async function processIn(root: string, file: string): Promise<number> {
  for (let tries = 0; tries < 500 && !existsSync(path.join(root, file)); tries++) await sleep(20);
  await sleep(20);
  return Number(await readFile(path.join(root, file), 'utf8'));
}

/** Whether a process is there and at work. */
export function isAtWork(pid: number): boolean {
  return processEntry(pid)?.zombie === false;
}

/** pai at a terminal of its own. */
export function atTerminal(
  installation: Installation,
  cwd: string,
  ...argv: string[]
): Spawned & { type(text: string): void } {
  // Without `exec` a shell would stay in between, and some (dash) end with 130 when they were interrupted, whatever pai ends with.
  const command = ['exec', ...[process.execPath, installation.program, ...argv].map((word) => `'${word}'`)].join(' ');
  const child = spawn('script', ['-qec', command, '/dev/null'], { cwd, env: { ...process.env, TERM: 'dumb' } });
  onTestFinished(() => void child.kill('SIGKILL'));
  return { ...watch(child), type: (text) => void child.stdin.write(text) };
}
