import { compareTexts } from '../../cluster/compare.js';
import { PaiError } from '../../model/errors.js';
import { formatConfigurationDiff, formatHistory } from '../../report/config-text.js';
import { diffText, unified } from '../../report/line-diff.js';
import { EXIT, type Invocation, wantsJson } from '../command.js';
import {
  type Copied,
  type Copies,
  findRevision,
  localFiles,
  pull as pullCopy,
  push as pushCopy,
} from '../configuration-copies.js';
import { openProject } from '../project.js';
import { styleOf } from '../style.js';
import { withWorkbench } from '../working.js';
import type { ConfigWork } from './config.js';

/** `pai config push`: keeps a copy in the cluster. */
export const push: ConfigWork = (invocation, words) =>
  withCopies(invocation, words, 0, async (copies) => {
    const copied = await pushCopy(copies, invocation.options.force === true);
    tell(invocation, copied, copied.changed ? 'pushed as' : 'nothing to push: it is');
    return EXIT.ok;
  });

/** `pai config pull [revision]`: takes a copy from the cluster. */
export const pull: ConfigWork = (invocation, words) =>
  withCopies(invocation, words, 1, async (copies) => {
    const copied = await pullCopy(copies, invocation.options.force === true, words[0]);
    tell(invocation, copied, copied.changed ? 'pulled' : 'nothing to pull: it is');
    return EXIT.ok;
  });

/** `pai config history`: who pushed what when. */
export const history: ConfigWork = (invocation, words) =>
  withCopies(invocation, words, 0, async ({ store }) => {
    const { io, options } = invocation;
    const revisions = await store.list();
    io.stdout(wantsJson(options) ? `${JSON.stringify(revisions)}\n` : formatHistory(revisions));
    return EXIT.ok;
  });

/** `pai config diff [revision]`: from the copy in the cluster to what is here. */
export const diff: ConfigWork = (invocation, words) =>
  withCopies(invocation, words, 1, async ({ store, cluster }) => {
    const { io, options } = invocation;
    const { revision, files } = await findRevision(store, words[0]);
    const compared = compareTexts(files, await localFiles(cluster.directory)).map(({ before, after, ...rest }) => ({
      ...rest,
      hunks: diffText(before, after),
    }));
    if (wantsJson(options)) {
      const told = compared.map(({ hunks, ...rest }) => ({ ...rest, diff: hunks.flatMap(unified).join('\n') }));
      io.stdout(`${JSON.stringify({ revision, files: told })}\n`);
    } else io.stdout(formatConfigurationDiff(revision, compared, styleOf(io)));
    return EXIT.ok;
  });

async function withCopies(
  invocation: Invocation,
  words: readonly string[],
  most: number,
  work: (copies: Copies) => Promise<number>,
): Promise<number> {
  if (words.length > most) {
    throw new PaiError('USAGE', `'${words[most]}' is too much`, {
      next: 'Run `pai config --help` to see what there is.',
    });
  }
  const project = await openProject(invocation);
  const cluster = await project.cluster();
  const { cacheDirectory } = project;
  return withWorkbench(project, invocation.options, async ({ configurations }) =>
    work({ cluster, cacheDirectory, store: await configurations() }),
  );
}

function tell({ io, options }: Invocation, { revision, changed }: Copied, how: string): void {
  const { number, by, at } = revision;
  io.stdout(
    wantsJson(options) ? `${JSON.stringify({ revision, changed })}\n` : `${how} revision ${number} (${by}, ${at})\n`,
  );
}
