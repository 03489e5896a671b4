import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Json, JsonObject } from '../../model/json.js';
import { isObject, listAt, numberAt, objectAt, textAt, textsAt } from '../../model/json-path.js';
import { parseJson } from '../../model/parse-json.js';

/** A layer: a tar, packed with gzip. */
export interface Layer {
  /** Of what is packed; what a manifest names. */
  readonly digest: string;
  /** Of the tar; what a configuration names. */
  readonly diffId: string;
  /** Bytes, packed. */
  readonly size: number;
}

/** An image that this machine has. */
export interface StoredImage {
  /** Digest of the configuration: `sha256:<hex>`. */
  readonly id: string;
  /** The configuration's own bytes. */
  readonly configuration: string;
  readonly layers: readonly Layer[];
}

/**
 * Images of the simulated Docker Engine:
 *
 *     names.json           `registry/repository:tag` -> id
 *     images/<hex>.json    configuration and layers
 *     layers/<hex>         packed content
 *
 * An image without a name is removed at once.
 */
export class ImageStore {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Names of images, with the id of each. */
  names(): Readonly<Record<string, string>> {
    return textsAt(this.#readJson('names.json') ?? null);
  }

  /** By name (without a tag: `latest`) or id. */
  find(name: string): StoredImage | undefined {
    const id = this.names()[withTag(name)] ?? (name.startsWith('sha256:') ? name : undefined);
    if (id === undefined) return undefined;
    const stored = this.#readJson(path.join('images', `${hexOf(id)}.json`));
    const configuration = textAt(stored, 'configuration');
    return configuration === undefined
      ? undefined
      : { id, configuration, layers: listAt(stored, 'layers').map(toLayer) };
  }

  /** Keeps a layer by its tar. */
  addLayer(tar: Uint8Array): Layer {
    return this.addPacked(gzipSync(tar), digestOf(tar));
  }

  addPacked(packed: Uint8Array, diffId: string): Layer {
    const layer = { digest: digestOf(packed), diffId, size: packed.byteLength };
    this.#write(path.join('layers', hexOf(layer.digest)), packed);
    return layer;
  }

  layer(digest: string): Buffer | undefined {
    try {
      return readFileSync(path.join(this.#directory, 'layers', hexOf(digest)));
    } catch {
      return undefined;
    }
  }

  /** Keeps an image under a name, which another image may have had. */
  add(name: string, configuration: string, layers: readonly Layer[]): StoredImage {
    const id = digestOf(Buffer.from(configuration));
    const stored = { configuration, layers: layers.map((layer) => ({ ...layer })) };
    this.#write(path.join('images', `${hexOf(id)}.json`), JSON.stringify(stored));
    this.name(name, id);
    return { id, configuration, layers };
  }

  name(name: string, id: string): void {
    const before = this.names();
    this.#write('names.json', JSON.stringify({ ...before, [withTag(name)]: id }));
    this.#forget(before[withTag(name)]);
  }

  /** Takes a name away. False when there is no image of that name. */
  unname(name: string): boolean {
    const { [withTag(name)]: id, ...others } = this.names();
    if (id === undefined) return false;
    this.#write('names.json', JSON.stringify(others));
    this.#forget(id);
    return true;
  }

  #forget(id: string | undefined): void {
    if (id === undefined || Object.values(this.names()).includes(id)) return;
    const gone = this.find(id)?.layers ?? [];
    rmSync(path.join(this.#directory, 'images', `${hexOf(id)}.json`), { force: true });
    const used = new Set(
      Object.values(this.names()).flatMap((one) => this.find(one)?.layers.map(({ digest }) => digest) ?? []),
    );
    for (const { digest } of gone) {
      if (!used.has(digest)) rmSync(path.join(this.#directory, 'layers', hexOf(digest)), { force: true });
    }
  }

  #readJson(name: string): JsonObject | undefined {
    try {
      const value = parseJson(readFileSync(path.join(this.#directory, name), 'utf8'));
      return isObject(value) ? value : undefined;
    } catch {
      return undefined;
    }
  }

  #write(name: string, content: Uint8Array | string): void {
    const file = path.join(this.#directory, name);
    mkdirSync(path.dirname(file), { recursive: true });
    const temporary = path.join(this.#directory, `.new-${randomUUID()}`);
    writeFileSync(temporary, content);
    renameSync(temporary, file);
  }
}

/** The name with `:latest` when it has no tag. */
export function withTag(name: string): string {
  return name.includes('@') || /:[^/]*$/.test(name) ? name : `${name}:latest`;
}

/** Labels of an image. */
export function labelsOf(image: StoredImage): Readonly<Record<string, string>> {
  return textsAt(parseJson(image.configuration), 'config', 'Labels');
}

export function digestOf(content: Uint8Array): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}

function toLayer(value: Json): Layer {
  const layer = objectAt(value);
  return {
    digest: textAt(layer, 'digest') ?? '',
    diffId: textAt(layer, 'diffId') ?? '',
    size: numberAt(layer, 'size'),
  };
}

function hexOf(digest: string): string {
  return digest.replace(/^sha256:/, '');
}
