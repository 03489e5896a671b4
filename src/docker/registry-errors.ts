import { PaiError } from '../model/errors.js';
import { REGISTRY_SETTINGS, type RegistryAccess, registryUrl } from './registry-access.js';
import type { RegistryResponse } from './registry-http.js';

const UNTRUSTED: ReadonlySet<string> = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
]);

/** Next steps for other TLS failures, by Node's code. */
const TLS_STEPS: ReadonlyMap<string, string> = new Map([
  ['CERT_HAS_EXPIRED', "Renew the registry's certificate."],
  ['CERT_NOT_YET_VALID', 'Correct the clock of this machine or of the registry.'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', "Use a name in docker-registry-domain that is in the registry's certificate."],
]);

/** Node's codes for "that was not TLS". */
const NOT_TLS: ReadonlySet<string> = new Set([
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'ERR_SSL_PACKET_LENGTH_TOO_LONG',
  'EPROTO',
]);

/** The error for a request that got no answer at all. */
export function connectionError(thrown: unknown, access: RegistryAccess, url: URL): PaiError {
  const code = codeOf(thrown);
  const message = thrown instanceof Error ? messageOf(thrown) : String(thrown);
  const isOwn = url.host === registryUrl(access).host;
  // Who set its URL apart knows it by its name all the same.
  const host = isOwn && access.url !== undefined ? access.domain : url.host;
  const elsewhere = isOwn || access.domain === 'docker.io' ? '' : ` (asked by ${access.domain})`;
  const where = `registry ${host}${elsewhere}`;
  const make = (text: string, next: string, retryable = false) =>
    new PaiError('REGISTRY_UNREACHABLE', text, { where, next, retryable, cause: thrown });

  if (UNTRUSTED.has(code)) {
    const given =
      access.caPath === undefined ? 'not signed by a CA that this machine knows' : `not signed by ${access.caPath}`;
    return make(
      `the certificate of registry ${host} is ${given}`,
      `Set docker-registry-ca in ${REGISTRY_SETTINGS} to the PEM file of the CA that signed it.`,
    );
  }
  const step = TLS_STEPS.get(code);
  if (step !== undefined) return make(`the certificate of registry ${host} is not valid: ${message}`, step);
  if (NOT_TLS.has(code)) {
    return make(
      `registry ${host} does not speak TLS`,
      `Set docker-registry-insecure: true in ${REGISTRY_SETTINGS} if plain HTTP is meant, or give the registry a certificate.`,
    );
  }
  return make(
    `registry ${host} does not answer: ${message}`,
    `Check docker-registry-domain in ${REGISTRY_SETTINGS}, that the registry runs, and that this machine reaches it.`,
    code === 'ECONNREFUSED',
  );
}

/** Node tells a name with several addresses as an AggregateError with an empty message. */
function messageOf(error: Error): string {
  if (error instanceof AggregateError && error.errors[0] instanceof Error) return error.errors[0].message;
  return error.message;
}

function codeOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : '';
}

/** The error for an answer that is not what was asked for. `doing` completes "the registry refused to ...". */
export function statusError(response: RegistryResponse, access: RegistryAccess, doing: string): PaiError {
  const { status } = response;
  const said = registryMessage(response);
  if (status === 401 || status === 403) return authenticationError(access, doing, said);
  if (status === 400 && response.body.includes('HTTP request to an HTTPS server')) {
    return new PaiError('REGISTRY_UNREACHABLE', `registry ${access.domain} speaks TLS only`, {
      where: `registry ${access.domain}`,
      next: `Remove docker-registry-insecure from ${REGISTRY_SETTINGS}; for a CA of your own set docker-registry-ca.`,
    });
  }
  const busy = status === 429 || status >= 500;
  return new PaiError('REGISTRY_REFUSED', `registry ${access.domain} refused to ${doing}: HTTP ${status}${said}`, {
    where: `registry ${access.domain}`,
    next: busy ? 'Run again later; the registry is overloaded or not well.' : "See the registry's log for its reason.",
    retryable: busy,
  });
}

/** The error for a log-in that the registry does not take. */
export function authenticationError(access: RegistryAccess, doing: string, said: string): PaiError {
  const where = `registry ${access.domain}`;
  if (access.username === undefined || access.password === undefined) {
    return new PaiError('REGISTRY_AUTH', `registry ${access.domain} wants a login to ${doing}${said}`, {
      where,
      next: `Set docker-username and docker-password in ${REGISTRY_SETTINGS}.`,
    });
  }
  return new PaiError('REGISTRY_AUTH', `registry ${access.domain} does not let ${access.username} ${doing}${said}`, {
    where,
    next: `Correct docker-username and docker-password in ${REGISTRY_SETTINGS}, or give that user the right to do so.`,
  });
}

/** `: message` of the registry's own error body, or ''. */
export function registryMessage(response: RegistryResponse): string {
  try {
    const body: unknown = JSON.parse(response.body.toString('utf8'));
    if (typeof body !== 'object' || body === null) return '';
    const first: unknown = 'errors' in body && Array.isArray(body.errors) ? body.errors[0] : body;
    if (typeof first !== 'object' || first === null) return '';
    const text = ['message', 'details', 'code'].map((key) => (first as Record<string, unknown>)[key]);
    const message = text.find((value) => typeof value === 'string' && value !== '');
    return message === undefined ? '' : `: ${message}`;
  } catch {
    return '';
  }
}
