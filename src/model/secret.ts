import { PaiError } from './errors.js';

/** How Node is told what `console.log` and errors show of an object. */
const INSPECT = Symbol.for('nodejs.util.inspect.custom');

/** What stands for a secret wherever it is shown. */
export const MASK = '(secret)';

/**
 * A text that nobody sees by accident: whatever shows it shows a mask, and it can't be written as JSON, so that it never gets into a
 * record or an unkeyed digest. It may be one that has to be asked for; then it is asked for at the first call of `reveal`, once.
 */
export class Secret {
  #source: string | Promise<string> | (() => Promise<string>);

  constructor(source: string | (() => Promise<string>)) {
    this.#source = source;
  }

  /** The text itself. Throws SECRET when it can't be had. */
  async reveal(): Promise<string> {
    if (typeof this.#source === 'function') this.#source = this.#source();
    return this.#source;
  }

  toString(): string {
    return MASK;
  }

  toJSON(): never {
    throw new PaiError('SECRET', 'a secret of the configuration is to be written as JSON', {
      next: 'Take its text where it is used, with `await secret.reveal()`, and mark the part or file that has it as secret.',
    });
  }

  [INSPECT](): string {
    return MASK;
  }
}

/** The text of what may be a secret. Throws SECRET. */
export async function reveal(text: string | Secret): Promise<string> {
  return typeof text === 'string' ? text : text.reveal();
}

/** What was thrown by secrets that could not be had, and more lines of the same kind, as one SECRET. */
export function secretError(thrown: readonly unknown[], lines: readonly string[] = []): PaiError {
  const unexpected = thrown.find((error) => !(error instanceof PaiError) || error.code !== 'SECRET');
  if (unexpected !== undefined) throw unexpected;
  const details = new Set(lines);
  for (const error of thrown) if (error instanceof PaiError) for (const line of error.details) details.add(line);
  const count = details.size === 1 ? 'a secret' : `${details.size} secrets`;
  return new PaiError('SECRET', `${count} of the configuration can't be had`, {
    details: [...details],
    next: 'Correct what the lines above tell; nothing was changed.',
  });
}
