import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { PaiError } from '../model/errors.js';
import { type RegistryAccess, registryUrl } from './registry-access.js';
import { RegistryAuthorizer } from './registry-auth.js';
import { statusError } from './registry-errors.js';
import { type OpenResponse, RegistryHttp, type RegistryRequest, type RegistryResponse } from './registry-http.js';

const IMAGE_TYPES = [
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
] as const;
const INDEX_TYPES = [
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.index.v1+json',
] as const;
const ACCEPT_MANIFEST = [...IMAGE_TYPES, ...INDEX_TYPES].join(', ');
const MAXIMUM_REDIRECTIONS = 5;

/** A manifest as the registry holds it. */
export interface Manifest {
  /** `sha256:<hex>` over `body`: what a pull by digest names. */
  readonly digest: string;
  readonly mediaType: string;
  readonly body: Buffer;
}

/** What a registry answered to a deletion. */
export type Deletion = 'deleted' | 'absent' | 'unsupported';

interface Call {
  readonly method: RegistryRequest['method'];
  readonly path: string;
  readonly scope: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: RegistryRequest['body'];
  readonly signal?: AbortSignal;
}

type Answer = Pick<RegistryResponse, 'status' | 'headers'>;
type Send<Response> = (request: RegistryRequest) => Promise<Response>;

/**
 * Docker Registry HTTP API v2: manifests, image configurations and tags, which stamps need, and blobs, which copies of images
 * need. Errors: REGISTRY_UNREACHABLE, REGISTRY_AUTH, REGISTRY_REFUSED.
 */
export class RegistryClient {
  readonly #access: RegistryAccess;
  readonly #base: URL;
  readonly #http: RegistryHttp;
  readonly #authorizer: RegistryAuthorizer;
  #greeted: Promise<void> | undefined;

  constructor(access: RegistryAccess) {
    this.#access = access;
    this.#base = registryUrl(access);
    this.#http = new RegistryHttp(access);
    this.#authorizer = new RegistryAuthorizer(this.#http, access);
  }

