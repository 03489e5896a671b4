import { createHash } from 'node:crypto';
import { PaiError } from '../model/errors.js';
import { type RegistryAccess, registryUrl } from './registry-access.js';
import { RegistryAuthorizer } from './registry-auth.js';
import { statusError } from './registry-errors.js';
import { RegistryHttp, type RegistryRequest, type RegistryResponse } from './registry-http.js';

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
  readonly body?: Uint8Array;
  readonly signal?: AbortSignal;
}

/**
 * Docker Registry HTTP API v2, as much of it as stamps need: manifests, image configurations and tags. Never pulls
 * layers. Errors: REGISTRY_UNREACHABLE, REGISTRY_AUTH, REGISTRY_REFUSED.
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

  async #call(call: Call): Promise<RegistryResponse> {
    this.#greeted ??= this.#greet();
    try {
      await this.#greeted;
    } catch (error) {
      this.#greeted = undefined;
      throw error;
    }
    const url = new URL(`v2/${call.path}`, this.#base);
    const sent = await this.#authorizer.authorization(call.scope);
    let response = await this.#follow(call, url, sent);
    if (response.status === 401 && this.#authorizer.learn(response.headers['www-authenticate'], call.scope, sent)) {
      response = await this.#follow(call, url, await this.#authorizer.authorization(call.scope));
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
  async #follow(call: Call, first: URL, authorization: string | undefined): Promise<RegistryResponse> {
    let url = first;
    for (let hop = 0; hop <= MAXIMUM_REDIRECTIONS; hop++) {
      const own = url.origin === first.origin && authorization !== undefined ? { Authorization: authorization } : {};
      const response = await this.#http.send({
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
