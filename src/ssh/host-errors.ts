import type { HostLogin } from '../model/drivers.js';
import { PaiError } from '../model/errors.js';

/** `host h1 (10.0.0.1:22, user pai)`: who an error is about. */
export function describeHost(host: HostLogin): string {
  return `host ${host.name} (${host.address}:${host.port}, user ${host.user})`;
}

/** A failure as ssh2 and the socket below it tell it. */
interface ConnectionFailure {
  readonly message: string;
  readonly code: string | undefined;
  readonly level: string | undefined;
}

function failureOf(thrown: unknown): ConnectionFailure {
  if (!(thrown instanceof Error)) return { message: String(thrown), code: undefined, level: undefined };
  const code = 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : undefined;
  const level = 'level' in thrown && typeof thrown.level === 'string' ? thrown.level : undefined;
  return { message: thrown.message, code, level };
}

/** The error that a connection which could not be opened stands for. */
export function connectError(host: HostLogin, thrown: unknown, timeoutSeconds: number): PaiError {
  if (thrown instanceof PaiError) return thrown;
  const { message, code, level } = failureOf(thrown);
  const who = describeHost(host);
  if (level === 'client-authentication' || level === 'agent' || /too many authentication failures/i.test(message)) {
    return authError(host, thrown);
  }
  const unreachable = (what: string, next: string, retryable = false): PaiError =>
    new PaiError('HOST_UNREACHABLE', `${who} ${what}`, { where: `host ${host.name}`, next, retryable, cause: thrown });
  if (code === 'ECONNREFUSED') {
    return unreachable('refuses connections', `Start sshd there, or correct its address or port.`, true);
  }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return unreachable("can't be resolved", `Correct the address, or the name server of this machine (${code}).`);
  }
  if (code === 'EHOSTUNREACH' || code === 'ENETUNREACH') {
    return unreachable('has no route from here', `Check the address and the network (${code}).`);
  }
  if (code === 'ETIMEDOUT' || level === 'client-timeout') {
    return unreachable(
      `did not answer within ${timeoutSeconds} s`,
      'Check that the host is up, its address, and that no firewall drops the connection.',
    );
  }
  return unreachable(
    `can't be spoken to over SSH: ${message}`,
    `Check what answers there: ssh -v -p ${host.port} ${host.user}@${host.address}`,
  );
}

/** Nothing that we have logs in. */
export function authError(host: HostLogin, cause?: unknown): PaiError {
  const tried = [
    ...(host.keyPath === undefined ? [] : [`the key ${host.keyPath}`]),
    ...(host.password === undefined ? [] : ['the password']),
  ];
  return new PaiError('SSH_AUTH', `${describeHost(host)} does not let us in`, {
    where: `host ${host.name}`,
    next:
      tried.length === 0
        ? "Give the host's entry a password or a key file, or load a key into ssh-agent."
        : `Correct the user or ${tried.join(' or ')} in the host's entry.`,
    ...(cause === undefined ? {} : { cause }),
  });
}

/** The connection broke while something was under way. */
export function lostError(host: HostLogin, what: string, next: string, cause?: unknown): PaiError {
  return new PaiError('HOST_CONNECTION_LOST', `the connection to ${describeHost(host)} was lost ${what}`, {
    where: `host ${host.name}`,
    next,
    ...(cause === undefined ? {} : { cause }),
  });
}

/** sudo did not give us root. `words` is what it said. */
export function sudoError(host: HostLogin, what: string, next: string, words: readonly string[] = []): PaiError {
  return new PaiError('SUDO_DENIED', `${describeHost(host)}: ${what}`, {
    where: `host ${host.name}`,
    next,
    details: words,
  });
}
