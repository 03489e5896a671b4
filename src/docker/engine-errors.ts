import { PaiError } from '../model/errors.js';
import { REGISTRY_SETTINGS, type RegistryAccess } from './registry-access.js';
import { authenticationError } from './registry-errors.js';

/** What a failure to talk to Docker Engine means; undefined when Docker Engine did answer. */
export function engineUnreachable(thrown: unknown, address: string): PaiError | undefined {
  if (!(thrown instanceof Error) || 'statusCode' in thrown) return undefined;
  const code = 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : '';
  const next =
    code === 'EACCES'
      ? 'Add your user to the group "docker" (sudo usermod -aG docker $USER) and log in again.'
      : 'Start Docker Engine on this machine (sudo systemctl start docker), or set DOCKER_HOST to where it listens.';
  return new PaiError('DOCKER_UNREACHABLE', `Docker Engine does not answer at ${address}: ${thrown.message}`, {
    where: `Docker Engine ${address}`,
    next,
    retryable: code === 'ECONNREFUSED',
    cause: thrown,
  });
}

/** Ways in which Docker Engine, not this program, fails with a registry. It tells them in words only. */
const TRUST = /x509:|certificate signed by unknown authority|certificate is not/i;
const CLEAR_TEXT = /server gave HTTP response to HTTPS client/i;
const DENIED =
  /unauthorized|authentication required|no basic auth credentials|\bdenied\b|incorrect username or password/i;
const NO_ANSWER =
  /connection refused|no such host|i\/o timeout|no route to host|network is unreachable|request canceled/i;
const MISSING = /pull access denied|manifest unknown|manifest for .* not found/i;
const BUSY = /toomanyrequests|\b429\b|\b50[0234]\b/i;

/** The next step for a base image that Docker Engine does not get; undefined for any other failure of a build. */
export function baseImageStep(message: string, domain: string): string | undefined {
  const trust = engineTrustStep(message, domain);
  if (trust !== undefined) return trust;
  if (MISSING.test(message)) return 'Correct the base image in FROM, or build and push it first.';
  if (NO_ANSWER.test(message)) {
    return "Check that the Docker daemon of this dev box reaches the base image's registry, or name one in FROM that it reaches.";
  }
  return undefined;
}

/** The next step when Docker Engine does not trust a registry, or talks TLS to one without. */
function engineTrustStep(message: string, domain: string): string | undefined {
  if (TRUST.test(message)) {
    return `Give the Docker daemon of this dev box the registry's CA: copy it to /etc/docker/certs.d/${domain}/ca.crt (docker-registry-ca in ${REGISTRY_SETTINGS} is for pai only).`;
  }
  if (CLEAR_TEXT.test(message)) {
    return `Add "${domain}" to "insecure-registries" in /etc/docker/daemon.json of this dev box and restart its Docker daemon.`;
  }
  return undefined;
}

/** The error for a pull or push that Docker Engine could not do. `doing`: `push registry/name:tag`. */
export function engineRegistryError(message: string, access: RegistryAccess, doing: string): PaiError {
  const where = `registry ${access.domain}`;
  const trust = engineTrustStep(message, access.domain);
  if (trust !== undefined) {
    return new PaiError('REGISTRY_UNREACHABLE', `Docker Engine can't ${doing}: ${message}`, { where, next: trust });
  }
  if (DENIED.test(message)) return authenticationError(access, doing, `: ${message}`);
  if (NO_ANSWER.test(message)) {
    return new PaiError('REGISTRY_UNREACHABLE', `Docker Engine can't ${doing}: ${message}`, {
      where,
      next: `Check that the Docker daemon of this dev box reaches registry ${access.domain}.`,
      retryable: /connection refused/i.test(message),
    });
  }
  if (MISSING.test(message)) {
    return new PaiError('IMAGE_BUILD', `Docker Engine can't ${doing}: the registry has no such image`, {
      where,
      next: 'Correct the base image in FROM, or build and push it first.',
    });
  }
  const busy = BUSY.test(message);
  return new PaiError('REGISTRY_REFUSED', `Docker Engine can't ${doing}: ${message}`, {
    where,
    next: busy ? 'Run again later; the registry is overloaded or not well.' : "See the registry's log for its reason.",
    retryable: busy,
  });
}
