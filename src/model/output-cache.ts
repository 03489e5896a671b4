/** An output as the cache knows it. `path` is relative to the project's folder, with forward slashes. */
export type CachedOutput =
  | {
      readonly kind: 'file';
      readonly path: string;
      /** Permission bits, 0 to 0o777. */
      readonly mode: number;
      /** Bytes. */
      readonly size: number;
      /** Hex SHA-256 of the content. */
      readonly digest: string;
    }
  | {
      readonly kind: 'link';
      readonly path: string;
      /** What the symbolic link says. */
      readonly to: string;
    };

/** What is asked back from the cache. */
export interface RestoreRequest {
  readonly target: string;
  /** Hex SHA-256: what the outputs were made from. */
  readonly fingerprint: string;
  /** Whether the target declares a path (relative to the project) as its output; nothing else is ever written. */
  readonly declares: (path: string) => boolean;
  /** What is there now of the declared outputs; what of it does not belong to the restored ones is removed. */
  readonly existing: readonly string[];
  /** Ends it between two files. */
  readonly signal?: AbortSignal;
}

/** What is given to the cache. */
export interface PutRequest {
  readonly target: string;
  /** Hex SHA-256: what the outputs were made from. */
  readonly fingerprint: string;
  /** Id of the run that made them; for people. */
  readonly run: string;
  /** Paths of all outputs, files and symbolic links. */
  readonly outputs: readonly string[];
  /** Asked when all are copied: whether they still are what the target's stamp was made from. */
  readonly unchanged?: () => boolean;
}

/**
 * Outputs of targets, kept by fingerprint. A cache that is missing, damaged, read-only or on a full disk costs a warning and work,
 * never a wrong result: neither function rejects for it.
 */
export interface OutputCache {
  /**
   * Puts outputs back. The target must have no stamp while it does, so that an interruption does not count. Resolves to what is
   * there now, all of it verified; to undefined when the target has to run (the outputs may then be partly replaced).
   * Rejects only with the signal's reason.
   */
  restore(request: RestoreRequest): Promise<readonly CachedOutput[] | undefined>;
  /** Keeps outputs; none of them when they changed meanwhile. */
  put(request: PutRequest): Promise<void>;
  /** Removes what was used least recently, when there is more than there may be. To be called once, at the end of a run. */
  close(): Promise<void>;
}
