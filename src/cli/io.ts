import type { Write } from '../report/reporter.js';

/** The outside of the program, so that tests can be one. */
export interface Io {
  readonly cwd: string;
  /** Results: what may be piped elsewhere. */
  readonly stdout: Write;
  /** Errors and usage. */
  readonly stderr: Write;
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
