import type { X509Certificate } from 'node:crypto';
import { request } from 'node:https';
import { connect as connectTcp } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import type { Json } from 'pai';
import type { Tried } from './facts.js';

// What is seen of hosts from this machine, by real requests and connections.

const SECONDS = 10;

/** How to ask the API server as somebody. */
export interface Client {
  /** `https://host:port`. */
  readonly server: string;
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

/** The status that a request without credentials gets. */
export async function statusWithoutCredentials(host: string, port: number, path: string): Promise<Tried<number>> {
  // Who it is does not matter here: that it is asked for credentials does.
  const options = { host, port, path, rejectUnauthorized: false, timeout: SECONDS * 1000, agent: false };
  return new Promise((resolve) => {
    const asked = request(options, (response) => {
      response.resume();
      resolve({ was: response.statusCode ?? 0 });
    });
    asked.on('timeout', () => asked.destroy(new Error(`no answer in ${SECONDS} s`)));
    asked.on('error', (error) => resolve({ unknown: error.message }));
    asked.end();
  });
}

/** The status of an answer of the API server. */
export async function statusOf(client: Client, path: string): Promise<Tried<number>> {
  const answer = await get(client, path);
  return 'unknown' in answer ? answer : { was: answer.was.status };
}

/** What the API server answers to a GET. */
export async function getJson(client: Client, path: string): Promise<Tried<Json>> {
  const answer = await get(client, path);
  if ('unknown' in answer) return answer;
  const { status, text } = answer.was;
  return status === 200 ? parse(text) : { unknown: `the API server answers ${status} to ${path}` };
}

async function get(client: Client, path: string): Promise<Tried<{ readonly status: number; readonly text: string }>> {
  const url = new URL(path, client.server);
  const options = { ca: client.ca, cert: client.certificate, key: client.key, timeout: SECONDS * 1000, agent: false };
  return new Promise((resolve) => {
    const asked = request(url, options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', (error) => resolve({ unknown: error.message }));
      response.on('end', () => {
        resolve({ was: { status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() } });
      });
    });
    asked.on('timeout', () => asked.destroy(new Error(`no answer in ${SECONDS} s`)));
    asked.on('error', (error) => resolve({ unknown: error.message }));
    asked.end();
  });
}

function parse(text: string): Tried<Json> {
  try {
    return { was: JSON.parse(text) as Json };
  } catch {
    return { unknown: 'the API server answers no JSON' };
  }
}

/** Whether anybody listens on a port. Silence is no answer: a firewall may be in between. */
export async function portState(host: string, port: number): Promise<Tried<'open' | 'closed'>> {
  return new Promise((resolve) => {
    const socket = connectTcp({ host, port, timeout: SECONDS * 1000 });
    const end = (result: Tried<'open' | 'closed'>): void => {
      socket.destroy();
      resolve(result);
    };
    socket.on('connect', () => end({ was: 'open' }));
    socket.on('timeout', () => end({ unknown: `no answer in ${SECONDS} s` }));
    socket.on('error', (error) =>
      end(codeOf(error) === 'ECONNREFUSED' ? { was: 'closed' } : { unknown: error.message }),
    );
  });
}

/** Whether a server still speaks TLS 1.1. Only an alert of the server counts as its refusal. */
export async function oldTls(host: string, port: number): Promise<Tried<'refused' | 'accepted'>> {
  const old = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
  return new Promise((resolve) => {
    const socket = connect({ host, port, rejectUnauthorized: false, timeout: SECONDS * 1000, ...old });
    finish<'refused' | 'accepted'>(socket, resolve, {
      secured: () => ({ was: 'accepted' }),
      failed: (error) => (/_ALERT_/.test(codeOf(error)) ? { was: 'refused' } : { unknown: error.message }),
    });
  });
}

/** Whether a server lets somebody in who shows no certificate: TLS 1.3 tells it only after the handshake. */
export async function withoutCertificate(host: string, port: number): Promise<Tried<'refused' | 'accepted'>> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, rejectUnauthorized: false, timeout: SECONDS * 1000 });
    socket.once('secureConnect', () => socket.write('GET /version HTTP/1.1\r\nHost: etcd\r\n\r\n'));
    socket.once('data', () => finishWith(socket, resolve, { was: 'accepted' }));
    finish<'refused' | 'accepted'>(socket, resolve, {
      failed: (error) => {
        const refused = /_ALERT_/.test(codeOf(error)) || codeOf(error) === 'ECONNRESET';
        return refused ? { was: 'refused' } : { unknown: error.message };
      },
    });
    socket.once('close', () => resolve({ was: 'refused' }));
  });
}

/** The certificate that a server shows. */
export async function shownCertificate(host: string, port: number): Promise<Tried<X509Certificate>> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, rejectUnauthorized: false, timeout: SECONDS * 1000 });
    finish<X509Certificate>(socket, resolve, {
      secured: () => {
        const certificate = socket.getPeerX509Certificate();
        return certificate === undefined ? { unknown: 'it shows no certificate' } : { was: certificate };
      },
      failed: (error) => ({ unknown: error.message }),
    });
  });
}

interface Endings<Result> {
  readonly secured?: () => Tried<Result>;
  readonly failed: (error: Error) => Tried<Result>;
}

function finish<Result>(socket: TLSSocket, resolve: (result: Tried<Result>) => void, endings: Endings<Result>): void {
  const { secured, failed } = endings;
  if (secured !== undefined) socket.once('secureConnect', () => finishWith(socket, resolve, secured()));
  socket.once('timeout', () => finishWith(socket, resolve, { unknown: `no answer in ${SECONDS} s` }));
  socket.on('error', (error) => finishWith(socket, resolve, failed(error)));
}

function finishWith<Result>(socket: TLSSocket, resolve: (result: Tried<Result>) => void, result: Tried<Result>): void {
  resolve(result);
  socket.destroy();
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}
