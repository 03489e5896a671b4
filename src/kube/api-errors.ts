import { PaiError } from '../model/errors.js';
import type { Json } from '../model/json.js';
import { listAt, textAt } from '../model/json-path.js';

/** A failure of a connection, told by what the user can do about it. */
interface ConnectionFailure {
  readonly problem: string;
  readonly next: string;
  /** It may pass by itself, so the request is sent again. */
  readonly passing: boolean;
}

const REFUSED_NEXT =
  'Check that the masters run (pai plan masters) and that load-balance-ip leads to them, then run again.';
const ROUTE_NEXT = 'Check load-balance-ip and the network between this machine and the masters, then run again.';
const TRUST_NEXT =
  'Check that load-balance-ip is the address of this cluster and that its CA is the one in the pki folder, then run again.';

const FAILURES: Readonly<Record<string, ConnectionFailure>> = {
  ECONNREFUSED: { problem: 'the connection was refused', next: REFUSED_NEXT, passing: true },
  ECONNRESET: { problem: 'the connection was closed before an answer came', next: REFUSED_NEXT, passing: true },
  EPIPE: { problem: 'the connection was closed before an answer came', next: REFUSED_NEXT, passing: true },
  ERR_STREAM_PREMATURE_CLOSE: { problem: 'the answer ended too early', next: REFUSED_NEXT, passing: true },
  ETIMEDOUT: { problem: 'the connection timed out', next: ROUTE_NEXT, passing: false },
  EHOSTUNREACH: { problem: 'there is no route to it', next: ROUTE_NEXT, passing: false },
  ENETUNREACH: { problem: 'there is no route to it', next: ROUTE_NEXT, passing: false },
  ENOTFOUND: { problem: 'its name does not resolve', next: ROUTE_NEXT, passing: false },
  EAI_AGAIN: { problem: 'its name does not resolve', next: ROUTE_NEXT, passing: false },
  CERT_HAS_EXPIRED: {
    problem: 'its certificate has expired',
    next: 'Check the clocks, and renew the certificate with pai run masters.',
    passing: false,
  },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    problem: 'its certificate is not for this address',
    next: 'Check load-balance-ip; after changing it, run pai run masters.',
    passing: false,
  },
  SELF_SIGNED_CERT_IN_CHAIN: {
    problem: "the cluster's CA did not sign its certificate",
    next: TRUST_NEXT,
    passing: false,
  },
  DEPTH_ZERO_SELF_SIGNED_CERT: {
    problem: "the cluster's CA did not sign its certificate",
    next: TRUST_NEXT,
    passing: false,
  },
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: {
    problem: "the cluster's CA did not sign its certificate",
    next: TRUST_NEXT,
    passing: false,
  },
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: {
    problem: "the cluster's CA did not sign its certificate",
    next: TRUST_NEXT,
    passing: false,
  },
  CERT_SIGNATURE_FAILURE: {
    problem: "the cluster's CA did not sign its certificate",
    next: TRUST_NEXT,
    passing: false,
  },
};

/** The PaiError for a request that got no answer. `retryable` says whether it may pass by itself. */
export function connectionError(server: string, thrown: unknown): PaiError {
  const failure = failureOf(thrown);
  return new PaiError('KUBE_UNREACHABLE', `the API server at ${server} can't be reached: ${failure.problem}`, {
    where: server,
    next: failure.next,
    retryable: failure.passing,
    cause: thrown,
  });
}

function failureOf(thrown: unknown): ConnectionFailure {
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
  const known = FAILURES[code];
  if (known !== undefined) return known;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const closed = /unexpected EOF|socket hang up|premature close/i.test(message);
  return { problem: message, next: closed ? REFUSED_NEXT : ROUTE_NEXT, passing: closed };
}

/** The PaiError for an API server that did not answer in time. */
export function timeoutError(server: string, seconds: number): PaiError {
  return new PaiError('KUBE_UNREACHABLE', `the API server at ${server} did not answer within ${seconds} s`, {
    where: server,
    next: ROUTE_NEXT,
  });
}

