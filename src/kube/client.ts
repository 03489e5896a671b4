import type { Agent } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import { PaiError } from '../model/errors.js';
import type { Json, JsonObject } from '../model/json.js';
import { isObject } from '../model/json-path.js';
import { parseJson } from '../model/parse-json.js';
import { connectionError, refusalError, timeoutError } from './api-errors.js';

/** Where the API server is and who we are; PEM texts. */
export interface KubeCredentials {
  /** `https://host:port`. */
  readonly server: string;
  /** Where it is reached, when that is not what its name says. Errors keep the name. */
  readonly url?: string;
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

/** One request to the API server. */
export interface KubeRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: Json;
  readonly contentType?: string;
  readonly accept?: string;
  /** As the end of "refused to ...": `list nodes`. For people. */
  readonly what: string;
  /** For errors: the object it is about. */
  readonly object?: string;
  /** For errors: the file under `templates/` that the object comes from. */
  readonly template?: string;
  /** Refusals that the caller understands: their `Status` is the answer, at once and without a second try. */
  readonly expected?: readonly number[];
  readonly signal?: AbortSignal;
}

interface Answer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly text: string;
}

/** What became of one try: an answer, an error, or neither for what is not there. */
interface Attempt {
  readonly answer?: Answer;
  readonly error?: PaiError;
  /** How long the server asked us to wait. */
  readonly retryAfterMs?: number;
}

/** Milliseconds before the second, third and fourth try. An API server behind a balancer is back after a moment or not at all. */
const RETRY_DELAYS: readonly number[] = [250, 500, 1000];
const MAX_RETRY_AFTER_MS = 5000;

/**
 * Connections at a time: each is a TLS handshake with two certificates, which costs more than waiting for a turn.
 */
const MAX_SOCKETS = 3;

/**
 * Requests to the API server over kept-alive mutual TLS. All requests that the driver makes may be sent twice, so those
 * that fail in passing (connection refused or reset, 429, 5xx) are.
 *
 * Of @kubernetes/client-node only its HTTP layer is loaded (about 40 ms of CPU). The whole package takes 500 ms, its
 * KubernetesObjectApi 350 ms; that one also makes a new connection for every request, and it passes objects through
 * generated models, which drops fields that these do not know, so the API server could not complain about a misspelt one.
 */
export class KubeClient {
  readonly #source: () => Promise<KubeCredentials>;
  readonly #timeoutSeconds: number;
  readonly #turns = new Turns(MAX_SOCKETS);
  #connection: Promise<Connection> | undefined;

  constructor(source: () => Promise<KubeCredentials>, timeoutSeconds: number) {
    this.#source = source;
    this.#timeoutSeconds = timeoutSeconds;
  }

  /**
   * The answer as an object; undefined for what is not there (404), except for PATCH.
   * Fails with KUBE_UNREACHABLE and KUBE_REFUSED; throws the signal's reason when it was aborted.
   */
  async send(request: KubeRequest): Promise<JsonObject | undefined> {
    const answer = await this.#answer(request);
    if (answer === undefined) return undefined;
    const body = parseJson(answer.text);
    if (isObject(body)) return body;
    const { server } = await this.#connect();
    throw new PaiError('KUBE_UNREACHABLE', `what answers at ${server} is not a Kubernetes API server`, {
      where: server,
      next: 'Check load-balance-ip, then run again.',
    });
  }

  /** The answer as text, for logs; undefined when it is refused or not there. */
  async text(request: KubeRequest): Promise<string | undefined> {
    try {
      return (await this.#answer(request))?.text;
    } catch (error) {
      if (error instanceof PaiError && error.code === 'KUBE_REFUSED') return undefined;
      throw error;
    }
  }

  /**
   * The lines of an answer as they come, which may be for as long as the signal is not aborted; none for what is not there. Fails as `send` does, and is
   * not tried again. Its connection is its own: such answers must not keep others waiting.
   */
  async *lines(request: Omit<KubeRequest, 'method'> & { readonly signal: AbortSignal }): AsyncGenerator<string> {
    const { server, url, tls } = await this.#connect();
    const { openAnswer, linesOf } = await import('./long-answer.js');
    const query = new URLSearchParams(request.query ?? {});
    const answer = await openAnswer(`${url}${request.path}?${query}`, tls, request.signal).catch((error: unknown) => {
      request.signal.throwIfAborted();
      throw connectionError(server, error);
    });
    const { statusCode: status = 0 } = answer;
    if (status === 404) return answer.destroy();
    if (status >= 300) {
      let text = '';
      for await (const line of linesOf(answer)) text += line;
      throw refusalError({ server, status, body: parseJson(text), what: request.what });
    }
    yield* linesOf(answer);
  }

  /** Closes all connections. */
  async close(): Promise<void> {
    const connection = this.#connection;
    this.#connection = undefined;
    if (connection === undefined) return;
    await connection.then(
      ({ agent }) => agent.destroy(),
      () => undefined,
    );
  }

  async #answer(request: KubeRequest): Promise<Answer | undefined> {
    const connection = await this.#connect();
    for (const wait of [...RETRY_DELAYS, undefined]) {
      const { answer, error, retryAfterMs } = await this.#attempt(connection, request);
      if (error === undefined) return answer;
      if (!error.retryable || wait === undefined) throw error;
      await pause(Math.max(wait, retryAfterMs ?? 0), request.signal);
    }
    return undefined;
  }

