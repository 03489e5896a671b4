import { formatRun } from '../../report/past-text.js';
import { findRun } from '../../state/find-run.js';
import { type Command, EXIT, wantsJson } from '../command.js';
import { placeOf } from '../place.js';
import { styleOf } from '../style.js';

/** `pai show`: what a run did, why, how long it took, how it ended, and where its logs are. */
export const show: Command = {
  async execute({ io, patterns, options }) {
    const { cacheDirectory } = await placeOf({ io, options });
    const run = findRun(cacheDirectory, patterns[0] ?? 'last');
    io.stdout(wantsJson(options) ? `${JSON.stringify(run)}\n` : formatRun(run, styleOf(io)));
    return EXIT.ok;
  },
};
