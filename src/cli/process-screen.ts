import type { Screen, ScreenEvent } from '../report/screen.js';
import type { Environment } from '../report/style.js';

/** What a terminal that does not know its size is taken for. */
const DEFAULT_COLUMNS = 80;
const DEFAULT_ROWS = 24;

/** The terminal that standard output is. */
export function processScreen(): Screen {
  const { stdout } = process;
  const write = stdout.write.bind(stdout);
  return {
    write: (text) => write(text),
    // A pseudo-terminal that nobody gave a size has none of either.
    size: () => ({ columns: stdout.columns || DEFAULT_COLUMNS, rows: stdout.rows || DEFAULT_ROWS }),
    reflows: reflows(process.env),
    on: watch,
    capture,
  };
}

/** Whether the terminal breaks lines when its window becomes narrower. Few do not, and they can be known by their names. */
export function reflows({ TERM = '', TMUX, XTERM_VERSION }: Environment): boolean {
  if (TMUX !== undefined) return true;
  return XTERM_VERSION === undefined && !/^(linux|rxvt|st|screen)\b/.test(TERM);
}

function watch(listener: (happened: ScreenEvent) => void): () => void {
  const resize = (): void => listener('resize');
  const resume = (): void => listener('resume');
  const exit = (): void => listener('exit');
  const suspend = (): void => {
    listener('suspend');
    // What Ctrl-Z means by itself; in a process group that nobody could wake up again it means nothing.
    process.off('SIGTSTP', suspend).off('SIGCONT', resume);
    process.kill(process.pid, 'SIGTSTP');
    process.on('SIGTSTP', suspend).on('SIGCONT', resume);
    listener('resume');
  };
  const signals = process.platform !== 'win32';
  process.stdout.on('resize', resize);
  process.on('exit', exit);
  if (signals) process.on('SIGTSTP', suspend).on('SIGCONT', resume);
  return () => {
    process.stdout.off('resize', resize);
    process.off('exit', exit);
    if (signals) process.off('SIGTSTP', suspend).off('SIGCONT', resume);
  };
}

/** Hands what the process writes to standard output and error to a listener, a line at a time. */
function capture(listener: (line: string) => void): () => void {
  // An output that goes elsewhere disturbs nobody.
  const streams = [process.stdout, process.stderr].filter((stream) => stream.isTTY);
  const undo = streams.map((stream) => {
    const lines = lineByLine(listener);
    const original = stream.write;
    stream.write = (chunk: Uint8Array | string, ...rest: unknown[]): boolean => {
      lines.tell(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString());
      const [done] = rest.filter((given) => typeof given === 'function');
      if (done !== undefined) process.nextTick(done);
      return true;
    };
    return () => {
      stream.write = original;
      lines.finish();
    };
  });
  return () => {
    for (const restore of undo) restore();
  };
}

function lineByLine(listener: (line: string) => void): { tell(text: string): void; finish(): void } {
  let rest = '';
  return {
    tell(text) {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) listener(line);
    },
    finish() {
      if (rest !== '') listener(rest);
      rest = '';
    },
  };
}
