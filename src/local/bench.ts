import type { OutputCache } from '../model/output-cache.js';
import type { Neighbours } from './neighbours.js';
import type { LocalState, TargetRecord } from './records.js';
import type { Runner } from './runner.js';
import type { Settling } from './settle.js';
import type { Tree } from './tree.js';

/** What all parts of the driver share. */
export interface LocalBench {
  readonly tree: Tree;
  readonly state: LocalState;
  readonly runner: Runner;
  /** Outputs of earlier runs; undefined when they are neither to be used nor kept. */
  readonly cache: OutputCache | undefined;
  readonly neighbours: Neighbours;
  readonly now: () => number;
  readonly settling: Settling;
}

/** A record but for what was looked at. */
export type RecordFrame = Omit<TargetRecord, 'stamp' | 'inputs' | 'outputs'>;
