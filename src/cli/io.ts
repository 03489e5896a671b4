import { createInterface } from 'node:readline/promises';
import type { Write } from '../report/reporter.js';
import type { Screen } from '../report/screen.js';
import type { Environment } from '../report/style.js';
import { processScreen } from './process-screen.js';

/** Signals that ask the program to stop. Whether one was ignored before (nohup) can't be told: Node takes all of them back. */
const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
export type StopSignal = (typeof STOP_SIGNALS)[number];

/** Somebody at a terminal. */
export interface Terminal {
  /** Asks a question and resolves to the line that was typed; empty at the end of the input. Rejects when the signal is aborted. */
  ask(question: string, signal: AbortSignal): Promise<string>;
  /** Whether input and output are both the terminal, so that it can be handed over to a command. */
  readonly whole: boolean;
}

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
  /** Absent when nobody can be asked. */
  readonly terminal?: Terminal;
  /** Calls back for each signal that asks to stop, until the returned function is called. */
  onInterrupt(listener: (signal: StopSignal) => void): () => void;
}

/** The real outside. */
export function processIo(): Io {
  // Whoever reads may stop early (`pai list | head`), or close the terminal; there is nobody left to tell.
  process.stdout.on('error', ignoreNoReader);
  process.stderr.on('error', ignoreNoReader);
  return {
    cwd: process.cwd(),
    stdout: (text) => process.stdout.write(text),
    stderr: (text) => process.stderr.write(text),
    env: process.env,
    ...(process.stdout.isTTY && { screen: processScreen() }),
    ...(process.stdin.isTTY && process.stderr.isTTY && { terminal: { ask, whole: process.stdout.isTTY } }),
    onInterrupt(listener) {
      for (const signal of STOP_SIGNALS) process.on(signal, listener);
      return () => {
        for (const signal of STOP_SIGNALS) process.off(signal, listener);
      };
    },
  };
}

/** Not in raw mode, so that an interrupt stays one; to standard error, so that results may be piped elsewhere. */
async function ask(question: string, signal: AbortSignal): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr, terminal: false });
  try {
    const atEnd = new Promise<string>((resolve) => lines.once('close', () => resolve('')));
    return await Promise.race([lines.question(question, { signal }), atEnd]);
  } finally {
    lines.close();
    process.stdin.pause();
  }
}

function ignoreNoReader(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
}
