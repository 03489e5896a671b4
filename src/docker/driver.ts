import type { ContextFile, ImageDriver, ImagePlace, ImageReference, ImageSource, ImageWork } from '../model/drivers.js';
import { PaiError, toPaiError } from '../model/errors.js';
import type { Observation, Stamp } from '../model/stamp.js';
import type { ActionContext, ApplyContext } from '../model/target.js';
import { baseImages } from './base-images.js';
import { contextFiles, dockerfileOf, sentContext } from './context-files.js';
import { contextTar } from './context-tar.js';
import { copyImage } from './copy-image.js';
import { type Builder, Engine } from './engine.js';
import { decodeStamp, encodeStamp, fingerprintTag, STAMP_LABEL } from './image-stamp.js';
import { KnownStamps } from './known-stamps.js';
import { imageName, type RegistryAccess } from './registry-access.js';
import { type Manifest, RegistryClient } from './registry-client.js';
import type { SourceOptions, SourceTrees } from './source-tree.js';

/** What the image driver is made with. */
export interface ImageDriverOptions {
  readonly registry: RegistryAccess;
  /** Other registries that are asked over plain HTTP, `host[:port]`. */
  readonly insecureRegistries?: readonly string[];
  /**
   * Path of Docker Engine's socket, or what tells it when it is needed first; default DOCKER_HOST, else
   * /var/run/docker.sock. Used for builds only.
   */
  readonly dockerSocket?: string | (() => Promise<string>);
  /** What builds; default: BuildKit where the engine has it, unless DOCKER_BUILDKIT is 0. */
  readonly builder?: Builder;
  /** Folder of `.cache` in which labels of images are remembered, absolute. Default: none are. */
  readonly knownStamps?: string;
  /** How source trees are read. Without it there are none. */
  readonly sources?: SourceOptions;
}

/** An image in the registry. */
interface Found {
  readonly manifest: Manifest;
  readonly stamp?: Stamp;
  readonly problem?: string;
}

/**
 * The image driver: looks into the registry with one small request an image (two the first time), builds and pushes on the dev box's Docker
 * Engine, which is loaded and asked at the first build only.
 */
export function createImageDriver(options: ImageDriverOptions): ImageDriver {
  return new RegistryImageDriver(options);
}

class RegistryImageDriver implements ImageDriver {
  readonly #options: ImageDriverOptions;
  readonly #known: KnownStamps;
  readonly #clients = new Map<string, RegistryClient>();
  #engine: Promise<Engine> | undefined;
  #trees: Promise<SourceTrees> | undefined;

  constructor(options: ImageDriverOptions) {
    this.#options = options;
    this.#known = new KnownStamps(options.knownStamps);
  }

  async observe(image: ImageReference): Promise<Observation> {
    try {
      const found = await this.#find(image, image.tag);
      if (found === undefined) return { kind: 'known', present: false };
      const { stamp, problem } = found;
      return {
        kind: 'known',
        present: true,
        ...(stamp === undefined ? {} : { stamp }),
        ...(problem === undefined ? {} : { problem }),
      };
    } catch (error) {
      return { kind: 'unknown', error: toPaiError(error) };
    }
  }

  contextFiles = contextFiles;