/** An answer that is not a success. */
export interface Refusal {
  readonly server: string;
  readonly status: number;
  /** A Kubernetes `Status`, where the body was one. */
  readonly body: Json | undefined;
  /** What was asked, as the end of "refused to ...": `apply Deployment default/pylon`. */
  readonly what: string;
  /** The object that it is about. */
  readonly object?: string;
  /** File under `templates/` that the object comes from. */
  readonly template?: string;
}

/**
 * The PaiError for a refusal: KUBE_UNREACHABLE for an API server that is overloaded or broken, KUBE_REFUSED with the
 * server's causes (field and message) for everything else.
 */
export function refusalError(refusal: Refusal): PaiError {
  const { server, status, what } = refusal;
  const message = cleanMessage(textAt(refusal.body, 'message')) ?? `HTTP status ${status}`;
  const where = refusal.object ?? server;
  if (isPassing(status, refusal.body)) {
    return new PaiError('KUBE_UNREACHABLE', `the API server at ${server} could not ${what}: ${message}`, {
      where,
      next: 'Check the API server and etcd on the masters (pai plan masters), then run again.',
      retryable: true,
    });
  }
  return new PaiError('KUBE_REFUSED', `Kubernetes refused to ${what}: ${message}`, {
    where,
    next: nextStep(refusal, message),
    details: causesOf(refusal.body),
  });
}

/**
 * True for answers that may be different a moment later: 429 and 5xx. API servers as old as 1.20 answer 500 to a manifest that
 * does not fit the schema; asking again does not help there.
 */
function isPassing(status: number, body: Json | undefined): boolean {
  return status === 429 || (status >= 500 && !isSchemaError(body));
}

const SCHEMA_ERROR =
  /^failed to (create typed patch object|create manager|convert new object)|unable to convert unstructured object|cannot be handled as/;

function isSchemaError(body: Json | undefined): boolean {
  return SCHEMA_ERROR.test(textAt(body, 'message') ?? '');
}

function nextStep(refusal: Refusal, message: string): string {
  if (refusal.status === 401) {
    return "Check this machine's clock and that the pki folder belongs to this cluster, then run again.";
  }
  if (refusal.status === 403 && (refusal.object === undefined || /cannot \w+ resource/.test(message))) {
    return "Check that the certificate in the pki folder is the cluster administrator's, then run again.";
  }
  if (refusal.status === 404 && /^namespaces? /.test(message)) {
    return `Add the Namespace to the manifests or correct metadata.namespace in ${manifestOf(refusal)}, then run again.`;
  }
  if (/is being terminated/.test(message)) return 'Wait until the namespace is gone, then run again.';
  if (/field is immutable|updates to statefulset spec/.test(message)) {
    return 'Take the target down with pai clean, then run it again: this field can only be set when the object is made.';
  }
  return `Correct ${manifestOf(refusal)} and run again.`;
}

function manifestOf(refusal: Refusal): string {
  if (refusal.template !== undefined) return `templates/${refusal.template}`;
  return refusal.object === undefined ? 'the manifest' : `the manifest of ${refusal.object}`;
}

function causesOf(body: Json | undefined): readonly string[] {
  return listAt(body, 'details', 'causes').map((cause) => {
    const message = cleanMessage(textAt(cause, 'message')) ?? 'invalid';
    const field = textAt(cause, 'field');
    return field === undefined ? message : `${field}: ${message}`;
  });
}

/** Errors of decoding and of the schema quote the bytes around the fault, which may be a Secret's: they end before that. */
function cleanMessage(message: string | undefined): string | undefined {
  return message
    ?.replace(/,? error found in #[\s\S]*$/, '')
    .replace(/&value\.valueUnstructured\{[\s\S]*$/, 'a value of another type')
    .trim();
}
