import { formatPastTarget } from '../../report/past-text.js';
import { oneLine } from '../../report/text.js';
import { type FoundTarget, findTarget } from '../../state/find-run.js';
import { followLog, readLog } from '../../state/log-tail.js';
import { type Command, EXIT, type Invocation, wantsJson } from '../command.js';
import { placeOf } from '../place.js';

/** `pai logs`: what a target said when it last ran; with `-f` also what it is saying, until it ends. */
export const logs: Command = {
  async execute(invocation) {
    const { patterns, options } = invocation;
    const { cacheDirectory } = await placeOf(invocation);
    const [name = ''] = patterns;
    const follow = options.follow === true;
    const where = { coming: follow, ...(options.run !== undefined && { run: options.run }) };
    const found = findTarget(cacheDirectory, name, where);
    const atWork = found.run.ending === 'running' && ['started', 'waiting'].includes(found.target.outcome);
    if (follow && atWork) return followTarget(invocation, cacheDirectory, found);
    writeLog(invocation, found);
    return EXIT.ok;
  },
};

function writeLog({ io, options }: Invocation, { run, target }: FoundTarget): void {
  const lines = readLog(run, target.name);
  if (wantsJson(options)) {
    io.stdout(`${JSON.stringify({ run: run.id, target, lines })}\n`);
    return;
  }
  // Not among the lines, so that they can be piped elsewhere.
  io.stderr(formatPastTarget(run, target));
  io.stdout(lines.map((line) => `${oneLine(line)}\n`).join(''));
}

async function followTarget(
  { io, options }: Invocation,
  cacheDirectory: string,
  { run, target }: FoundTarget,
): Promise<number> {
  const json = wantsJson(options);
  const name = target.name;
  const interrupted = new AbortController();
  const unwatch = io.onInterrupt(() => interrupted.abort());
  try {
    if (!json) io.stderr(formatPastTarget(run, target));
    const tell = (line: string): void => {
      io.stdout(json ? `${JSON.stringify({ type: 'target-log', target: name, line })}\n` : `${oneLine(line)}\n`);
    };
    await followLog(cacheDirectory, run, name, tell, interrupted.signal);
    if (interrupted.signal.aborted) return EXIT.interrupted;
    const ended = findTarget(cacheDirectory, name, { run: run.id });
    if (json) io.stdout(`${JSON.stringify({ type: 'target-end', run: run.id, target: ended.target })}\n`);
    else io.stderr(formatPastTarget(ended.run, ended.target));
    return EXIT.ok;
  } finally {
    unwatch();
  }
}
