import { userInfo } from 'node:os';
import path from 'node:path';
import { askWishes } from '../../cluster/generate/ask.js';
import { PaiError } from '../../model/errors.js';
import type { Command } from '../command.js';
import { Interrupted, watchInterrupts } from '../interrupt.js';
import { placeOf } from '../place.js';
import { nameServer, refuseIfThere, writeAndTell } from './config-generate.js';

/** `pai init`: asks for what a configuration needs, and writes one. */
export const init: Command = {
  async execute(invocation) {
    const { io, options } = invocation;
    const { terminal } = io;
    if (terminal === undefined) {
      throw new PaiError('USAGE', 'pai init asks questions, and nobody is here to answer', {
        next: 'Write a list of machines, and run `pai config generate -i LIST -o DIR`.',
      });
    }
    const folder =
      options.out === undefined
        ? (await placeOf(invocation)).configurationDirectory
        : path.resolve(io.cwd, options.out);
    await refuseIfThere(invocation, folder);
    const interrupt = watchInterrupts({ ...io, stderr: () => undefined });
    try {
      const clusterDns = nameServer();
      const wishes = await askWishes(
        {
          ask: (question) => interrupt.orStop(terminal.ask(question, interrupt.stop)),
          tell: (line) => void io.stderr(`${line}\n`),
        },
        { user: userInfo().username, ...(clusterDns !== undefined && { clusterDns }) },
        io.cwd,
      );
      return await writeAndTell(invocation, wishes, folder);
    } catch (thrown) {
      if (!(thrown instanceof Interrupted) || interrupt.exitCode === undefined) throw thrown;
      io.stderr('\nnothing was written\n');
      return interrupt.exitCode;
    } finally {
      interrupt.unwatch();
    }
  },
};
