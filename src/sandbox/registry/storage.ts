import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** A manifest as it was put. */
export interface StoredManifest {
  readonly digest: string;
  readonly mediaType: string;
  readonly body: Buffer;
}

/**
 * What the registry holds, in files that are exchanged whole:
 *
 *     blobs/<hex>                                       content, also of manifests
 *     repositories/<repository>/_blobs/<hex>            exists for a blob of the repository
 *     repositories/<repository>/_manifests/<hex>        the media type of a manifest
 *     repositories/<repository>/_tags/<tag>             the digest that a tag means
 *     uploads/<id>                                      what has come so far
 */
export class RegistryStorage {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  blob(repository: string, digest: string): Buffer | undefined {
    if (!existsSync(this.#path(this.#entry(repository, '_blobs', hexOf(digest))))) return undefined;
    return this.#read(path.join('blobs', hexOf(digest)));
  }

  putBlob(repository: string, content: Uint8Array): string {
    const hex = createHash('sha256').update(content).digest('hex');
    this.#write(path.join('blobs', hex), content);
    this.#write(this.#entry(repository, '_blobs', hex), '');
    return `sha256:${hex}`;
  }

  /** Makes a blob of one repository one of another too. False when it is not there. */
  mountBlob(repository: string, from: string, digest: string): boolean {
    if (this.blob(from, digest) === undefined) return false;
    this.#write(this.#entry(repository, '_blobs', hexOf(digest)), '');
    return true;
  }

  /** By tag or digest. */
  manifest(repository: string, reference: string): StoredManifest | undefined {
    const digest = isDigest(reference)
      ? reference
      : this.#read(this.#entry(repository, '_tags', reference))?.toString();
    if (digest === undefined) return undefined;
    const mediaType = this.#read(this.#entry(repository, '_manifests', hexOf(digest)))?.toString();
    const body = this.#read(path.join('blobs', hexOf(digest)));
    return mediaType === undefined || body === undefined ? undefined : { digest, mediaType, body };
  }

  putManifest(repository: string, reference: string, mediaType: string, body: Uint8Array): string {
    const hex = createHash('sha256').update(body).digest('hex');
    this.#write(path.join('blobs', hex), body);
    this.#write(this.#entry(repository, '_manifests', hex), mediaType);
    if (!isDigest(reference)) this.#write(this.#entry(repository, '_tags', reference), `sha256:${hex}`);
    return `sha256:${hex}`;
  }

  /** Deletes a tag, or by digest a manifest with all of its tags. False when there was none. */
  deleteManifest(repository: string, reference: string): boolean {
    if (this.manifest(repository, reference) === undefined) return false;
    if (!isDigest(reference)) {
      rmSync(this.#path(this.#entry(repository, '_tags', reference)), { force: true });
      return true;
    }
    for (const tag of this.tags(repository)) {
      if (this.manifest(repository, tag)?.digest === reference) this.deleteManifest(repository, tag);
    }
    rmSync(this.#path(this.#entry(repository, '_manifests', hexOf(reference))), { force: true });
    return true;
  }

  tags(repository: string): readonly string[] {
    try {
      return readdirSync(this.#path(this.#entry(repository, '_tags', ''))).sort();
    } catch {
      return [];
    }
  }

  /** Begins an upload. */
  beginUpload(): string {
    const id = randomUUID();
    this.#write(path.join('uploads', id), '');
    return id;
  }

  upload(id: string): Buffer | undefined {
    return /^[0-9a-f-]{36}$/.test(id) ? this.#read(path.join('uploads', id)) : undefined;
  }

  /** Adds to an upload; the bytes that it has then. */
  extendUpload(id: string, content: Uint8Array): number {
    const whole = Buffer.concat([this.upload(id) ?? Buffer.alloc(0), content]);
    this.#write(path.join('uploads', id), whole);
    return whole.length;
  }

  endUpload(id: string): void {
    rmSync(this.#path(path.join('uploads', id)), { force: true });
  }

  #entry(repository: string, folder: string, name: string): string {
    return path.join('repositories', repository, folder, name);
  }

  #path(name: string): string {
    return path.join(this.#directory, name);
  }

  #read(name: string): Buffer | undefined {
    try {
      return readFileSync(this.#path(name));
    } catch {
      return undefined;
    }
  }

  #write(name: string, content: Uint8Array | string): void {
    const file = this.#path(name);
    mkdirSync(path.dirname(file), { recursive: true });
    const temporary = path.join(this.#directory, `.new-${randomUUID()}`);
    writeFileSync(temporary, content);
    renameSync(temporary, file);
  }
}

/** Whether the registry in a folder has an image. */
export function registryHas(directory: string, repository: string, reference: string): boolean {
  return new RegistryStorage(directory).manifest(repository, reference) !== undefined;
}

/** `sha256:` and 64 hex digits. */
export function isDigest(reference: string): boolean {
  return /^sha256:[0-9a-f]{64}$/.test(reference);
}

function hexOf(digest: string): string {
  return digest.slice('sha256:'.length);
}
