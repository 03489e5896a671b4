import { createConnection } from 'node:net';
import type { Duplex } from 'node:stream';
import type { HostLogin } from '../model/drivers.js';
import { connectError, forwardError } from './host-errors.js';

/** What an SSH connection runs over: a socket, or a channel that a bastion forwards. */
export type Route = Duplex;

/** A bastion that is connected. */
export interface Forwarder {
  readonly host: HostLogin;
  /** A channel to an address that it reaches. Rejects with what ssh2 says, and a `reason` when the bastion said it. */
  forward(address: string, port: number): Promise<Route>;
}

/** A socket that is on its way to the host. */
export function directRoute(host: HostLogin): Route {
  return createConnection({ host: host.address, port: host.port });
}

/**
 * A channel to the host that its bastion has connected.
 * @throws PaiError HOST_UNREACHABLE, of the bastion when that forbids it or is gone, else of the host
 */
export async function forwardedRoute(host: HostLogin, bastion: Forwarder, timeoutSeconds: number): Promise<Route> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const silence = Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' });
      reject(connectError(host, silence, timeoutSeconds));
    }, timeoutSeconds * 1000);
  });
  const opening = bastion.forward(host.address, host.port);
  try {
    const channel = await Promise.race([opening, late]);
    // When the host hangs up, so do we: sshd closes a channel only once both ends have.
    channel.once('end', () => channel.end());
    return channel;
  } catch (error) {
    opening.then(
      (channel) => channel.destroy(),
      () => {},
    );
    // What came late is a PaiError already.
    throw forwardError(host, bastion.host, error, timeoutSeconds);
  } finally {
    clearTimeout(timer);
  }
}
