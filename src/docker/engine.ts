import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import type Docker from 'dockerode';
import { PaiError } from '../model/errors.js';
import { baseImageStep, engineRegistryError, engineUnreachable } from './engine-errors.js';
import { type BuildLog, EngineLog, type EngineMessage, engineMessages } from './engine-output.js';
import { engineRegistryKey, type RegistryAccess } from './registry-access.js';

/** The API version that we were written against (Docker Engine 20.10); newer engines are asked for it while they offer it. */
const API_VERSION = '1.41';
/** Engines have BuildKit from API 1.39 on. */
const BUILDKIT_MINOR = 39;

/** An image to build. */
export interface BuildRequest {
  /** For errors: `pylon`. */
  readonly name: string;
  /** `registry/repository:tag`. */
  readonly reference: string;
  readonly context: Readable;
  readonly labels: Readonly<Record<string, string>>;
  readonly buildArgs: Readonly<Record<string, string>>;
  /** False builds every step anew. */
  readonly cache: boolean;
  /** By the classic builder, whatever the engine prefers. */
  readonly classic?: boolean;
}

/** What builds images in Docker Engine. */
export type Builder = 'classic' | 'buildkit';

/** Progress and cancellation of one call. */
export interface EngineCall {
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Docker Engine on the dev box, as much of it as builds need. */
export class Engine {
  readonly #docker: Docker;
  readonly #address: string;
  readonly #access: RegistryAccess;
  readonly builder: Builder;

  private constructor(docker: Docker, address: string, access: RegistryAccess, builder: Builder) {
    this.#docker = docker;
    this.#address = address;
    this.#access = access;
    this.builder = builder;
  }

  /**
   * Finds the engine and agrees on an API version with it.
   * @param socketPath path of its socket; undefined for DOCKER_HOST and then the usual socket.
   * @param builder default: BuildKit where the engine has it, unless DOCKER_BUILDKIT is 0.
   */
  static async connect(socketPath: string | undefined, access: RegistryAccess, builder?: Builder): Promise<Engine> {
    const { default: DockerClient } = await import('dockerode');
    const shown = socketPath ?? process.env.DOCKER_HOST ?? '/var/run/docker.sock';
    const options = {
      ...(socketPath === undefined ? {} : { socketPath }),
      ...(access.username === undefined || access.password === undefined ? {} : { headers: registryConfig(access) }),
    };
    try {
      const found = await new DockerClient(options).version();
      const version = `v${agreeOnVersion(found.ApiVersion, found.MinAPIVersion)}`;
      const docker = new DockerClient({ ...options, version });
      return new Engine(docker, shown, access, builder ?? (await preferredBuilder(docker)));
    } catch (error) {
      throw engineUnreachable(error, shown) ?? error;
    }
  }

