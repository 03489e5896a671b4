import type { Shell } from 'zx/core';
import type { Json } from './json.js';

/** What may stand in a recorded command. Each is quoted for the shell; a list is several words. */
export type CommandValue = string | number | boolean | readonly (string | number | boolean)[];

/** A command as `$` of a paifile records it: text that is run as it is, and values between its pieces. */
export interface LocalCommand {
  /** One more than there are values. */
  readonly pieces: readonly string[];
  readonly values: readonly CommandValue[];
}

/** What a task's function is given. */
export interface Workshop {
  /** `$` of zx, in the project's root: what commands say goes to the target's log, and they end when the target is cancelled. */
  readonly $: Shell;
  /** One line of progress. Never give it a secret. */
  readonly log: (line: string) => void;
  /** Aborted by a second interrupt or a time-out. */
  readonly signal: AbortSignal;
  /** The project's root, absolute. */
  readonly root: string;
}

/**
 * Work on files of the project, as data. Paths and globs are relative to the project's root, with forward slashes.
 * In a glob `*` and `?` stay within a name, `**` goes down folders, `[a-z]` and `{a,b}` are alternatives; names that begin with
 * a dot match like any other. Inputs never reach into `node_modules`, `.git` and `.cache` unless the pattern names them.
 */
export interface LocalTask {
  /**
   * Files that it reads. A folder stands for all that is in it; `!pattern` takes away from what the others match. A path that is
   * no glob has to exist. Its own outputs never count. A task that does not say what it reads always runs; `[]` says: no file.
   */
  readonly inputs?: readonly string[];
  /** Files that it makes: paths, and globs for names that are not known before. Left out, what depends on it sees its inputs. */
  readonly outputs?: readonly string[];
  /** Names of environment variables that change what it does. Their values enter the fingerprint; commands see all variables. */
  readonly env?: readonly string[];
  /** Tools whose version changes what it does, by name, and the command that tells the version. Asked once a run. */
  readonly tools?: Readonly<Record<string, LocalCommand>>;
  /** Anything else that it depends on. */
  readonly values?: Readonly<Record<string, Json>>;
  /** False: its outputs are neither kept nor put back, because making them is cheaper, or they are not to be kept. */
  readonly cache?: boolean;
  /**
   * Commands, run one after another in the project's root until one fails; or a function. What a function does can't be seen,
   * so the text of the paifile and of all that it imports from the project enters the fingerprint; packages do not.
   */
  readonly run: LocalCommand | readonly LocalCommand[] | ((workshop: Workshop) => Promise<unknown>);
}

/** How a declared output is not as the last run left it. */
export interface OutputProblem {
  /** Relative to the project's root. */
  readonly path: string;
  readonly problem: 'missing' | 'changed' | 'mode' | 'added';
}

/** A file that a task read or made, as it was recorded. */
export interface RecordedFile {
  /** Relative to the project's root. */
  readonly path: string;
  /** Hex SHA-256 over its kind (file, executable, link) and content. */
  readonly digest: string;
}

/** A task as a target has it. */
export interface LocalWork {
  readonly task: LocalTask;
  /** Inputs, normal paths relative to the root; undefined when the task does not say. */
  readonly inputs: readonly string[] | undefined;
  /** No input is a glob or is taken away. */
  readonly plain: boolean;
  /** Outputs, in the same way. */
  readonly outputs: readonly string[] | undefined;
  readonly plainOutputs: boolean;
  /** The task as text: equal for equal tasks. */
  readonly declared: string;
  /** The same with its paths as they were written. */
  readonly written: string;
  /** Digest of the paifile's code, for a task whose work is a function. */
  readonly code: string;
}

/** Everything on the disk that decides whether some targets are fresh, as it was when all of them were. */
export interface Survey {
  /** Inputs and outputs, folders that patterns were matched against, and places where nothing was; each once. */
  readonly paths: readonly string[];
  /** Five numbers a path (size, mtime, ctime, inode, mode), ten for a link; zeros for what is not there. */
  readonly rows: Float64Array;
}

/** A place that is no longer as it was surveyed. */
export interface ChangedPlace {
  readonly path: string;
  /** It was a folder and is one: what was found below it is told by places of its own. */
  readonly folder: boolean;
}

/** What became of targets that were all fresh when they were surveyed. */
export interface Surveyed {
  readonly targets: ReadonlySet<string>;
  /** Everything that the survey is about is as it was, but for these. */
  readonly changed: readonly ChangedPlace[];
  /** Whether no run has remembered anything since. */
  isCurrent(): boolean;
}
