import { PaiError } from '../model/errors.js';
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

/** What can't be taken back, and the word that somebody has to type for it. */
export interface TypedQuestion {
  /** What will happen, a line each. */
  readonly lines: readonly string[];
  /** `the id of the cluster` */
  readonly meaning: string;
  readonly word: string;
}

/**
 * Has what can't be taken back confirmed: by `--yes`, or by a word that is typed at the terminal. A `y` that was meant for something else is none.
 * Throws NOT_CONFIRMED when another word is typed or nobody can be asked.
 */
export async function confirmByWord(
  { io, options }: Invocation,
  { lines, meaning, word }: TypedQuestion,
  interrupt: Interrupt,
): Promise<void> {
  if (options.yes === true) return;
  const refuse = (message: string, next: string): PaiError =>
    new PaiError('NOT_CONFIRMED', message, { details: lines, next });
  if (io.terminal === undefined) {
    throw refuse(
      'nobody is here to answer; nothing was changed',
      `Run it at a terminal, where ${meaning} has to be typed, or add --yes.`,
    );
  }
  for (const line of lines) io.stderr(`${line}\n`);
  const answer = await interrupt.orStop(
    io.terminal.ask(`This can't be taken back. Type ${meaning} (${word}) to go on: `, interrupt.stop),
  );
  if (answer.trim() === word) return;
  throw refuse(`what was typed is not ${meaning}; nothing was changed`, `Type ${word} to go on.`);
}
