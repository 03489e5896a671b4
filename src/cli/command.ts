import type { GraphFormat } from '../report/graph-text.js';
import type { Io } from './io.js';

/** How a run is told. */
export type OutputFormat = 'tty' | 'plain' | 'grouped' | 'github' | 'json';

/** Options of all commands, by the names that commander gives them; absent where a command has none or it was not given. */
export interface Options {
  readonly path?: string;
  /** Work on the sandbox. */
  readonly sandbox?: boolean;
  readonly hostKeys?: 'accept-new' | 'strict';
  /** What undefined variables of templates do. */
  readonly undefined?: 'strict' | 'jinja';
  readonly json?: boolean;
  readonly output?: OutputFormat;
  readonly format?: GraphFormat;
  /** File for a trace of the run. */
  readonly profile?: string;
  readonly jobs?: number;
  readonly force?: boolean;
  readonly dryRun?: boolean;
  readonly failFast?: boolean;
  readonly keepGoing?: boolean;
  readonly retryFailed?: boolean;
  /** Of run: back to what was applied before. */
  readonly rollback?: boolean;
  /** Of clean: data too. */
  readonly deleteData?: boolean;
  /** Of clean: images in their registry too. */
  readonly remote?: boolean;
  readonly only?: boolean;
  readonly exclude?: readonly string[];
  /** `2` or `20%`. */
  readonly batch?: string;
  /** What may be done although something speaks against it. */
  readonly allow?: readonly string[];
  readonly yes?: boolean;
  readonly waitLock?: boolean;
  readonly verbose?: boolean;
  readonly all?: boolean;
  readonly explain?: boolean;
  readonly detailedExitcode?: boolean;
  readonly follow?: boolean;
  /** Last lines of logs. */
  readonly tail?: number;
  /** Whose logs. */
  readonly container?: string;
  /** Of service new: with a startscript and a stopscript. */
  readonly scripts?: boolean;
  readonly run?: string;
  /** False for `--no-cache`. */
  readonly cache?: boolean;
  readonly cacheDir?: string;
  readonly maxSize?: string;
  /** Show what a configuration comes to. */
  readonly resolved?: boolean;
  /** A list of machines. */
  readonly input?: string;
  /** Folder to write to. */
  readonly out?: string;
  readonly masters?: number;
  readonly workers?: number;
  /** False for `--no-proxy`. */
  readonly proxy?: boolean;
  /** A template; a list of machines; a snapshot. */
  readonly file?: string;
  /** Seconds. */
  readonly timeout?: number;
  /** Of doctor: against the security baseline. */
  readonly security?: boolean;
  /** A file of values. */
  readonly values?: string;
  /** No shell on the sandbox's hosts. */
  readonly hostsInProcess?: boolean;
}

/** One call of a command. */
export interface Invocation {
  readonly io: Io;
  /** Targets, groups and globs as given. */
  readonly patterns: readonly string[];
  readonly options: Options;
  /** As it could be typed again. */
  readonly commandLine: string;
  /** When it was called, in milliseconds since the epoch. */
  readonly began: number;
  /** Set once a paifile is loaded: a stack trace of ours with the places of its sources. */
  mapStack?: (stack: string) => string;
}

/** A command's module. Resolves to the exit code; rejects with a PaiError for what can't be done. */
export interface Command {
  execute(invocation: Invocation): Promise<number>;
}

/** Exit codes: scripts rely on them. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  changes: 3,
  hungUp: 129,
  interrupted: 130,
  terminated: 143,
} as const;

/** A word as a shell reads it back. */
export function shellWord(word: string): string {
  return /^[\w./:@%+,=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** Whether machines read what a command writes. */
export function wantsJson(options: Options): boolean {
  return options.json === true || options.output === 'json';
}
