import { formatHistory } from '../../report/past-text.js';
import { readRun, runIds } from '../../state/past-runs.js';
import { type Command, EXIT, wantsJson } from '../command.js';
import { placeOf } from '../place.js';
import { styleOf } from '../style.js';

/** `pai history`: the runs that are recorded, newest first. */
export const history: Command = {
  async execute({ io, options }) {
    const { cacheDirectory } = await placeOf({ io, options });
    const runs = runIds(cacheDirectory).map((id) => readRun(cacheDirectory, id));
    if (wantsJson(options)) {
      // What each target did is `pai show`'s to tell.
      io.stdout(`${JSON.stringify({ runs: runs.map(({ targets: _, ...run }) => run) })}\n`);
    } else {
      io.stdout(formatHistory(runs, styleOf(io)));
    }
    return EXIT.ok;
  },
};
