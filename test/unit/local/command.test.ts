import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { runLocal } from '../../../src/local/command.js';
import { processEntry } from '../../../src/local/process-table.js';
import { contextWith, temporaryDirectory } from './helpers.js';

describe('runLocal', () => {
  test('returns standard output, and logs the lines of both outputs', async () => {
    const context = contextWith();
    const output = await runLocal(context, 'sh', ['-c', 'echo one; echo two >&2; printf three']);
    expect(output).toBe('one\nthree');
    expect([...context.lines].sort()).toEqual(['one', 'three', 'two']);
  });

  test('arguments reach the command as they are', async () => {
    const words = ['', 'a b', '$HOME', "it's", '`id`', 'new\nline', '*', '--', 'é'];
    const output = await runLocal(contextWith(), 'printf', ['[%s]', ...words]);
    expect(output).toBe(words.map((word) => `[${word}]`).join(''));
  });

  test('a command needs no arguments', async () => {
    expect(await runLocal(contextWith(), 'true')).toBe('');
  });

  test('secrets go by environment or standard input', async () => {
    const script = 'read -r line; echo "$TOKEN $line"';
    const options = { env: { TOKEN: 'by-env' }, input: 'by-stdin\n' };
    expect(await runLocal(contextWith(), 'sh', ['-c', script], options)).toBe('by-env by-stdin\n');
  });

  test('what is in the environment is in no process list', async () => {
    const script = 'tr "\\0" " " < /proc/$$/cmdline; tr "\\0" " " < /proc/$PPID/cmdline';
    const output = await runLocal(contextWith(), 'sh', ['-c', script], { env: { TOKEN: 'hunter2' } });
    expect(output).toContain('cmdline');
    expect(output).not.toContain('hunter2');
  });

  test('a command without input does not wait for any', async () => {
    expect(await runLocal(contextWith(), 'cat')).toBe('');
  });

  test('runs in the folder that is asked for', async () => {
    const cwd = await temporaryDirectory();
    await runLocal(contextWith(), 'sh', ['-c', 'echo here > file'], { cwd });
    expect(await readFile(path.join(cwd, 'file'), 'utf8')).toBe('here\n');
  });

  test('a failure tells the exit code and the last 20 lines', async () => {
    const running = runLocal(contextWith(), 'sh', ['-c', 'seq 1 30; exit 3']);
    await expect(running).rejects.toMatchObject({
      code: 'LOCAL_COMMAND',
      message: 'sh exited with 3',
      details: Array.from({ length: 20 }, (_, index) => String(index + 11)),
    });
  });

  test('a command that ends by a signal has failed', async () => {
    await expect(runLocal(contextWith(), 'sh', ['-c', 'kill -9 $$'])).rejects.toMatchObject({
      code: 'LOCAL_COMMAND',
      message: 'sh was ended by SIGKILL',
    });
  });

  test('an unknown command says what to install', async () => {
    await expect(runLocal(contextWith(), 'no-such-command', ['x'])).rejects.toMatchObject({
      code: 'LOCAL_COMMAND',
      message: 'no-such-command exited with 127',
      next: 'Install no-such-command, or add its folder to PATH',
    });
  });

  test('a folder that is not there is told', async () => {
    await expect(runLocal(contextWith(), 'true', [], { cwd: '/no/such/folder' })).rejects.toMatchObject({
      code: 'LOCAL_COMMAND',
      message: "true can't be started",
      next: expect.stringContaining('/no/such/folder is a folder'),
    });
  });

  test('an abort ends the command and its children', async () => {
    const context = contextWith();
    const cwd = await temporaryDirectory();
    const running = runLocal(context, 'sh', ['-c', 'echo started; (sleep 1; echo late > file); true'], { cwd });
    while (context.lines.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    context.abort();
    await expect(running).rejects.toMatchObject({ code: 'CANCELLED' });
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(await readdir(cwd)).toEqual([]);
  });

  test('an abort ends what moved to a session of its own, and waits until it is gone', async () => {
    vi.stubEnv('PAI_RUN', `run-${process.pid}`);
    onTestFinished(() => void vi.unstubAllEnvs());
    const context = contextWith();
    const script = 'setsid sh -c "trap \\"\\" HUP; sleep 300 & echo \\$!; wait" & wait';
    const running = runLocal(context, 'sh', ['-c', script]);
    while (context.lines.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    context.abort();
    await expect(running).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(processEntry(Number(context.lines[0]))?.zombie ?? true).toBe(true);
  });

  test('what a failed command left in the background is ended', async () => {
    const context = contextWith();
    const running = runLocal(context, 'sh', ['-c', 'sleep 300 > /dev/null 2>&1 & echo $!; exit 4']);
    await expect(running).rejects.toMatchObject({ message: 'sh exited with 4' });
    expect(processEntry(Number(context.lines[0]))?.zombie ?? true).toBe(true);
  });

  test('a command knows its run and its target', async () => {
    vi.stubEnv('PAI_RUN', 'run-1');
    onTestFinished(() => void vi.unstubAllEnvs());
    expect(await runLocal(contextWith(), 'sh', ['-c', 'echo $PAI_RUN $PAI_TARGET'])).toBe('run-1 files\n');
    vi.stubEnv('PAI_RUN', undefined);
    expect(await runLocal(contextWith(), 'sh', ['-c', 'echo $PAI_RUN$PAI_TARGET'])).toBe('\n');
  });

  test('nothing starts after an abort', async () => {
    const context = contextWith();
    context.abort();
    await expect(runLocal(context, 'echo', ['late'])).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(context.lines).toEqual([]);
  });
});
