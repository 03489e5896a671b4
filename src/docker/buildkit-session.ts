import { randomUUID } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type Docker from 'dockerode';
import { authType } from './buildkit-messages.js';

/** A login for one registry. */
export interface RegistryLogin {
  readonly username: string;
  readonly password: string;
}

/** A connection of Docker Engine back to us, for as long as a build takes. */
export interface BuildKitSession {
  readonly id: string;
  close(): void;
}

/**
 * Opens the session without which BuildKit builds nothing, and answers in it who may log in where.
 * The engine library has one of its own, which gives the same login to every registry that asks, and stays open when a build does not start.
 */
export async function openSession(
  docker: Docker,
  loginOf: (host: string) => RegistryLogin | undefined,
): Promise<BuildKitSession> {
  const { Server, ServerCredentials } = await import('@grpc/grpc-js');
  const id = randomUUID();
  const socket = await hijack(docker, id);
  const server = new Server();
  const auth = await authType();
  server.addService(
    {
      Credentials: {
        path: '/moby.filesync.v1.Auth/Credentials',
        requestStream: false,
        responseStream: false,
        requestDeserialize: auth.readRequest,
        requestSerialize: (value: { readonly host: string }) => Buffer.from(value.host),
        responseSerialize: auth.writeResponse,
        responseDeserialize: (bytes: Buffer) => bytes,
      },
    },
    {
      Credentials(
        call: { readonly request: { readonly host: string } },
        answer: (error: null, login: { readonly Username?: string; readonly Secret?: string }) => void,
      ) {
        const login = loginOf(call.request.host);
        answer(null, login === undefined ? {} : { Username: login.username, Secret: login.password });
      },
    },
  );
  server.createConnectionInjector(ServerCredentials.createInsecure()).injectConnection(socket);
  return {
    id,
    close() {
      server.forceShutdown();
      socket.destroy();
    },
  };
}

function hijack(docker: Docker, id: string): Promise<Duplex> {
  const request = {
    method: 'POST',
    path: '/session',
    hijack: true,
    headers: { Upgrade: 'h2c', 'X-Docker-Expose-Session-Uuid': id, 'X-Docker-Expose-Session-Name': 'pai' },
    statusCodes: { 200: true, 500: 'server error' },
  };
  return new Promise((resolve, reject) => {
    docker.modem.dial(request, (error, socket) => {
      if (error) reject(error as Error);
      else resolve(socket as Duplex);
    });
  });
}
