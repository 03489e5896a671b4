import { PaiError } from '../../model/errors.js';
import { didYouMean } from '../../model/suggest.js';
import type { Command, Invocation } from '../command.js';

/** Does what an action says, with the words behind it. Resolves to the exit code. */
export type ConfigWork = (invocation: Invocation, words: readonly string[]) => Promise<number>;

const WORK: Readonly<Record<string, () => Promise<ConfigWork>>> = {
  validate: async () => (await import('./config-show.js')).validate,
  show: async () => (await import('./config-show.js')).show,
  explain: async () => (await import('./config-show.js')).explain,
};

/** `pai config`: looks after the files of the configuration. */
export const config: Command = {
  async execute(invocation) {
    const [what = '', ...words] = invocation.patterns;
    const load = Object.hasOwn(WORK, what) ? WORK[what] : undefined;
    if (load === undefined) {
      const meant = didYouMean(what, Object.keys(WORK));
      throw new PaiError('USAGE', `pai config has no '${what}'${meant === undefined ? '' : `; ${meant}`}`, {
        next: `There are: ${Object.keys(WORK).join(', ')}.`,
      });
    }
    return (await load())(invocation, words);
  },
};
