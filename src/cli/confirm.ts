import { notConfirmed, type Question } from '../run/confirm.js';
import type { Invocation } from './command.js';
import type { Interrupt } from './interrupt.js';

/**
 * Has what targets ask answered: by `--yes`, or once for all of them at the terminal. Returns the targets that may go.
 * Throws NOT_CONFIRMED when the answer is no or nobody can be asked.
 */
export async function confirm(
  { io, options }: Invocation,
  questions: readonly Question[],
  interrupt: Interrupt,
): Promise<ReadonlySet<string>> {
  const targets = new Set(questions.map(({ target }) => target));
  if (questions.length === 0 || options.yes === true) return targets;
  if (io.terminal === undefined) {
    throw notConfirmed(
      questions,
      'nobody is here to answer; nothing was changed',
      'Run it at a terminal, or answer all with --yes.',
    );
  }
  for (const { target, question } of questions) io.stderr(`${target}: ${question}\n`);
  const all = questions.length === 1 ? 'Go on?' : `Yes to all ${questions.length}?`;
  const answer = await interrupt.orStop(io.terminal.ask(`${all} [y/N] `, interrupt.stop));
  if (/^y(es)?$/i.test(answer.trim())) return targets;
  throw notConfirmed(
    questions,
    'the answer was no; nothing was changed',
    'Answer y to go on, or leave them out with --exclude.',
  );
}
