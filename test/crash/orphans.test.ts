import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { processEntry } from '../../src/local/process-table.js';
import { holderOf, takeLock } from '../../src/state/lock.js';
import { PAI, pai, start } from './pai.js';
import { CrashProject } from './project.js';

const PAIFILE = `import { paifile } from 'pai';

export default paifile(({ target, $ }) => {
  target('slow', {
    inputs: ['package.json'],
    outputs: ['slow'],
    run: $\`if [ -e begun ]; then echo right > slow; exit 0; fi; echo $$ > begun; sleep 300; echo wrong > slow\`,
  });
});
`;

/** The same, where the command is a fork of a shell, and none of what it does starts a process. */
const FORKED = `import { paifile } from 'pai';

export default paifile(({ target, $ }) => {
  const quick = Array.from({ length: 10 }, (_, n) => target('quick' + n, { inputs: ['package.json'], run: $\`:\` }));
  target(
    'slow',
    {
      inputs: ['package.json'],
      outputs: ['slow'],
      run: $\`if [ -e begun ]; then echo right > slow; exit 0; fi
        read -r pid rest < /proc/self/stat; echo "$pid" > begun; until [ -e stop ]; do :; done; echo wrong > slow\`,
    },
    { needs: quick },
  );
});
`;

const linux = process.platform === 'linux';

/** A run whose command goes on after it was killed. */
async function orphaned(paifile = PAIFILE): Promise<{ project: CrashProject; pid: number }> {
  const project = new CrashProject();
  onTestFinished(() => project.remove());
  project.write('paifile.ts', paifile);
  const { child, ended } = start(project, [...PAI, 'run', 'slow']);
  for (let tries = 0; tries < 1000 && !existsSync(project.at('begun')); tries++) await sleep(20);
  await sleep(50);
  child.kill('SIGKILL');
  await ended;
  const pid = Number(readFileSync(project.at('begun'), 'utf8'));
  onTestFinished(() => {
    if (isThere(pid)) process.kill(pid, 'SIGKILL');
  });
  expect(isThere(pid)).toBe(true);
  return { project, pid };
}

function isThere(pid: number): boolean {
  return processEntry(pid)?.zombie === false;
}

it.runIf(linux)('what a killed run left at work is ended also when its journal is lost', async () => {
  const { project, pid } = await orphaned();
  rmSync(path.join(project.cache, 'runs'), { recursive: true });
  const { exitCode, stderr } = await pai(project, 'run', 'slow');
  expect({ exitCode, stderr }).toEqual({
    exitCode: 0,
    stderr: expect.stringContaining('ending what is left of slow:'),
  });
  expect(isThere(pid)).toBe(false);
  expect(readFileSync(project.at('slow'), 'utf8')).toBe('right\n');
});

it.runIf(linux)(
  'what a killed run left at work is ended also when the next run was killed before it did that',
  async () => {
    const { project, pid } = await orphaned();
    const dead = spawnSync(process.execPath, ['-e', '0']).pid;
    const { started: _, ...own } = holderOf('20200101-000000-000-000000', 'pai run slow');
    expect(takeLock(project.cache, { ...own, pid: dead }).kind).toBe('taken');
    const { exitCode, stderr } = await pai(project, 'run', 'slow');
    expect({ exitCode, stderr }).toEqual({
      exitCode: 0,
      stderr: expect.stringContaining('ending what is left of slow:'),
    });
    expect(isThere(pid)).toBe(false);
    expect(readFileSync(project.at('slow'), 'utf8')).toBe('right\n');
  },
);

it.runIf(linux)('a fork of a shell that a killed run left at work is ended, and so is the shell', async () => {
  const { project, pid } = await orphaned(FORKED);
  const shell = processEntry(pid)?.parent ?? 0;
  expect(readFileSync(`/proc/${shell}/cmdline`, 'utf8')).toContain('pai_line');
  const { exitCode, stderr } = await pai(project, 'run', 'slow');
  expect(stderr).toContain(`ending what is left of a command: process ${pid}\n`);
  expect(stderr).not.toContain('left alone');
  expect({ exitCode, atWork: isThere(pid), shell: isThere(shell) }).toEqual({
    exitCode: 0,
    atWork: false,
    shell: false,
  });
  expect(readFileSync(project.at('slow'), 'utf8')).toBe('right\n');
});
