import type { RecordedFile } from '../model/local.js';

/** Keeps outputs by the fingerprint of what made them, and puts them back instead of running it. */
export interface OutputStore {
  /**
   * Puts the outputs back that were kept under a fingerprint, whole files with their modes. False when they are not there, or
   * damaged; then nothing was changed, or only files that the command makes anyway.
   */
  restore(fingerprint: string, log: (line: string) => void): Promise<boolean>;
  /** Keeps outputs as they are on the disk. Does not reject: what can't be kept costs work later. */
  keep(fingerprint: string, outputs: readonly RecordedFile[], log: (line: string) => void): Promise<void>;
}
