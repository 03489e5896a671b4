import { PaiError } from '../model/errors.js';
import type { RegistryAccess } from './registry-access.js';
import { authenticationError, registryMessage, statusError } from './registry-errors.js';
import type { RegistryHttp } from './registry-http.js';

/** One way to authenticate that a registry offers in `WWW-Authenticate`. */
export interface Challenge {
  /** Lower case: `basic`, `bearer`, ... */
  readonly scheme: string;
  /** Parameter names in lower case. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** Seconds that a token lives when its service does not say (the token protocol's own default). */
const DEFAULT_TOKEN_SECONDS = 60;
/** A token is taken as expired this much before it is, for the time that a request takes. */
const TOKEN_MARGIN_SECONDS = 5;

/** Parses `WWW-Authenticate`: one or several challenges, parameters bare or quoted. */
export function parseChallenges(header: string): readonly Challenge[] {
  const challenges: { scheme: string; parameters: Map<string, string> }[] = [];
  // Either `name=value` (quoted or bare), or a lone word, which starts a challenge.
  const token = /([\w!#$%&'*+.^`|~-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+)))?[\s,]*/gy;
  for (const [, word = '', quoted, bare] of header.trim().matchAll(token)) {
    if (quoted === undefined && bare === undefined) {
      challenges.push({ scheme: word.toLowerCase(), parameters: new Map() });
    } else {
      challenges.at(-1)?.parameters.set(word.toLowerCase(), bare ?? quoted?.replace(/\\(.)/g, '$1') ?? '');
    }
  }
  return challenges;
}

/** Knows how a registry wants to be logged in to, and the tokens that it gave. */
export class RegistryAuthorizer {
  readonly #http: RegistryHttp;
  readonly #access: RegistryAccess;
  #challenge: Challenge | undefined;
  /** By scope. */
  readonly #tokens = new Map<string, Promise<{ readonly token: string; readonly expires: number }>>();

  constructor(http: RegistryHttp, access: RegistryAccess) {
    this.#http = http;
    this.#access = access;
  }

  /** Value for `Authorization`, or undefined when the registry asked for none so far or there is no login for it. */
  async authorization(scope: string): Promise<string | undefined> {
    if (this.#challenge === undefined) return undefined;
    if (this.#challenge.scheme === 'basic') return this.#basic();
    let known = this.#tokens.get(scope);
    if (known !== undefined && (await known).expires < Date.now()) known = undefined;
    if (known === undefined) {
      known = this.#fetchToken(this.#challenge, scope);
      this.#tokens.set(scope, known);
      known.catch(() => this.#tokens.delete(scope));
    }
    return `Bearer ${(await known).token}`;
  }

  /**
   * Learns from a 401. True when asking again with `authorization` may help: what was sent with the refused request is
   * `sent`.
   */
  learn(header: string | undefined, scope: string, sent: string | undefined): boolean {
    const offered = parseChallenges(header ?? '');
    const challenge = ['bearer', 'basic'].flatMap((scheme) => offered.filter((c) => c.scheme === scheme))[0];
    if (challenge === undefined) return false;
    this.#challenge = challenge;
    this.#tokens.delete(scope);
    if (challenge.scheme === 'basic') return this.#basic() !== undefined && this.#basic() !== sent;
    return true;
  }

  #basic(): string | undefined {
    const { username, password } = this.#access;
    if (username === undefined || password === undefined) return undefined;
    return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  }

  async #fetchToken(challenge: Challenge, scope: string) {
    const url = this.#realm(challenge);
    const service = challenge.parameters.get('service');
    if (service !== undefined) url.searchParams.set('service', service);
    url.searchParams.set('scope', scope);
    const basic = this.#basic();
    if (basic !== undefined && this.#access.username !== undefined) {
      url.searchParams.set('account', this.#access.username);
    }
    const response = await this.#http.send({
      method: 'GET',
      url,
      headers: basic === undefined ? {} : { Authorization: basic },
    });
    if (response.status === 401 || response.status === 403) {
      throw authenticationError(this.#access, 'log in', registryMessage(response));
    }
    if (response.status !== 200) throw statusError(response, this.#access, 'give a token');
    return readToken(response.body.toString('utf8'), this.#access);
  }

  #realm(challenge: Challenge): URL {
    const realm = challenge.parameters.get('realm') ?? '';
    if (!URL.canParse(realm)) {
      throw new PaiError(
        'REGISTRY_REFUSED',
        `registry ${this.#access.domain} names no token service that could be asked`,
        {
          where: `registry ${this.#access.domain}`,
          next: "Correct the realm in the registry's configuration of token authentication.",
        },
      );
    }
    const url = new URL(realm);
    if (url.protocol === 'https:' || (url.protocol === 'http:' && this.#access.insecure)) return url;
    throw new PaiError(
      'REGISTRY_REFUSED',
      `registry ${this.#access.domain} wants the password sent in the clear to ${url.host}`,
      {
        where: `registry ${this.#access.domain}`,
        next: 'Give its token service TLS.',
      },
    );
  }
}

function readToken(text: string, access: RegistryAccess): { token: string; expires: number } {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    body = undefined;
  }
  const fields = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
  const token = fields.token ?? fields.access_token;
  if (typeof token !== 'string' || token === '') {
    throw new PaiError('REGISTRY_REFUSED', `the token service of registry ${access.domain} gave no token`, {
      where: `registry ${access.domain}`,
      next: "See the log of the registry's token service.",
    });
  }
  const lives = typeof fields.expires_in === 'number' ? fields.expires_in : DEFAULT_TOKEN_SECONDS;
  return { token, expires: Date.now() + Math.max(lives - TOKEN_MARGIN_SECONDS, 1) * 1000 };
}