  /** The manifest under a tag or digest; undefined when the registry has none. */
  async manifest(repository: string, reference: string, signal?: AbortSignal): Promise<Manifest | undefined> {
    const response = await this.#call({
      method: 'GET',
      path: `${repository}/manifests/${reference}`,
      scope: `repository:${repository}:pull`,
      headers: { Accept: ACCEPT_MANIFEST },
      ...(signal === undefined ? {} : { signal }),
    });
    if (response.status === 404) return undefined;
    if (response.status !== 200) throw statusError(response, this.#access, `read ${repository}:${reference}`);
    const digest = `sha256:${createHash('sha256').update(response.body).digest('hex')}`;
    return { digest, mediaType: mediaTypeOf(response), body: response.body };
  }

  /** Labels of the image that a manifest describes; undefined when the registry lost a part of it. */
  async labels(
    repository: string,
    manifest: Manifest,
    signal?: AbortSignal,
  ): Promise<ReadonlyMap<string, string> | undefined> {
    let fields = parseObject(manifest.body);
    if (Array.isArray(fields.manifests)) {
      const reference = firstImage(fields.manifests);
      const image = reference === undefined ? undefined : await this.manifest(repository, reference, signal);
      if (image === undefined) return undefined;
      fields = parseObject(image.body);
    }
    const config = asObject(fields.config).digest;
    if (typeof config !== 'string') return new Map();
    const response = await this.#call({
      method: 'GET',
      path: `${repository}/blobs/${config}`,
      scope: `repository:${repository}:pull`,
      ...(signal === undefined ? {} : { signal }),
    });
    if (response.status === 404) return undefined;
    if (response.status !== 200) throw statusError(response, this.#access, `read the configuration of ${repository}`);
    const labels = asObject(asObject(parseObject(response.body).config).Labels);
    return new Map(Object.entries(labels).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
  }

  /** Puts a manifest that the repository holds already under a tag. */
  async tag(repository: string, tag: string, manifest: Manifest, signal?: AbortSignal): Promise<void> {
    const response = await this.#call({
      method: 'PUT',
      path: `${repository}/manifests/${tag}`,
      scope: `repository:${repository}:pull,push`,
      headers: { 'Content-Type': manifest.mediaType },
      body: manifest.body,
      ...(signal === undefined ? {} : { signal }),
    });
    if (response.status >= 300) throw statusError(response, this.#access, `tag ${repository}:${tag}`);
  }

  /** Deletes a tag, or by digest a manifest with all of its tags. */
  async delete(repository: string, reference: string, signal?: AbortSignal): Promise<Deletion> {
    const response = await this.#call({
      method: 'DELETE',
      path: `${repository}/manifests/${reference}`,
      scope: `repository:${repository}:pull,delete`,
      ...(signal === undefined ? {} : { signal }),
    });
    if (response.status < 300) return 'deleted';
    if (response.status === 404) return 'absent';
    // 405: deletion is switched off. 400: this registry deletes by digest only.
    if (response.status === 405 || response.status === 400) return 'unsupported';
    throw statusError(response, this.#access, `delete ${repository}:${reference}`);
  }

  /** Whether a repository has a blob. */
  async hasBlob(repository: string, digest: string, signal?: AbortSignal): Promise<boolean> {
    const response = await this.#call({
      method: 'HEAD',
      path: `${repository}/blobs/${digest}`,
      scope: `repository:${repository}:pull`,
      ...(signal === undefined ? {} : { signal }),
    });
    if (response.status === 404) return false;
    if (response.status !== 200) throw statusError(response, this.#access, `show a part of ${repository}`);
    return true;
  }

  /** A blob as it comes. Fails with REGISTRY_REFUSED when the repository has none of that digest. */
  async readBlob(repository: string, digest: string, signal?: AbortSignal): Promise<Readable> {
    const { status, headers, body } = await this.#open({
      method: 'GET',
      path: `${repository}/blobs/${digest}`,
      scope: `repository:${repository}:pull`,
      ...(signal === undefined ? {} : { signal }),
    });
    if (status === 200) return body;
    throw statusError({ status, headers, body: Buffer.alloc(0) }, this.#access, `give ${digest} of ${repository}`);
  }

  /**
   * Stores a blob; the registry checks its digest. Nothing is sent where the registry has it in the repository `from`.
   * @param open called when it has to be sent
   */
  async writeBlob(
    repository: string,
    { digest, bytes }: { readonly digest: string; readonly bytes: number },
    open: () => Promise<Readable>,
    { from, signal }: { readonly from?: string; readonly signal?: AbortSignal } = {},
  ): Promise<void> {
    const scope = `repository:${repository}:pull,push`;
    const given = signal === undefined ? {} : { signal };
    const mount = from === undefined ? '' : `?mount=${encodeURIComponent(digest)}&from=${encodeURIComponent(from)}`;
    const begun = await this.#call({ method: 'POST', path: `${repository}/blobs/uploads/${mount}`, scope, ...given });
    if (begun.status === 201) return;
    const { location } = begun.headers;
    if (begun.status !== 202 || location === undefined) {
      throw statusError(begun, this.#access, `take a part of ${repository}`);
    }
    const url = new URL(location, new URL(`v2/${repository}/blobs/uploads/`, this.#base));
    url.searchParams.set('digest', digest);
    const stream = await open();
    try {
      const own = url.origin === this.#base.origin ? await this.#authorizer.authorization(scope) : undefined;
      const response = await this.#http.send({
        method: 'PUT',
        url,
        headers: { 'Content-Type': 'application/octet-stream', ...(own === undefined ? {} : { Authorization: own }) },
        body: { stream, bytes },
        ...given,
      });
      if (response.status !== 201) throw statusError(response, this.#access, `take a part of ${repository}`);
    } finally {
      stream.destroy();
    }
  }

  #call(call: Call): Promise<RegistryResponse> {
    return this.#ask(call, (request) => this.#http.send(request));
  }

  /** With the body as it comes. */
  #open(call: Call): Promise<OpenResponse> {
    return this.#ask(call, async (request) => {
      const response = await this.#http.open(request);
      // Of a refusal or a redirection nobody reads the body.
      if (response.status !== 200) response.body.destroy();
      return response;
    });
  }

  async #ask<Response extends Answer>(call: Call, send: Send<Response>): Promise<Response> {
    this.#greeted ??= this.#greet();
    try {
      await this.#greeted;
    } catch (error) {
      this.#greeted = undefined;
      throw error;
    }
    const url = new URL(`v2/${call.path}`, this.#base);
    const sent = await this.#authorizer.authorization(call.scope);
    const response = await this.#follow(call, url, sent, send);
    if (response.status === 401 && this.#authorizer.learn(response.headers['www-authenticate'], call.scope, sent)) {
      return this.#follow(call, url, await this.#authorizer.authorization(call.scope), send);
    }
    return response;
  }

  /** Asks once how the registry wants to be logged in to, so that not every request is refused first. */
  async #greet(): Promise<void> {
    const response = await this.#http.send({ method: 'GET', url: new URL('v2/', this.#base), headers: {} });
    if (response.status === 401) this.#authorizer.learn(response.headers['www-authenticate'], '', undefined);
    if (response.status === 200 || response.status === 401) return;
    if (response.status === 404) {
      throw new PaiError('REGISTRY_UNREACHABLE', `${this.#base.host} answers, but not as a registry`, {
        where: `registry ${this.#access.domain}`,
        next: 'Correct docker-registry-domain in services-configuration.yaml: host and port of a registry with API v2.',
      });
    }
    throw statusError(response, this.#access, 'answer');
  }

  /** Blob storage is often elsewhere; credentials stay with the registry. */
  async #follow<Response extends Answer>(
    call: Call,
    first: URL,
    authorization: string | undefined,
    send: Send<Response>,
  ): Promise<Response> {
    let url = first;
    for (let hop = 0; hop <= MAXIMUM_REDIRECTIONS; hop++) {
      const own = url.origin === first.origin && authorization !== undefined ? { Authorization: authorization } : {};
      const response = await send({
        method: call.method,
        url,
        headers: { ...call.headers, ...own },
        ...(call.body === undefined ? {} : { body: call.body }),
        ...(call.signal === undefined ? {} : { signal: call.signal }),
      });
      const { location } = response.headers;
      if (![301, 302, 303, 307, 308].includes(response.status) || location === undefined) return response;
      url = new URL(location, url);
    }
    throw new PaiError('REGISTRY_REFUSED', `registry ${this.#access.domain} redirects without an end`, {
      where: `registry ${this.#access.domain}`,
      next: "Correct the registry's configuration of its public URL.",
    });
  }
}

function mediaTypeOf(response: RegistryResponse): string {
  const header = response.headers['content-type']?.split(';')[0]?.trim();
  const known: readonly string[] = [...IMAGE_TYPES, ...INDEX_TYPES];
  if (header !== undefined && known.includes(header)) return header;
  const { mediaType } = parseObject(response.body);
  return typeof mediaType === 'string' ? mediaType : IMAGE_TYPES[0];
}

/** Digest of the first entry of an index that is an image: attestations say `unknown` for their platform. */
function firstImage(manifests: readonly unknown[]): string | undefined {
  const image = manifests.map(asObject).find((entry) => asObject(entry.platform).os !== 'unknown');
  return typeof image?.digest === 'string' ? image.digest : undefined;
}

function parseObject(body: Buffer): Record<string, unknown> {
  try {
    return asObject(JSON.parse(body.toString('utf8')));
  } catch {
    return {};
  }
}

function asObject(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
