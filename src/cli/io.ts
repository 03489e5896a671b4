import type { Write } from '../report/reporter.js';
import type { Screen } from '../report/screen.js';
import type { Environment } from '../report/style.js';
import { processScreen } from './process-screen.js';

/** The outside of the program, so that tests can be one. */
export interface Io {
  readonly cwd: string;
  /** Results: what may be piped elsewhere. */
  readonly stdout: Write;
  /** Errors and usage. */
  readonly stderr: Write;
  /** Environment variables; absent: none. */
  readonly env?: Environment;
  /** What standard output is, when it is a terminal. */
  readonly screen?: Screen;
  /** Calls back for each SIGINT or SIGTERM until the returned function is called. */
  onInterrupt(listener: () => void): () => void;
}

/** The real outside. */
export function processIo(): Io {
  // Whoever reads may stop early (`pai list | head`); there is nobody left to tell.
  process.stdout.on('error', ignoreClosedPipe);
  return {
    cwd: process.cwd(),
    stdout: (text) => process.stdout.write(text),
    stderr: (text) => process.stderr.write(text),
    env: process.env,
    ...(process.stdout.isTTY && { screen: processScreen() }),
    onInterrupt(listener) {
      process.on('SIGINT', listener);
      process.on('SIGTERM', listener);
      return () => {
        process.off('SIGINT', listener);
        process.off('SIGTERM', listener);
      };
    },
  };
}

function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}
