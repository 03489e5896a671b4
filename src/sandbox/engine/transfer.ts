import type { Json } from '../../model/json.js';
import { isObject, listAt, numberAt, textAt } from '../../model/json-path.js';
import { parseJson } from '../../model/parse-json.js';
import { digestOf, type ImageStore, type StoredImage } from './images.js';

/** The registry as the engine reaches it. */
export interface RegistryEndpoint {
  /** As images name it. */
  readonly domain: string;
  readonly url: string;
  /** Value of `Authorization`, if credentials were given. */
  readonly authorization: string | undefined;
}

/** One line of what a push or pull tells. */
export type Tell = (message: { readonly status: string; readonly id?: string }) => void;

/** What a push or pull fails with, in Docker Engine's words. */
export class TransferError extends Error {}

const MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';

/** Pushes an image. @returns digest and size of its manifest */
export async function pushImage(
  store: ImageStore,
  image: StoredImage,
  name: { readonly repository: string; readonly tag: string },
  registry: RegistryEndpoint,
  tell: Tell,
): Promise<{ readonly digest: string; readonly size: number }> {
  const { repository, tag } = name;
  tell({ status: `The push refers to repository [${registry.domain}/${repository}]` });
  const configuration = Buffer.from(image.configuration);
  for (const layer of image.layers) tell({ status: 'Preparing', id: layer.diffId.slice(7, 19) });
  for (const layer of image.layers) {
    const content = store.layer(layer.digest);
    if (content === undefined) throw new TransferError(`layer ${layer.digest} is not there`);
    const isNew = await putBlob(registry, repository, content);
    tell({ status: isNew ? 'Pushed' : 'Layer already exists', id: layer.diffId.slice(7, 19) });
  }
  await putBlob(registry, repository, configuration);
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: {
      mediaType: 'application/vnd.docker.container.image.v1+json',
      size: configuration.byteLength,
      digest: image.id,
    },
    layers: image.layers.map(({ digest, size }) => ({
      mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
      size,
      digest,
    })),
  });
  await request(registry, 'PUT', `${repository}/manifests/${tag}`, { type: MANIFEST, content: manifest });
  const digest = digestOf(Buffer.from(manifest));
  tell({ status: `${tag}: digest: ${digest} size: ${manifest.length}` });
  return { digest, size: manifest.length };
}

/** Pulls an image and keeps it under its name. */
export async function pullImage(
  store: ImageStore,
  name: { readonly repository: string; readonly tag: string },
  registry: RegistryEndpoint,
  tell: Tell,
): Promise<StoredImage> {
  const { repository, tag } = name;
  const full = `${registry.domain}/${repository}${tag.startsWith('sha256:') ? '@' : ':'}${tag}`;
  tell({ status: `Pulling from ${repository}`, id: tag });
  const answer = await request(registry, 'GET', `${repository}/manifests/${tag}`);
  if (answer === undefined)
    throw new TransferError(`manifest for ${full} not found: manifest unknown: manifest unknown`);
  const manifest = parseJson(answer.toString('utf8'));
  const configuration = await blob(registry, repository, textAt(manifest, 'config', 'digest') ?? '');
  const diffIds = listAt(parseJson(configuration.toString('utf8')), 'rootfs', 'diff_ids').map(String);
  const layers = [];
  for (const [index, entry] of listAt(manifest, 'layers').entries()) {
    const content = await blob(registry, repository, textAt(entry, 'digest') ?? '');
    if (content.byteLength !== numberAt(entry, 'size')) throw new TransferError('unexpected EOF');
    layers.push(store.addPacked(content, diffIds[index] ?? ''));
    tell({ status: 'Pull complete', id: (diffIds[index] ?? '').slice(7, 19) });
  }
  tell({ status: `Digest: ${digestOf(answer)}` });
  tell({ status: `Status: Downloaded newer image for ${full}` });
  return store.add(full, configuration.toString('utf8'), layers);
}

async function blob(registry: RegistryEndpoint, repository: string, digest: string): Promise<Buffer> {
  const content = await request(registry, 'GET', `${repository}/blobs/${digest}`);
  if (content === undefined) throw new TransferError('blob unknown: blob unknown to registry');
  return content;
}

/** False when the registry had it already. */
async function putBlob(registry: RegistryEndpoint, repository: string, content: Uint8Array): Promise<boolean> {
  const digest = digestOf(content);
  if ((await request(registry, 'HEAD', `${repository}/blobs/${digest}`)) !== undefined) return false;
  await request(registry, 'POST', `${repository}/blobs/uploads/?digest=${digest}`, {
    type: 'application/octet-stream',
    content,
  });
  return true;
}

/** The body of an answer; undefined for what is not there. */
async function request(
  registry: RegistryEndpoint,
  method: string,
  path: string,
  body?: { readonly type: string; readonly content: Uint8Array | string },
): Promise<Buffer | undefined> {
  const headers: Record<string, string> = { Accept: MANIFEST };
  if (registry.authorization !== undefined) headers.Authorization = registry.authorization;
  if (body !== undefined) headers['Content-Type'] = body.type;
  let response: Response;
  let content: Buffer;
  try {
    const given = body === undefined ? {} : { body: body.content };
    response = await fetch(`${registry.url}/v2/${path}`, { method, headers, ...given });
    content = Buffer.from(await response.arrayBuffer());
  } catch {
    const asked = `Get "https://${registry.domain}/v2/"`;
    throw new TransferError(`${asked}: dial tcp: connect: connection refused (simulated)`);
  }
  if (response.status === 401) {
    throw new TransferError(
      registry.authorization === undefined ? 'no basic auth credentials' : 'unauthorized: authentication required',
    );
  }
  if (response.status === 404 && method !== 'PUT' && method !== 'POST') return undefined;
  if (!response.ok)
    throw new TransferError(messageOf(parseJson(content.toString('utf8'))) ?? `HTTP status ${response.status}`);
  return content;
}

function messageOf(body: Json | undefined): string | undefined {
  const [first] = listAt(body, 'errors');
  return isObject(first) ? textAt(first, 'message') : undefined;
}
