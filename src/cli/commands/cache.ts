import path from 'node:path';
import { PaiError } from '../../model/errors.js';
import { didYouMean } from '../../model/suggest.js';
import { formatDamage, formatPruned, formatStat } from '../../report/cache-text.js';
import { measure, prune } from '../../state/output-cache/evict.js';
import { hitsOf } from '../../state/output-cache/growth.js';
import { type Layout, layoutOf } from '../../state/output-cache/layout.js';
import { verify } from '../../state/output-cache/verify.js';
import { givenCacheDirectory, maxCacheBytes, ownCacheDirectory } from '../cache-place.js';
import { type Command, EXIT, type Invocation, wantsJson } from '../command.js';
import { findRoot } from '../root.js';

const WORK: Readonly<Record<string, (invocation: Invocation, layout: Layout) => Promise<number>>> = {
  stat: showStat,
  prune: pruneCache,
  verify: verifyCache,
};

/** `pai cache`: looks after the cache of outputs. Needs no configuration, and with a given folder no project. */
export const cache: Command = {
  async execute(invocation) {
    const { io, patterns, options } = invocation;
    const [what = ''] = patterns;
    const work = Object.hasOwn(WORK, what) ? WORK[what] : undefined;
    if (work === undefined) {
      const meant = didYouMean(what, Object.keys(WORK));
      throw new PaiError('USAGE', `pai cache has no '${what}'${meant === undefined ? '' : `; ${meant}`}`, {
        next: 'Say `pai cache stat`, `pai cache prune` or `pai cache verify`.',
      });
    }
    const directory =
      givenCacheDirectory(options, io.cwd) ?? ownCacheDirectory(path.join(await findRoot(io.cwd), '.cache'));
    return guarded(directory, () => work(invocation, layoutOf(directory)));
  },
};

async function showStat({ io, options }: Invocation, layout: Layout): Promise<number> {
  const maxBytes = maxCacheBytes(options);
  const [size, hits] = await Promise.all([measure(layout), hitsOf(layout)]);
  const stat = { directory: layout.directory, ...size, maxBytes, hits };
  io.stdout(wantsJson(options) ? json(stat) : formatStat(stat));
  return EXIT.ok;
}

async function pruneCache({ io, options }: Invocation, layout: Layout): Promise<number> {
  const pruned = await prune(layout, maxCacheBytes(options), Date.now());
  io.stdout(wantsJson(options) ? json(pruned) : formatPruned(pruned));
  return EXIT.ok;
}

async function verifyCache({ io, options }: Invocation, layout: Layout): Promise<number> {
  const verified = await verify(layout);
  io.stdout(wantsJson(options) ? json(verified) : formatDamage(verified));
  return verified.damaged.length === 0 ? EXIT.ok : EXIT.failed;
}

async function guarded(directory: string, work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof PaiError || !(error instanceof Error && 'syscall' in error)) throw error;
    throw new PaiError('LOCAL_FILE', `output cache ${directory}: ${error.message}`, {
      next: `Give yourself permission for ${directory}, or delete it: it is made again.`,
      cause: error,
    });
  }
}

function json(value: object): string {
  return `${JSON.stringify(value)}\n`;
}
