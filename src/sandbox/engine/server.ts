import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isObject, textAt, textsAt } from '../../model/json-path.js';
import { parseJson } from '../../model/parse-json.js';
import type { SandboxDescription, SandboxLayout } from '../layout.js';
import type { SandboxRegistry } from '../registry.js';
import { BuildError, buildImage } from './build.js';
import { DockerfileError } from './dockerfile.js';
import { ImageStore, labelsOf, type StoredImage, withTag } from './images.js';
import { pullImage, pushImage, type RegistryEndpoint, type Tell, TransferError } from './transfer.js';

const VERSION = { Version: '20.10.0-simulated', ApiVersion: '1.41', MinAPIVersion: '1.12', Os: 'linux', Arch: 'amd64' };

/** Docker Engine's HTTP API on a socket, as much of it as images need. Containers are not simulated here. */
export class EngineServer {
  readonly #sandbox: SandboxDescription;
  readonly #registry: Pick<SandboxRegistry, 'url'>;
  readonly #images: ImageStore;
  readonly #server: http.Server;
  #folder: string | undefined;
  readonly #removeFolder = () => {
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
  };

  constructor(layout: SandboxLayout, sandbox: SandboxDescription, registry: Pick<SandboxRegistry, 'url'>) {
    this.#sandbox = sandbox;
    this.#registry = registry;
    this.#images = new ImageStore(layout.engine);
    this.#server = http.createServer((request, response) => void this.#serve(request, response));
  }

  /** @returns the path of the socket, in a folder that only this user can enter */
  async listen(): Promise<string> {
    this.#folder = await mkdtemp(path.join(tmpdir(), 'pai-sandbox-'));
    process.once('exit', this.#removeFolder);
    const socket = path.join(this.#folder, 'docker.sock');
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(socket, resolve);
    });
    return socket;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    process.removeListener('exit', this.#removeFolder);
    if (this.#folder !== undefined) await rm(this.#folder, { recursive: true, force: true });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const url = new URL(request.url ?? '/', 'http://engine');
      const asked = `${request.method ?? 'GET'} ${url.pathname.replace(/^\/v\d+\.\d+(?=\/)/, '')}`;
      await this.#answer(asked, url.searchParams, request, response);
    } catch (error) {
      if (response.headersSent) response.destroy();
      else json(response, 500, { message: error instanceof Error ? error.message : String(error) });
    }
  }

  async #answer(
    asked: string,
    query: URLSearchParams,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    if (/^(GET|HEAD) \/_ping$/.test(asked)) response.writeHead(200, { 'Api-Version': VERSION.ApiVersion }).end('OK');
    else if (asked === 'GET /version') json(response, 200, VERSION);
    else if (asked === 'GET /info') json(response, 200, { Name: 'simulated', ServerVersion: VERSION.Version });
    else if (asked === 'POST /build') await this.#build(query, request, response);
    else if (asked === 'GET /images/json') json(response, 200, this.#list(query));
    else if (asked === 'POST /images/create') await this.#pull(query, request, response);
    else await this.#ofImage(asked, query, request, response);
  }

  async #ofImage(
    asked: string,
    query: URLSearchParams,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const [, method, encoded = '', what = ''] = /^(\w+) \/images\/(.+?)(?:\/(json|tag|push))?$/.exec(asked) ?? [];
    const name = decodeURIComponent(encoded);
    if (name === '') return json(response, 404, { message: 'page not found' });
    const image = this.#images.find(what === 'push' ? pushedName(name, query) : name);
    if (image === undefined) return json(response, 404, { message: `No such image: ${withTag(name)}` });
    if (method === 'GET' && what === 'json') return json(response, 200, this.#inspect(image));
    if (method === 'POST' && what === 'tag') {
      this.#images.name(`${query.get('repo') ?? ''}:${query.get('tag') ?? 'latest'}`, image.id);
      response.writeHead(201).end();
    } else if (method === 'DELETE' && what === '') {
      this.#images.unname(name);
      json(response, 200, [{ Untagged: withTag(name) }]);
    } else if (method === 'POST' && what === 'push') {
      await this.#push(image, pushedName(name, query), request, response);
    } else json(response, 404, { message: 'page not found' });
  }

  async #build(query: URLSearchParams, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const context = await readBody(request);
    const name = withTag(query.get('t') ?? 'simulated');
    const lines = new Lines(response);
    const config = decoded(request.headers['x-registry-config']);
    const auth = textsAt(isObject(config) ? config : {}, this.#sandbox.registry.domain);
    try {
      await buildImage(
        this.#images,
        {
          name,
          context,
          dockerfile: query.get('dockerfile') ?? 'Dockerfile',
          labels: textsAt(parseJson(query.get('labels') ?? '{}') ?? {}),
          buildArgs: textsAt(parseJson(query.get('buildargs') ?? '{}') ?? {}),
        },
        (base) => this.#base(base, auth, (message) => lines.write(message)),
        (stream) => lines.write({ stream }),
      );
      response.end();
    } catch (error) {
      // The builder refuses a Dockerfile that it can't read before it tells anything.
      if (error instanceof DockerfileError && !response.headersSent) json(response, 400, { message: error.message });
      else if (isTold(error)) lines.fail(error.message);
      else throw error;
    }
  }

  /** A base image: of this machine, else of the sandbox's registry; one from elsewhere is undefined. */
  async #base(name: string, auth: Readonly<Record<string, string>>, tell: Tell): Promise<StoredImage | undefined> {
    const local = this.#images.find(name);
    if (local !== undefined) return local;
    const { domain } = this.#sandbox.registry;
    if (!name.startsWith(`${domain}/`)) return undefined;
    return pullImage(this.#images, splitName(name, domain), await this.#endpoint(name, auth), tell);
  }

  async #pull(query: URLSearchParams, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const from = query.get('fromImage') ?? '';
    const tag = query.get('tag') ?? '';
    const name = withTag(tag === '' ? from : `${from}${tag.startsWith('sha256:') ? '@' : ':'}${tag}`);
    const lines = new Lines(response);
    await this.#follow(lines, response, async () => {
      const endpoint = await this.#endpoint(name, authOf(request));
      await pullImage(this.#images, splitName(name, endpoint.domain), endpoint, (message) => lines.write(message));
    });
  }

  async #push(image: StoredImage, name: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const lines = new Lines(response);
    await this.#follow(lines, response, async () => {
      const endpoint = await this.#endpoint(name, authOf(request));
      const target = splitName(name, endpoint.domain);
      const { digest, size } = await pushImage(this.#images, image, target, endpoint, (line) => lines.write(line));
      lines.write({ progressDetail: {}, aux: { Tag: target.tag, Digest: digest, Size: size } });
    });
  }

  async #follow(lines: Lines, response: ServerResponse, work: () => Promise<void>): Promise<void> {
    try {
      await work();
      response.end();
    } catch (error) {
      if (!isTold(error)) throw error;
      lines.fail(error.message);
    }
  }

  /** Where the registry of an image is: there is only the sandbox's. */
  async #endpoint(name: string, auth: Readonly<Record<string, string>>): Promise<RegistryEndpoint> {
    const { domain } = this.#sandbox.registry;
    if (!name.startsWith(`${domain}/`)) {
      const [host = ''] = name.split('/');
      throw new TransferError(`Get "https://${host}/v2/": dial tcp: lookup ${host}: no such host (simulated)`);
    }
    const { username, password } = auth;
    const isGiven = username !== undefined && password !== undefined;
    const authorization = isGiven ? `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` : undefined;
    return { domain, url: await this.#registry.url(), authorization };
  }

  #list(query: URLSearchParams): object {
    const filters = parseJson(query.get('filters') ?? '{}');
    const references = referencesOf(isObject(filters) ? filters.reference : undefined);
    const byId = new Map<string, string[]>();
    for (const [name, id] of Object.entries(this.#images.names())) {
      const repository = name.replace(/:[^/:]*$/, '');
      if (references.length > 0 && !references.includes(repository) && !references.includes(name)) continue;
      byId.set(id, [...(byId.get(id) ?? []), name]);
    }
    return [...byId].map(([id, names]) => {
      const image = this.#images.find(id);
      return {
        Id: id,
        RepoTags: names,
        RepoDigests: [],
        Created: 0,
        Size: sizeOf(image),
        Labels: image === undefined ? {} : labelsOf(image),
      };
    });
  }

  #inspect(image: StoredImage): object {
    const { config, rootfs } = JSON.parse(image.configuration) as Record<string, unknown>;
    const names = Object.entries(this.#images.names()).flatMap(([name, id]) => (id === image.id ? [name] : []));
    return {
      Id: image.id,
      RepoTags: names,
      RepoDigests: [],
      Created: '1970-01-01T00:00:00Z',
      Architecture: 'amd64',
      Os: 'linux',
      Size: sizeOf(image),
      Config: config,
      RootFS: rootfs,
    };
  }
}