  async #attempt(connection: Connection, request: KubeRequest): Promise<Attempt> {
    const { server } = connection;
    let answer: Answer;
    try {
      answer = await this.#turns.take(() => this.#exchange(connection, request));
    } catch (error) {
      request.signal?.throwIfAborted();
      return { error: isAbort(error) ? timeoutError(server, this.#timeoutSeconds) : connectionError(server, error) };
    }
    const isExpected = request.expected?.includes(answer.status) === true && isObject(parseJson(answer.text));
    if (isExpected || (answer.status >= 200 && answer.status < 300)) return { answer };
    if (answer.status === 404 && request.method !== 'PATCH') return {};
    const { what, object, template } = request;
    const error = refusalError({
      server,
      status: answer.status,
      body: parseJson(answer.text),
      what,
      ...(object === undefined ? {} : { object }),
      ...(template === undefined ? {} : { template }),
    });
    return { error, retryAfterMs: Math.min(Number(answer.retryAfter ?? 0) * 1000 || 0, MAX_RETRY_AFTER_MS) };
  }

  async #exchange(connection: Connection, request: KubeRequest): Promise<Answer> {
    const { http, agent, url } = connection;
    const outgoing = new http.RequestContext(`${url}${request.path}`, http.HttpMethod[request.method]);
    for (const [name, value] of Object.entries(request.query ?? {})) outgoing.setQueryParam(name, value);
    outgoing.setHeaderParam('User-Agent', 'pai');
    outgoing.setHeaderParam('Accept', request.accept ?? 'application/json');
    if (request.body !== undefined) {
      outgoing.setHeaderParam('Content-Type', request.contentType ?? 'application/json');
      outgoing.setBody(JSON.stringify(request.body));
    }
    const limit = AbortSignal.timeout(this.#timeoutSeconds * 1000);
    outgoing.setSignal(request.signal === undefined ? limit : AbortSignal.any([limit, request.signal]));
    outgoing.setAgent(agent);
    const response = await connection.library.send(outgoing).toPromise();
    return {
      status: response.httpStatusCode,
      retryAfter: response.headers['retry-after'],
      text: await response.body.text(),
    };
  }

  #connect(): Promise<Connection> {
    this.#connection ??= connect(this.#source).catch((error: unknown) => {
      // A later call may find the credentials: they come into being during a run.
      this.#connection = undefined;
      throw error;
    });
    return this.#connection;
  }
}

type HttpModule = typeof import('@kubernetes/client-node/dist/gen/http/http.js');

interface Connection {
  readonly server: string;
  readonly url: string;
  readonly agent: Agent;
  readonly tls: { readonly ca: string; readonly cert: string; readonly key: string };
  readonly http: HttpModule;
  readonly library: InstanceType<HttpModule['IsomorphicFetchHttpLibrary']>;
}

/**
 * Lets so many exchanges go on at a time. The agent's own queue is not enough: it gives a connection to the next request when an answer has just been
 * read, and node-fetch 2 takes that for an answer in chunks that ended too early, so that it would be asked again.
 */
class Turns {
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(most: number) {
    this.#free = most;
  }

  async take<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      // The turn goes on to who waits longest, once the connection is let go of.
      setImmediate(() => {
        const next = this.#waiting.shift();
        if (next === undefined) this.#free++;
        else next();
      });
    }
  }
}

async function connect(source: () => Promise<KubeCredentials>): Promise<Connection> {
  // Paifiles reach this file through what describes manifests; node:https alone would take them some 5 ms.
  const [{ server, url = server, ca, certificate, key }, { Agent }, http] = await Promise.all([
    source(),
    import('node:https'),
    import('@kubernetes/client-node/dist/gen/http/http.js'),
  ]);
  const tls = { ca, cert: certificate, key };
  const agent = new Agent({ keepAlive: true, maxSockets: MAX_SOCKETS, scheduling: 'lifo', ...tls });
  const bare = (address: string) => address.replace(/\/+$/, '');
  return { server: bare(server), url: bare(url), agent, tls, http, library: new http.IsomorphicFetchHttpLibrary() };
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError');
}

/** Waits; throws the signal's reason when it is aborted meanwhile. */
export async function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  try {
    await delay(milliseconds, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}
