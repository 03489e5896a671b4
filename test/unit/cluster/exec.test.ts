import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { outputOf } from '../../../src/cluster/exec.js';

const run = (command: string, seconds?: number) => outputOf(command, { cwd: tmpdir(), ...(seconds && { seconds }) });

/** Command lines of this machine. */
const commandLines = () => execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' });

describe('a command that gives a value', () => {
  it('gives its standard output without the last newline, whatever it says besides', async () => {
    expect(await run('echo warned >&2; printf "a\\nb\\n\\n"')).toEqual({ text: 'a\nb\n' });
    expect(await run('printf "a\\r\\n"')).toEqual({ text: 'a' });
    expect(await run('true')).toEqual({ text: '' });
  });

  it('has no standard input to wait for', async () => {
    expect(await run('cat; echo end')).toEqual({ text: 'end' });
  });

  it('is ended with all that it started when it takes too long', async () => {
    const mark = `60.${process.pid}`;
    const result = await run(`echo working >&2; sleep ${mark} & sleep ${mark}`, 0.3);
    expect(result).toEqual({ failed: 'did not end within 0.3 s', said: ['working'] });
    expect(commandLines()).not.toContain(`sleep ${mark}`);
  });

  it('is ended when its output has no end', async () => {
    expect(await run('yes')).toMatchObject({ failed: 'wrote more than 1024 KiB' });
  });

  it('that fails tells the last lines of its standard error only', async () => {
    const result = await run('echo out; for n in $(seq 30); do echo line $n >&2; done; exit 7');
    expect(result).toEqual({
      failed: 'exited with 7',
      said: Array.from({ length: 10 }, (_, index) => `line ${index + 21}`),
    });
    expect(await run('kill -9 $$')).toEqual({ failed: 'was ended by SIGKILL', said: [] });
  });
});
