import type { RecordedFile } from '../model/local.js';
import type { Stamp } from '../model/stamp.js';
import type { FileTable } from './file-table.js';

/** What is kept of a target: its stamp, and all that tells whether it still counts. */
export interface TargetRecord {
  readonly stamp: Stamp;
  /** The task and the names of its needs, as text: another text means that the rest has to be looked at again. */
  readonly declared: string;
  /** Output digests of its needs, in order of their names. */
  readonly needs: string;
  /** Digest of the environment variables and tool versions that it declares; '' when it declares none. */
  readonly surroundings: string;
  /** Whether the inputs are exactly the paths that are declared, in that order: then no glob has to be expanded. */
  readonly literal: boolean;
  readonly inputs: FileTable;
  readonly outputs: FileTable;
}

/** A record that was kept; nothing of it is decoded before it is asked for. */
export interface KeptRecord extends TargetRecord {
  /** Paths of the inputs, separated by line feeds. */
  readonly inputText: string;
  readonly outputText: string;
  /** Rows of all files: inputs, then outputs, from `rowStart` on. */
  readonly rows: Float64Array;
  readonly rowStart: number;
  readonly inputCount: number;
  readonly outputCount: number;
}

/** What is known of a target: its record; or that a run of it was begun and did not end well. */
export type Known = { readonly kind: 'done'; readonly record: KeptRecord } | { readonly kind: 'begun' };

/** Where records of local targets are kept. */
export interface LocalState {
  /** Where they are, absolute. A record that is added or taken away changes this file. */
  readonly file: string;
  get(target: string): Known | undefined;
  /**
   * Says that a target is about to run: from here on it has no stamp. Resolves once that is safe on the disk, where a stamp
   * was. Throws LOCAL_FILE when the stamp can't be taken away.
   */
  begin(target: string): Promise<void>;
  /** Keeps a record. Returns why it can't be kept, which costs no more than work. */
  put(record: TargetRecord): string | undefined;
  /** Keeps a record that says the same as the one before, at the end of the run. */
  refresh(record: TargetRecord): void;
  /** The same, where only the rows of its files are others than before. */
  refreshRows(target: string, inputs: FileTable, outputs: FileTable): void;
  /** Forgets a target. Throws LOCAL_FILE. */
  remove(target: string): Promise<void>;
  /** Targets that have records, by each of their outputs. */
  owners(): ReadonlyMap<string, string>;
  /** Writes what waits. Returns what went wrong, which costs no more than work. */
  close(): Promise<string | undefined>;
}

/** A target's recorded files of one kind. */
export function recordedFiles(table: FileTable): RecordedFile[] {
  return table.paths.map((path, index) => ({ path, digest: table.digests[index] ?? '' }));
}