  async sourceFiles(
    source: ImageSource,
    copy: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly ContextFile[]> {
    return (await this.#sourceTrees()).files(source, copy, signal);
  }

  async missingSource(source: ImageSource, copy: readonly string[]): Promise<PaiError | undefined> {
    return (await this.#sourceTrees()).missing(source, copy);
  }

  async apply(work: ImageWork, context: ApplyContext): Promise<Stamp> {
    try {
      return await this.#apply(work, context);
    } catch (error) {
      throw cancelledOr(error, context.signal);
    }
  }

  async clean(image: ImageReference, context: ActionContext): Promise<void> {
    try {
      await this.#cleanDevBox(image, context);
      if (context.remote === true) await this.#cleanRegistry(image, context);
    } catch (error) {
      throw cancelledOr(error, context.signal);
    }
  }

  async digest(place: ImagePlace): Promise<string | undefined> {
    return (await this.#client(place).manifest(place.repository, place.tag))?.digest;
  }

  async copy(from: ImagePlace, to: ImagePlace, context: ActionContext): Promise<void> {
    const side = (place: ImagePlace) => ({ client: this.#client(place), image: place });
    try {
      await copyImage(side(from), side(to), context);
    } catch (error) {
      throw cancelledOr(error, context.signal);
    }
  }

  #sourceTrees(): Promise<SourceTrees> {
    const { sources } = this.#options;
    if (sources === undefined) throw new Error('an image driver without source trees was asked for one');
    this.#trees ??= import('./source-tree.js').then(({ SourceTrees }) => new SourceTrees(sources));
    return this.#trees;
  }

  async #apply(work: ImageWork, context: ApplyContext): Promise<Stamp> {
    const { image } = work;
    const { signal, log } = context;
    const stamp = context.stamp();
    const stored = fingerprintTag(stamp.fingerprint);
    const carries = (found: Found | undefined) => found?.stamp?.fingerprint === stamp.fingerprint;

    // Nobody asks for an image that its tag shows already, unless to have it built anew: then no cache either.
    const forced = carries(await this.#find(image, image.tag, signal));
    let built = forced ? undefined : await this.#find(image, stored, signal);
    if (built !== undefined && carries(built)) {
      log(`${image.repository}: the registry has this build already as ${stored}; only tagging it`);
    } else {
      await this.#build(work, stamp, !forced, context);
      built = await this.#find(image, stored, signal);
      if (built === undefined || !carries(built)) throw changedMeanwhile({ ...image, tag: stored });
    }
    // The one step that makes it visible under its tag: the image and, inside of it, the stamp.
    await this.#client(image).tag(image.repository, image.tag, built.manifest, signal);
    const seen = await this.#find(image, image.tag, signal);
    if (seen?.stamp === undefined || !carries(seen)) throw changedMeanwhile(image);
    log(`${imageName(image)} is ${seen.manifest.digest}`);
    return seen.stamp;
  }

  async #build(work: ImageWork, stamp: Stamp, cache: boolean, context: ApplyContext): Promise<void> {
    const { image } = work;
    const files = await contextFiles(work.files);
    const dockerfile = dockerfileOf(files);
    if (dockerfile === undefined) {
      throw new PaiError('IMAGE_CONTEXT', `image ${image.repository} has no Dockerfile`, {
        where: `image ${image.repository}`,
        next: 'Add a Dockerfile to its folder.',
      });
    }
    const engine = await this.#connect();
    // A copy of an earlier build on this machine must not win over what another machine has pushed since.
    for (const base of baseImages(dockerfile, work.buildArgs)) {
      if (isOwn(base, image)) await engine.pull(base, context);
    }
    const sent = await sentContext(files);
    const reference = imageName({ ...image, tag: fingerprintTag(stamp.fingerprint) });
    await engine.build(
      {
        name: image.repository.split('/').at(-1) ?? image.repository,
        reference,
        context: await contextTar(sent.files),
        classic: sent.classic,
        labels: { [STAMP_LABEL]: encodeStamp(stamp) },
        buildArgs: work.buildArgs,
        cache,
      },
      context,
    );
    await engine.push(reference, context);
    // On this machine it goes by its ordinary name; one more name for each build would keep them all on its disk.
    await engine.tag(reference, image.tag);
    await engine.untag(reference);
  }

  async #cleanDevBox(image: ImageReference, context: ActionContext): Promise<void> {
    const repository = repositoryOf(imageName(image)).replace(/^docker\.io\//, '');
    const ours = [`${repository}:fp-`, `${repository}@`];
    try {
      const engine = await this.#connect();
      for (const name of await engine.names(repository)) {
        if (name !== `${repository}:${image.tag}` && !ours.some((own) => name.startsWith(own))) continue;
        const removed = await engine.untag(name);
        context.log(
          removed ? `removed ${name} from this machine` : `${name} stays on this machine: a container uses it`,
        );
      }
    } catch (error) {
      if (!(error instanceof PaiError && error.code === 'DOCKER_UNREACHABLE')) throw error;
      context.log('Docker Engine does not answer: local copies are left as they are');
    }
  }

  async #cleanRegistry(image: ImageReference, context: ActionContext): Promise<void> {
    const name = imageName(image);
    const client = this.#client(image);
    const manifest = await client.manifest(image.repository, image.tag, context.signal);
    if (manifest === undefined) {
      context.log(`${name} is not in the registry`);
      return;
    }
    // By digest, so that no other tag keeps it, that of its fingerprint above all; some registries know deletion by tag only.
    let deletion = await client.delete(image.repository, manifest.digest, context.signal);
    if (deletion !== 'deleted') deletion = await client.delete(image.repository, image.tag, context.signal);
    context.log(
      deletion === 'unsupported'
        ? `${name} stays in the registry, which refuses to delete: deletion is switched off there`
        : `removed ${name} from the registry (${manifest.digest}, with all of its tags)`,
    );
  }

  async #find(image: ImageReference, tag: string, signal?: AbortSignal): Promise<Found | undefined> {
    const client = this.#client(image);
    const manifest = await client.manifest(image.repository, tag, signal);
    if (manifest === undefined) return undefined;
    const name = imageName({ ...image, tag });
    let label = await this.#known.label(name, manifest.digest);
    if (label === undefined) {
      const labels = await client.labels(image.repository, manifest, signal);
      if (labels === undefined) return { manifest, problem: `the registry has lost a part of ${name}` };
      label = labels.get(STAMP_LABEL) ?? null;
      // Under its tag only: names of fingerprints are looked up before a build, and never again.
      if (tag === image.tag) await this.#known.keep(name, manifest.digest, label ?? undefined);
    }
    const stamp = decodeStamp(label ?? undefined, manifest.digest);
    return stamp === undefined ? { manifest } : { manifest, stamp };
  }

  /** Credentials go to the configured registry only. */
  #client(image: ImageReference & { readonly insecure?: boolean }): RegistryClient {
    const insecure = image.insecure ?? false;
    const key = `${insecure ? 'http' : 'https'}://${image.registry}`;
    const known = this.#clients.get(key);
    if (known !== undefined) return known;
    const { registry, insecureRegistries = [] } = this.#options;
    const own = image.registry === registry.domain;
    const plain = insecure || insecureRegistries.includes(image.registry);
    const client = new RegistryClient(own ? registry : { domain: image.registry, insecure: plain });
    this.#clients.set(key, client);
    return client;
  }

  async #connect(): Promise<Engine> {
    this.#engine ??= connectTo(this.#options);
    try {
      return await this.#engine;
    } catch (error) {
      // It may have been started by the time of the next try.
      this.#engine = undefined;
      throw error;
    }
  }
}

