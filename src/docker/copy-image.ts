import type { ImageReference } from '../model/drivers.js';
import { PaiError } from '../model/errors.js';
import type { ActionContext } from '../model/target.js';
import { imageName } from './registry-access.js';
import type { Manifest, RegistryClient } from './registry-client.js';

/** An image, and who asks its registry. */
export interface Side {
  readonly client: RegistryClient;
  readonly image: ImageReference;
}

/** What a manifest says of a part of it (a descriptor of the OCI image specification). */
interface Part {
  readonly digest: string;
  readonly bytes: number;
}

interface Manifests {
  /** Of an index: the images of its platforms. */
  readonly images: readonly Part[];
  readonly blobs: readonly Part[];
}

/**
 * Copies an image from registry to registry: what it consists of first, the tag last, so that nobody sees a part of it. Bytes stay the same,
 * so digests do. Errors: REGISTRY_UNREACHABLE, REGISTRY_AUTH, REGISTRY_REFUSED.
 */
export async function copyImage(from: Side, to: Side, context: ActionContext): Promise<void> {
  const { signal, log } = context;
  const name = imageName(from.image);
  const manifest = await from.client.manifest(from.image.repository, from.image.tag, signal);
  if (manifest === undefined) throw absent(name, from.image.registry);
  const sent = await copyParts(manifest, from, to, context);
  await to.client.tag(to.image.repository, to.image.tag, manifest, signal);
  const megabytes = (sent / 1e6).toFixed(1);
  log(`${imageName(to.image)} is ${manifest.digest}, as ${name}; ${megabytes} MB were sent`);
}

/** Resolves to the number of bytes that were sent. */
async function copyParts(manifest: Manifest, from: Side, to: Side, context: ActionContext): Promise<number> {
  const { signal } = context;
  const { images, blobs } = partsOf(manifest, from);
  let sent = 0;
  for (const { digest } of images) {
    const image = await from.client.manifest(from.image.repository, digest, signal);
    if (image === undefined) throw absent(`${imageName(from.image)} (${digest})`, from.image.registry);
    if (image.digest !== digest) throw damaged(from, `${digest} is something else there`);
    sent += await copyParts(image, from, to, context);
    await to.client.tag(to.image.repository, digest, image, signal);
  }
  for (const blob of blobs) sent += await copyBlob(blob, from, to, context);
  return sent;
}

async function copyBlob(blob: Part, from: Side, to: Side, { signal, log }: ActionContext): Promise<number> {
  const [source, destination] = [from.image.repository, to.image.repository];
  if (await to.client.hasBlob(destination, blob.digest, signal)) return 0;
  let sent = 0;
  const open = () => {
    sent = blob.bytes;
    log(`sending ${blob.digest} (${(blob.bytes / 1e6).toFixed(1)} MB)`);
    return from.client.readBlob(source, blob.digest, signal);
  };
  const mount = from.image.registry === to.image.registry ? { from: source } : {};
  await to.client.writeBlob(destination, blob, open, { ...mount, signal });
  return sent;
}

function partsOf({ body }: Manifest, from: Side): Manifests {
  let fields: Readonly<Record<string, unknown>>;
  try {
    fields = JSON.parse(body.toString('utf8')) as Readonly<Record<string, unknown>>;
  } catch {
    throw damaged(from, 'its manifest is no JSON');
  }
  const images = listOf(fields.manifests, from);
  const blobs = [
    ...listOf(
      [fields.config].filter((config) => config !== undefined),
      from,
    ),
    ...listOf(fields.layers, from),
  ];
  if (images.length + blobs.length === 0) throw damaged(from, 'its manifest names nothing; schema 1 is not copied');
  return { images, blobs };
}

/** Layers with addresses of their own (those of Windows) are not kept in registries. */
function listOf(value: unknown, from: Side): readonly Part[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((entry: unknown) => {
    const { digest, size, urls } = (entry ?? {}) as Readonly<Record<string, unknown>>;
    if (Array.isArray(urls) && urls.length > 0) return [];
    if (typeof digest === 'string' && typeof size === 'number') return [{ digest, bytes: size }];
    throw damaged(from, 'its manifest has a part without digest and size');
  });
}

function absent(name: string, registry: string): PaiError {
  return new PaiError('REGISTRY_REFUSED', `there is no ${name}`, {
    where: `registry ${registry}`,
    next: 'Check the version in kubernetes-configuration.yaml, or upstream-registry; pai images list shows where each image is taken from.',
  });
}

function damaged({ image }: Side, what: string): PaiError {
  return new PaiError('REGISTRY_REFUSED', `${imageName(image)} can't be copied: ${what}`, {
    where: `registry ${image.registry}`,
    next: 'Push the image there again.',
  });
}
