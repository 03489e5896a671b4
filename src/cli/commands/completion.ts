import { PaiError } from '../../model/errors.js';
import { didYouMean } from '../../model/suggest.js';
import { type Command, EXIT } from '../command.js';

/** `pai completion`: writes the script that teaches a shell to complete commands, options and targets. */
export const completion: Command = {
  async execute({ io, patterns: [shell = ''] }) {
    io.stdout(await scriptOf(shell));
    return EXIT.ok;
  },
};

async function scriptOf(shell: string): Promise<string> {
  switch (shell) {
    case 'bash':
      return (await import('../completion/bash.js')).bash;
    case 'zsh':
      return (await import('../completion/zsh.js')).zsh;
    case 'fish':
      return (await import('../completion/fish.js')).fish;
    default: {
      const hint = didYouMean(shell, SHELLS);
      throw new PaiError('USAGE', `there is no completion for ${shell}${hint === undefined ? '' : `; ${hint}`}`, {
        next: 'Ask for bash, zsh or fish.',
      });
    }
  }
}

const SHELLS = ['bash', 'zsh', 'fish'];
