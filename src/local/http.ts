import http from 'node:http';
import https from 'node:https';
import { PaiError } from '../model/errors.js';

/** A server's answer whose body is still to come. */
export type Answer = http.IncomingMessage;

/** How a request is made. */
export interface RequestOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** What to do about an address that can't be had, as an imperative sentence. */
  readonly cure: string;
  /** A server that says nothing for so many milliseconds is given up; 60,000 unless told. */
  readonly silence?: number;
}

const REDIRECTS = [301, 302, 303, 307, 308];
const MOST_REDIRECTS = 5;

/**
 * Asks for an address and follows where that leads, but never from https to http. The body is as it was sent: unlike `fetch`, nothing
 * decompresses it, which would break the checksum of an archive that a server sends as `Content-Encoding: gzip`.
 * Throws DOWNLOAD (retryable) when nobody answers, CANCELLED.
 */
export async function request(address: string, options: RequestOptions): Promise<Answer> {
  let url = new URL(address);
  for (let redirects = 0; ; redirects++) {
    const answer = await ask(url, options);
    const { location } = answer.headers;
    if (!REDIRECTS.includes(answer.statusCode ?? 0) || location === undefined) return answer;
    answer.destroy();
    const next = redirectTarget(url, location);
    if (next === undefined || redirects === MOST_REDIRECTS) {
      const how =
        redirects === MOST_REDIRECTS ? `redirects more than ${MOST_REDIRECTS} times` : `redirects to ${location}`;
      throw new PaiError('DOWNLOAD', `${address} ${how}`, { next: options.cure });
    }
    url = next;
  }
}

/** Where a redirect leads; undefined when it is not to be followed: not http at all, or in the clear from where it was not. */
export function redirectTarget(from: URL, location: string): URL | undefined {
  if (!URL.canParse(location, from.href)) return undefined;
  const to = new URL(location, from);
  return to.protocol === 'https:' || (to.protocol === 'http:' && from.protocol === 'http:') ? to : undefined;
}

/** The text behind an address; undefined when there is none (404). Throws DOWNLOAD, CANCELLED. */
export async function requestText(
  address: string,
  options: RequestOptions,
  most = 64 * 1024,
): Promise<string | undefined> {
  const answer = await request(address, options);
  if (answer.statusCode !== 200) {
    answer.destroy();
    if (answer.statusCode === 404) return undefined;
    throw refused(address, answer, options.cure);
  }
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of answer) {
      size += chunk.length;
      if (size > most) throw new PaiError('DOWNLOAD', `${address} has more than ${most} bytes`, { next: options.cure });
      chunks.push(chunk);
    }
  } catch (error) {
    throw error instanceof PaiError ? error : failed(address, error, options);
  }
  return Buffer.concat(chunks).toString();
}

/** The error for an answer that is not what was asked for. What may pass by itself is retryable. */
export function refused(address: string, answer: Answer, cure: string): PaiError {
  const { statusCode = 0, statusMessage = '' } = answer;
  const retryable = statusCode === 429 || statusCode >= 500;
  return new PaiError('DOWNLOAD', `${address}: ${statusCode} ${statusMessage}`.trimEnd(), { next: cure, retryable });
}

/** The error for a connection that failed. */
export function failed(address: string, error: unknown, { signal, cure }: RequestOptions): PaiError {
  if (signal.aborted) return new PaiError('CANCELLED', `downloading ${address} was cancelled`);
  return new PaiError('DOWNLOAD', `${address}: ${reasonOf(error)}`, { next: cure, retryable: true, cause: error });
}

/** A name with several addresses fails with one error for each, and no message of its own. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return [...new Set(error.errors.map(reasonOf))].join(', ');
  return error instanceof Error ? error.message : String(error);
}

function ask(url: URL, options: RequestOptions): Promise<Answer> {
  const { headers = {}, signal, silence = 60_000 } = options;
  const { get } = url.protocol === 'https:' ? https : http;
  return new Promise((resolve, reject) => {
    // Its own connection: the program must not wait for one that is kept alive.
    const asking = get(url, { headers: { ...headers, 'accept-encoding': 'identity' }, signal, agent: false }, resolve);
    asking.setTimeout(silence, () => asking.destroy(new Error(`no answer for ${silence / 1000} s`)));
    asking.on('error', (error) => reject(failed(url.href, error, options)));
  });
}
