import { formatRun } from '../../report/past-text.js';
import { findRun } from '../../state/find-run.js';
import { type Command, EXIT, wantsJson } from '../command.js';
import { cacheOf, findRoot } from '../root.js';
import { styleOf } from '../style.js';

/** `pai show`: what a run did, why, how long it took, how it ended, and where its logs are. */
export const show: Command = {
  async execute({ io, patterns, options }) {
    const run = findRun(cacheOf(await findRoot(io.cwd)), patterns[0] ?? 'last');
    io.stdout(wantsJson(options) ? `${JSON.stringify(run)}\n` : formatRun(run, styleOf(io)));
    return EXIT.ok;
  },
};