/** The JSON lines of an answer, which begins with the first of them. */
class Lines {
  readonly #response: ServerResponse;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  write(message: object): void {
    if (!this.#response.headersSent) this.#response.writeHead(200, { 'Content-Type': 'application/json' });
    this.#response.write(`${JSON.stringify(message)}\r\n`);
  }

  fail(message: string): void {
    this.write({ errorDetail: { message }, error: message });
    this.#response.end();
  }
}

function isTold(error: unknown): error is Error {
  return error instanceof BuildError || error instanceof TransferError || error instanceof DockerfileError;
}

function pushedName(name: string, query: URLSearchParams): string {
  const tag = query.get('tag') ?? '';
  return tag === '' ? withTag(name) : `${name}:${tag}`;
}

function splitName(name: string, domain: string): { readonly repository: string; readonly tag: string } {
  const rest = withTag(name).slice(domain.length + 1);
  const [, repository = rest, tag = 'latest'] =
    /^(.*?)(?::[^/@]*)?@(.*)$/.exec(rest) ?? /^(.*):([^/]*)$/.exec(rest) ?? [];
  return { repository, tag };
}

function referencesOf(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.map(String);
  return typeof value === 'object' && value !== null ? Object.keys(value) : [];
}

function sizeOf(image: StoredImage | undefined): number {
  return (image?.layers ?? []).reduce((sum, layer) => sum + layer.size, 0);
}

function authOf(request: IncomingMessage): Readonly<Record<string, string>> {
  const auth = decoded(request.headers['x-registry-auth']);
  const { username, password } = { username: textAt(auth, 'username'), password: textAt(auth, 'password') };
  return { ...(username === undefined ? {} : { username }), ...(password === undefined ? {} : { password }) };
}

/** A header: JSON in base64 with the URL alphabet. */
function decoded(header: string | string[] | undefined) {
  return typeof header === 'string' ? parseJson(Buffer.from(header, 'base64url').toString('utf8')) : undefined;
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
