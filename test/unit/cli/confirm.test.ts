import { describe, expect, it } from 'vitest';
import type { Invocation } from '../../../src/cli/command.js';
import { confirmByWord } from '../../../src/cli/confirm.js';
import { watchInterrupts } from '../../../src/cli/interrupt.js';
import type { Io, Terminal } from '../../../src/cli/io.js';

const QUESTION = { lines: ['etcd:h1: deletes /var/lib/etcd'], meaning: 'the id of the cluster', word: 'prod' };

/** Asks, with somebody who types this; undefined: nobody is there. */
async function ask(typed: string | undefined, options: Invocation['options'] = {}): Promise<string> {
  let told = '';
  const terminal: Terminal = {
    whole: true,
    async ask(question) {
      told += question;
      return typed ?? '';
    },
  };
  const io: Io = {
    cwd: '/',
    stdout: () => {},
    stderr: (text) => {
      told += text;
    },
    onInterrupt: () => () => {},
    ...(typed !== undefined && { terminal }),
  };
  const interrupt = watchInterrupts(io);
  await confirmByWord({ io, patterns: [], options, commandLine: '', began: 0 }, QUESTION, interrupt);
  return told;
}

describe('what can not be taken back', () => {
  it('is done once the word is typed, after all that will happen was told', async () => {
    expect(await ask(' prod\n')).toBe(
      "etcd:h1: deletes /var/lib/etcd\nThis can't be taken back. Type the id of the cluster (prod) to go on: ",
    );
  });

  it.each(['y', 'yes', '', 'Prod', 'prod2', 'pro'])('is not done for %j', async (typed) => {
    await expect(ask(typed)).rejects.toMatchObject({
      code: 'NOT_CONFIRMED',
      message: 'what was typed is not the id of the cluster; nothing was changed',
      details: QUESTION.lines,
      next: 'Type prod to go on.',
    });
  });

  it('is not asked with --yes', async () => {
    expect(await ask('no', { yes: true })).toBe('');
    expect(await ask(undefined, { yes: true })).toBe('');
  });

  it('is not done where nobody can be asked, who is told how', async () => {
    await expect(ask(undefined)).rejects.toMatchObject({
      code: 'NOT_CONFIRMED',
      next: 'Run it at a terminal, where the id of the cluster has to be typed, or add --yes.',
    });
  });
});