  /** Builds an image. Fails with IMAGE_BUILD: the step, and the last lines. */
  async build(request: BuildRequest, call: EngineCall): Promise<void> {
    const log = new EngineLog(call.log);
    // A context that can't be read to its end ends the build.
    const unreadable = new AbortController();
    request.context.once('error', (error) => unreadable.abort(error));
    const signal = AbortSignal.any([call.signal, unreadable.signal]);
    const buildKit = this.builder === 'buildkit' && request.classic !== true;
    const [failed, output] = buildKit
      ? await this.#buildKit(request, log, signal)
      : [await this.#classic(request, log, signal), log];
    if (failed !== undefined) throw buildError(request.name, failed, output, this.#access.domain);
  }

  #classic(request: BuildRequest, log: EngineLog, signal: AbortSignal): Promise<string | undefined> {
    const options = { ...optionsOf(request), rm: true, forcerm: true, version: '1', abortSignal: signal } as const;
    return this.#follow(() => this.#docker.buildImage(request.context, options), log, signal);
  }

  async #buildKit(
    request: BuildRequest,
    log: EngineLog,
    signal: AbortSignal,
  ): Promise<[failed: string | undefined, output: BuildLog]> {
    const [{ openSession }, { BuildKitLog }] = await Promise.all([
      import('./buildkit-session.js'),
      import('./buildkit-output.js'),
    ]);
    const output = await BuildKitLog.create(log);
    const session = await this.#ask(() => openSession(this.#docker, (host) => this.#loginFor(host)));
    try {
      // The library opens a session of its own for version '2'.
      const version = 2 as unknown as '2';
      const options = { ...optionsOf(request), version, session: session.id, abortSignal: signal };
      return [await this.#follow(() => this.#docker.buildImage(request.context, options), output, signal), output];
    } finally {
      session.close();
    }
  }

  /** Pulls an image of the configured registry. Fails with REGISTRY_*. */
  async pull(reference: string, call: EngineCall): Promise<void> {
    const options = { authconfig: this.#authConfig(reference), abortSignal: call.signal };
    const output = new EngineLog(call.log);
    const failed = await this.#follow(() => this.#docker.pull(reference, options), output, call.signal);
    if (failed !== undefined) throw engineRegistryError(failed, this.#access, `pull ${reference}`);
  }

  /** Pushes an image to the configured registry. Fails with REGISTRY_*. */
  async push(reference: string, call: EngineCall): Promise<void> {
    const options = { authconfig: this.#authConfig(reference), abortSignal: call.signal };
    const output = new EngineLog(call.log);
    const image = this.#docker.getImage(reference);
    const failed = await this.#follow(() => image.push(options), output, call.signal);
    if (failed !== undefined) throw engineRegistryError(failed, this.#access, `push ${reference}`);
  }

  /**
   * Names of a repository's images on the dev box: `repository:tag`, and `repository@digest` for earlier builds whose tag
   * has moved on.
   */
  async names(repository: string): Promise<readonly string[]> {
    const images = await this.#ask(() => this.#docker.listImages({ filters: { reference: [repository] } }));
    return images.flatMap((image) => {
      const tags = (image.RepoTags ?? []).filter((tag) => tag !== '<none>:<none>');
      return tags.length > 0 ? tags : (image.RepoDigests ?? []).filter((digest) => digest.startsWith(`${repository}@`));
    });
  }

  /** Gives an image one more name. */
  async tag(reference: string, tag: string): Promise<void> {
    const repo = reference.slice(0, reference.lastIndexOf(':'));
    await this.#ask(() => this.#docker.getImage(reference).tag({ repo, tag }));
  }

  /** Removes a name, and the image when it was the last. False when a container still uses the image; gone is no error. */
  async untag(reference: string): Promise<boolean> {
    try {
      await this.#ask(() => this.#docker.getImage(reference).remove());
      return true;
    } catch (error) {
      const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined;
      if (status !== 404 && status !== 409) throw error;
      return status === 404;
    }
  }

  async #ask<T>(question: () => Promise<T>): Promise<T> {
    try {
      return await question();
    } catch (error) {
      throw engineUnreachable(error, this.#address) ?? error;
    }
  }

  /** Runs a call that tells its progress. Gives the engine's own error message, undefined when it went well. */
  async #follow(
    start: () => Promise<AsyncIterable<Uint8Array | string>>,
    output: BuildLog,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    let failed: string | undefined;
    try {
      signal.throwIfAborted();
      for await (const message of engineMessages(await start())) {
        output.add(message);
        failed = errorOf(message) ?? failed;
      }
      signal.throwIfAborted();
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      const unreachable = engineUnreachable(error, this.#address);
      if (unreachable !== undefined) throw unreachable;
      failed = engineMessageOf(error);
    }
    output.end();
    return failed;
  }

  /** The login of the configured registry, for it only. BuildKit asks for Docker Hub by the name of its API. */
  #loginFor(host: string): { username: string; password: string } | undefined {
    const { domain, username, password } = this.#access;
    const asked = /^(?:registry-1|index)\.docker\.io$/.test(host) ? 'docker.io' : host;
    return asked === domain && username !== undefined && password !== undefined ? { username, password } : undefined;
  }

  /** The login of the configured registry, for its images only. */
  #authConfig(reference: string): Docker.AuthConfigObject {
    const { domain, username, password } = this.#access;
    // Engines up to 20.10 refuse a push without any; an empty one is "not logged in".
    if (!reference.startsWith(`${domain}/`) || username === undefined || password === undefined) return {};
    return { username, password, serveraddress: engineRegistryKey(domain) };
  }
}

function optionsOf({ reference, labels, buildArgs, cache }: BuildRequest) {
  return { t: reference, labels: { ...labels }, buildargs: { ...buildArgs }, nocache: !cache };
}

/**
 * BuildKit where the engine has it: one that names it when it is asked whether it is there, and Docker's own for Linux from 18.09 (API 1.39) on, which
 * up to 20.10 has both and names none.
 */
async function preferredBuilder(docker: Docker): Promise<Builder> {
  if (process.env.DOCKER_BUILDKIT === '0') return 'classic';
  const request = { path: '/_ping', method: 'GET', isStream: true, statusCodes: { 200: true, 500: 'server error' } };
  const headers = await new Promise<IncomingHttpHeaders>((resolve) => {
    docker.modem.dial(request, (_, answer) => {
      const response = answer as IncomingMessage | null | undefined;
      response?.resume();
      resolve(response?.headers ?? {});
    });
  });
  const { 'builder-version': named, 'api-version': api, server, ostype } = headers;
  const has = String(server).startsWith('Docker/') && ostype === 'linux' && minorOf(String(api)) >= BUILDKIT_MINOR;
  return named === '2' || has ? 'buildkit' : 'classic';
}

/** Credentials for base images; the library's own option encodes them in a way that the engine can't read always. */
function registryConfig(access: RegistryAccess): Record<string, string> {
  const { username, password } = access;
  const config = JSON.stringify({ [engineRegistryKey(access.domain)]: { username, password } });
  return { 'X-Registry-Config': Buffer.from(config).toString('base64').replaceAll('+', '-').replaceAll('/', '_') };
}

/** Ours while the engine offers it, else its nearest. Versions are `1.<minor>`. */
export function agreeOnVersion(newest: string, oldest: string | undefined): string {
  if (minorOf(newest) < minorOf(API_VERSION)) return newest;
  if (oldest !== undefined && minorOf(oldest) > minorOf(API_VERSION)) return oldest;
  return API_VERSION;
}

function minorOf(version: string): number {
  return Number(version.split('.')[1] ?? 0);
}

function errorOf(message: EngineMessage): string | undefined {
  return message.error;
}

/** What the engine said, out of an error of the engine library: `(HTTP code 500) server error - text `. */
function engineMessageOf(thrown: unknown): string {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return message.replace(/^\(HTTP code \d+\) [^-]*- /, '').trim();
}

function buildError(name: string, message: string, output: BuildLog, domain: string): PaiError {
  const exit =
    /^The command .* returned a non-zero code: (\d+)$/s.exec(message) ??
    // BuildKit: `executor failed running [...]: exit code: 3`, `process "..." did not complete successfully: exit code: 3`.
    /(?:^|: )(?:executor failed running|process) .*: exit code: (\d+)$/s.exec(message);
  const problem = exit === null ? message : `exit code ${exit[1]}`;
  const step = output.step === undefined ? '' : `${shorten(output.step)}: `;
  return new PaiError('IMAGE_BUILD', `image ${name} does not build: ${step}${problem}`, {
    where: `image ${name}`,
    next:
      baseImageStep(message, domain) ??
      "Correct that step of the image's Dockerfile, or the files that it copies, and run again.",
    details: output.last,
  });
}

/** A step may be a screenful of shell; its start tells which one it is. */
function shorten(step: string): string {
  const line = step.replace(/\s+/g, ' ');
  return line.length > 100 ? `${line.slice(0, 99)}…` : line;
}
