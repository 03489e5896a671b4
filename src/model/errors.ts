/**
 * Every error that a user can meet has one of these codes; docs and scripts may rely on them.
 * `INTERNAL` is a bug of ours and the only one that shows a stack trace.
 */
export type ErrorCode =
  | 'CONFIG_INVALID'
  | 'CONFIG_MISSING'
  | 'SECRET'
  | 'CONFIG_NEWER'
  | 'PAIFILE_INVALID'
  | 'USAGE'
  | 'UNKNOWN_NAME'
  | 'CYCLE'
  | 'TEMPLATE'
  | 'HOST_UNREACHABLE'
  | 'HOST_KEY_CHANGED'
  | 'SSH_AUTH'
  | 'SUDO_DENIED'
  | 'HOST_LOCKED'
  | 'HOST_SCRIPT'
  | 'HOST_CONNECTION_LOST'
  | 'IMAGE_BUILD'
  | 'IMAGE_CONTEXT'
  | 'IMAGE_SOURCE'
  | 'DOCKER_UNREACHABLE'
  | 'REGISTRY_AUTH'
  | 'REGISTRY_UNREACHABLE'
  | 'REGISTRY_REFUSED'
  | 'KUBE_UNREACHABLE'
  | 'KUBE_REFUSED'
  | 'ROLLOUT'
  | 'PKI'
  | 'LOCAL_COMMAND'
  | 'LOCAL_FILE'
  | 'ARCHIVE'
  | 'DOWNLOAD'
  | 'PROJECT_LOCKED'
  | 'NOT_CONFIRMED'
  | 'NO_TERMINAL'
  | 'SANDBOX'
  | 'REFUSED'
  | 'UNHEALTHY'
  | 'TIMEOUT'
  | 'CANCELLED'
  | 'INTERNAL';

/** Codes that mean "you asked for something that can't be", told before anything was touched: exit code 2. */
const USAGE_CODES: ReadonlySet<ErrorCode> = new Set([
  'CONFIG_INVALID',
  'CONFIG_MISSING',
  'SECRET',
  'CONFIG_NEWER',
  'PAIFILE_INVALID',
  'USAGE',
  'UNKNOWN_NAME',
  'CYCLE',
  'NOT_CONFIRMED',
  'SANDBOX',
  'REFUSED',
]);

/** What a PaiError is made of. */
export interface PaiErrorOptions {
  /** Where: `file:line:column`, `host h1`, `image pylon` ... */
  readonly where?: string;
  /** The next step, as an imperative sentence. */
  readonly next?: string;
  /** More lines that belong to it: last lines of output, further problems. */
  readonly details?: readonly string[];
  /** True only for what may pass by itself (connection refused, 429, 5xx, lock held). */
  readonly retryable?: boolean;
  readonly cause?: unknown;
}

/** An expected failure: says what, where, and what to do next. */
export class PaiError extends Error {
  readonly code: ErrorCode;
  readonly where: string | undefined;
  readonly next: string | undefined;
  readonly details: readonly string[];
  readonly retryable: boolean;

  constructor(code: ErrorCode, message: string, options: PaiErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'PaiError';
    this.code = code;
    this.where = options.where;
    this.next = options.next;
    this.details = options.details ?? [];
    this.retryable = options.retryable ?? false;
  }

  /** 2 for bad input, 1 for everything that went wrong while working. */
  get exitCode(): 1 | 2 {
    return USAGE_CODES.has(this.code) ? 2 : 1;
  }
}

/** The PaiError that something thrown stands for; anything unexpected becomes `INTERNAL` with its cause kept. */
export function toPaiError(thrown: unknown): PaiError {
  if (thrown instanceof PaiError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new PaiError('INTERNAL', message, { cause: thrown });
}
