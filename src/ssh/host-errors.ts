import type { HostLogin } from '../model/drivers.js';
import { PaiError } from '../model/errors.js';
import { uriHost } from '../model/uri-host.js';

/** `host h1` or `bastion gate`. */
export function nameOf(host: HostLogin): string {
  return `${host.kind ?? 'host'} ${host.name}`;
}

/** `host h1 (10.0.0.1:22, user pai)`: who an error is about, and which bastion it is behind. */
export function describeHost(host: HostLogin): string {
  const behind = host.via === undefined ? '' : `, behind ${nameOf(host.via)}`;
  return `${nameOf(host)} (${uriHost(host.address)}:${host.port}, user ${host.user}${behind})`;
}

/** The ssh command that logs in to a host by hand. */
export function sshCommand(host: HostLogin, option = ''): string {
  const { via } = host;
  const jump = via === undefined ? '' : ` -J ${via.user}@${uriHost(via.address)}:${via.port}`;
  return `ssh${option}${jump} -p ${host.port} ${host.user}@${host.address}`;
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
    new PaiError('HOST_UNREACHABLE', `${who} ${what}`, { where: nameOf(host), next, retryable, cause: thrown });
  const from = host.via === undefined ? 'here' : nameOf(host.via);
  if (code === 'ECONNREFUSED') {
    return unreachable('refuses connections', `Start sshd there, or correct its address or port.`, true);
  }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    const machine = host.via === undefined ? 'this machine' : nameOf(host.via);
    return unreachable("can't be resolved", `Correct the address, or the name server of ${machine} (${code}).`);
  }
  if (code === 'EHOSTUNREACH' || code === 'ENETUNREACH') {
    return unreachable(`has no route from ${from}`, `Check the address and the network (${code}).`);
  }
  if (code === 'ETIMEDOUT' || level === 'client-timeout') {
    return unreachable(
      `did not answer within ${timeoutSeconds} s`,
      'Check that the host is up, its address, and that no firewall drops the connection.',
    );
  }
  return unreachable(`can't be spoken to over SSH: ${message}`, `Check what answers there: ${sshCommand(host, ' -v')}`);
}

/** How sshd words why it could not connect further, as the codes of a socket of our own. */
const FORWARD_CODES: readonly (readonly [words: RegExp, code: string])[] = [
  [/refused/i, 'ECONNREFUSED'],
  [/no route|unreachable/i, 'EHOSTUNREACH'],
  [/timed out/i, 'ETIMEDOUT'],
  [/name or service|not known|resol/i, 'ENOTFOUND'],
];

/** Reason of a channel that the bastion's sshd may not open (RFC 4254, 5.1); whatever else it gives is the host's. */
const ADMINISTRATIVELY_PROHIBITED = 1;

/** The error that a host stands for when its bastion, which is connected, did not forward to it. */
export function forwardError(host: HostLogin, bastion: HostLogin, thrown: unknown, timeoutSeconds: number): PaiError {
  if (thrown instanceof PaiError) return thrown;
  const reason = thrown instanceof Error && 'reason' in thrown ? thrown.reason : undefined;
  if (reason === undefined) {
    return new PaiError(
      'HOST_UNREACHABLE',
      `the connection to ${describeHost(bastion)} was lost before it reached ${nameOf(host)}`,
      {
        where: nameOf(bastion),
        next: 'Run the same command again.',
        retryable: true,
        cause: thrown,
      },
    );
  }
  const to = `${uriHost(host.address)}:${host.port}`;
  if (reason === ADMINISTRATIVELY_PROHIBITED) {
    return new PaiError(
      'HOST_UNREACHABLE',
      `${describeHost(bastion)} does not forward connections to ${nameOf(host)} (${to})`,
      {
        where: nameOf(bastion),
        next: `Allow it in the bastion's sshd_config (AllowTcpForwarding local, PermitOpen ${to}, no DisableForwarding), and in the options of our key in authorized_keys if it has any.`,
        cause: thrown,
      },
    );
  }
  const words = failureOf(thrown).message.replace(/^\(SSH\) Channel open failure: /, '');
  const code = FORWARD_CODES.find(([pattern]) => pattern.test(words))?.[1];
  return connectError(host, Object.assign(new Error(words, { cause: thrown }), { code }), timeoutSeconds);
}

/** A bastion's failure, as each host behind it tells it. */
export function behindError(host: HostLogin, error: PaiError): PaiError {
  const { code, message, where, next, details, retryable } = error;
  return new PaiError(code, `${message}; ${nameOf(host)} is behind it`, {
    ...(where === undefined ? {} : { where }),
    ...(next === undefined ? {} : { next }),
    details,
    retryable,
    cause: error,
  });
}

/** Nothing that we have logs in. */
export function authError(host: HostLogin, cause?: unknown): PaiError {
  const tried = [
    ...(host.keyPath === undefined ? [] : [`the key ${host.keyPath}`]),
    ...(host.password === undefined ? [] : ['the password']),
  ];
  const kind = host.kind ?? 'host';
  return new PaiError('SSH_AUTH', `${describeHost(host)} does not let us in`, {
    where: nameOf(host),
    next:
      tried.length === 0
        ? `Give the ${kind}'s entry a password or a key file, or load a key into ssh-agent.`
        : `Correct the user or ${tried.join(' or ')} in the ${kind}'s entry.`,
    ...(cause === undefined ? {} : { cause }),
  });
}

/** The connection broke while something was under way. */
export function lostError(host: HostLogin, what: string, next: string, cause?: unknown): PaiError {
  return new PaiError('HOST_CONNECTION_LOST', `the connection to ${describeHost(host)} was lost ${what}`, {
    where: nameOf(host),
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