async function connectTo({ dockerSocket, registry, builder }: ImageDriverOptions): Promise<Engine> {
  return Engine.connect(typeof dockerSocket === 'function' ? await dockerSocket() : dockerSocket, registry, builder);
}

/** Whether a base image is one that is kept beside this image in the configured registry. */
function isOwn(base: string, image: ImageReference): boolean {
  if (image.registry !== 'docker.io') return base.startsWith(`${image.registry}/`);
  const namespace = image.repository.slice(0, image.repository.indexOf('/') + 1);
  return namespace !== '' && (base.startsWith(namespace) || base.startsWith(`docker.io/${namespace}`));
}

/** `registry/repository` of `registry/repository:tag`. */
function repositoryOf(name: string): string {
  return name.slice(0, name.lastIndexOf(':'));
}

function changedMeanwhile(image: ImageReference): PaiError {
  return new PaiError('REGISTRY_REFUSED', `the registry does not show what was just pushed as ${imageName(image)}`, {
    where: `registry ${image.registry}`,
    next: 'Make sure that nobody else pushes this tag and that Docker Engine pushes to this very registry; then run again.',
  });
}

function cancelledOr(error: unknown, signal: AbortSignal): unknown {
  if (!signal.aborted || error instanceof PaiError) return error;
  return new PaiError('CANCELLED', 'the work on the image was cancelled', { cause: error });
}
