import type { Node } from './graph.js';

/** A folder with the graph's inputs, for one contender. */
export interface Project {
  readonly root: string;
  readonly graph: readonly Node[];
  /** How many targets may run at a time. */
  readonly jobs: number;
}

/** Somebody who can run the graph. */
export interface Contender {
  readonly name: string;
  /** Larger graphs are not measured, for the time that it takes. */
  readonly most?: number;
  /** Whether a scenario makes sense; all do unless told. */
  readonly scenarios?: readonly Scenario[];
  /** Makes it ready in the cache folder; returns what to call it with. Throws when it can't be had. */
  install(cache: string): Installed | Promise<Installed>;
}

export type Scenario = 'nothing' | 'change' | 'all';

export interface Installed {
  readonly version: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Writes the graph in its own words. Runs once. */
  write(project: Project): void;
  /** Brings everything up to date. */
  command(project: Project): readonly string[];
  /** Files and folders that it keeps in the project, so that without them (and the outputs) all has to run. */
  readonly keeps: readonly string[];
  /** Of these, a folder that stays. */
  readonly spares?: string;
  /** Called before a measurement with the targets that have to run; floors have to be told. */
  prepare?(project: Project, stale: readonly Node[]): void;
  /** Called after each measurement. */
  settle?(project: Project): void;
  /** Ends what it left running. */
  stop?(project: Project): void;
}
