import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { endProcesses, findProcesses } from '../../../src/local/end-processes.js';
import { isProcess, processEntry } from '../../../src/local/process-table.js';
import { temporaryDirectory } from './helpers.js';

/** A script in a group of its own, with a mark of its own. Whatever it starts is killed with the test. */
function start(script: string, cwd: string): { child: ChildProcess; group: number; mark: string } {
  const mark = `PAI_TEST_MARK=${randomBytes(8).toString('hex')}`;
  const env = { ...process.env, PAI_TEST_MARK: mark.slice('PAI_TEST_MARK='.length) };
  const child = spawn('bash', ['-c', script], { cwd, detached: true, stdio: 'ignore', env });
  const group = child.pid ?? 0;
  expect(group).toBeGreaterThan(1);
  onTestFinished(() => endProcesses({ group, environment: [mark], grace: 0 }));
  return { child, group, mark };
}

/** The process ids that scripts wrote to files. */
async function idsIn(cwd: string, ...files: string[]): Promise<number[]> {
  const ids: number[] = [];
  for (const file of files) {
    for (let tries = 0; tries < 250 && !existsSync(path.join(cwd, file)); tries++) await sleep(20);
    await sleep(20);
    ids.push(Number(await readFile(path.join(cwd, file), 'utf8')));
  }
  return ids;
}

const isLeft = (pid: number): boolean => processEntry(pid)?.zombie === false;
const linux = process.platform === 'linux';

describe('ending processes', () => {
  test('ends a command, its children, and grandchildren whose parents are gone', async () => {
    const cwd = await temporaryDirectory();
    const script = '(sleep 300 & echo $! > orphan) ; sleep 300 & echo $! > child; wait';
    const { group, child } = start(script, cwd);
    const ids = await idsIn(cwd, 'orphan', 'child');
    expect(ids.every(isProcess)).toBe(true);
    const ended = once(child, 'exit');
    await endProcesses({ group, environment: [] });
    expect([...ids, group].filter(isLeft)).toEqual([]);
    expect(await ended).toEqual([null, 'SIGTERM']);
  });

  test.runIf(linux)('finds what left the group by its environment, and nothing else', async () => {
    const cwd = await temporaryDirectory();
    const runaway = 'setsid sh -c "echo \\$\\$ > runaway; sleep 300 & echo \\$! > child; wait" & sleep 300';
    const { group, mark } = start(runaway, cwd);
    const other = start('echo $$ > other; sleep 300', cwd);
    const ids = await idsIn(cwd, 'runaway', 'child');
    const [bystander = 0] = await idsIn(cwd, 'other');
    expect(processEntry(ids[0] ?? 0)?.group).not.toBe(group);
    await endProcesses({ group, environment: [mark] });
    expect(ids.filter(isLeft)).toEqual([]);
    expect(isLeft(bystander)).toBe(true);
    expect(findProcesses({ environment: [other.mark] })?.length).toBeGreaterThan(0);
  });

  test('kills what does not listen, and what it starts while it is ended', async () => {
    const cwd = await temporaryDirectory();
    const stubborn = 'trap "" TERM; echo $$ > stubborn; while true; do sleep 0.05; done';
    const { group, mark } = start(`(${stubborn}) & trap "sleep 300 & echo \\$! > late" TERM; wait; sleep 300`, cwd);
    const [stubbornId = 0] = await idsIn(cwd, 'stubborn');
    await endProcesses({ group, environment: [mark], grace: 300 });
    const [late = 0] = await idsIn(cwd, 'late');
    expect([stubbornId, late, group].filter(isLeft)).toEqual([]);
  });

  test('does not wait for its grace when all end at once', async () => {
    const cwd = await temporaryDirectory();
    const { group, mark } = start('echo $$ > ready; sleep 300', cwd);
    await idsIn(cwd, 'ready');
    await expect(
      Promise.race([
        endProcesses({ group, environment: [mark], grace: 3_600_000 }).then(() => 'ended'),
        sleep(10_000, 'still waiting'),
      ]),
    ).resolves.toBe('ended');
  });

  test('is content when there is nothing to end', async () => {
    await expect(endProcesses({ group: 2 ** 22 + 1, environment: [] })).resolves.toBeUndefined();
    await expect(endProcesses({ environment: [] })).resolves.toBeUndefined();
  });
});
