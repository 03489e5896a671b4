import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { copyImage, type Side } from '../../../src/docker/copy-image.js';
import { RegistryClient } from '../../../src/docker/registry-client.js';
import type { ActionContext } from '../../../src/model/target.js';
import { hasRegistry, RealRegistry } from './real-registry.js';

const INDEX = 'application/vnd.oci.image.index.v1+json';
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';

const digestOf = (content: string | Buffer) => `sha256:${createHash('sha256').update(content).digest('hex')}`;

describe.skipIf(!hasRegistry)('copying images (skipped where Debian’s docker-registry is not installed)', () => {
  let publisher: RealRegistry;
  let mirror: RealRegistry;

  beforeAll(async () => {
    const start = () => RealRegistry.start({ insecure: true, deletion: true });
    [publisher, mirror] = await Promise.all([start(), start()]);
  });
  afterAll(async () => {
    await publisher?.stop();
    await mirror?.stop();
  });

  const side = (registry: RealRegistry, repository: string, tag = 'v1'): Side => ({
    client: new RegistryClient(registry.access),
    image: { registry: registry.access.domain, repository, tag },
  });

  /** What was told. */
  async function copy(from: Side, to: Side): Promise<readonly string[]> {
    const lines: string[] = [];
    const used = { log: (line: string) => lines.push(line), signal: new AbortController().signal };
    await copyImage(from, to, used as unknown as ActionContext);
    return lines;
  }

  async function put(client: RegistryClient, repository: string, content: Buffer) {
    const blob = { digest: digestOf(content), bytes: content.length };
    await client.writeBlob(repository, blob, async () => Readable.from([content]));
    return { digest: blob.digest, size: blob.bytes };
  }

  /** An image of two layers, one of them some megabytes, for a platform; resolves to its descriptor. */
  async function image(client: RegistryClient, repository: string, architecture: string) {
    const config = await put(client, repository, Buffer.from(JSON.stringify({ architecture, os: 'linux' })));
    const small = await put(client, repository, Buffer.from(`layer of ${architecture}`));
    const large = await put(client, repository, Buffer.alloc(5_000_000, architecture));
    const body = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: MANIFEST, config, layers: [small, large] }));
    await client.tag(repository, digestOf(body), { digest: digestOf(body), mediaType: MANIFEST, body });
    return { mediaType: MANIFEST, digest: digestOf(body), size: body.length, platform: { architecture, os: 'linux' } };
  }

  async function index(repository: string): Promise<string> {
    const { client } = side(publisher, repository);
    const manifests = [await image(client, repository, 'amd64'), await image(client, repository, 'arm64')];
    const body = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests }));
    await client.tag(repository, 'v1', { digest: digestOf(body), mediaType: INDEX, body });
    return digestOf(body);
  }

  it('keeps bytes, so digests, of an index and all of its platforms', async () => {
    const digest = await index('app');
    const to = side(mirror, 'copies/app', 'kept');
    const lines = await copy(side(publisher, 'app'), to);
    expect(lines.at(-1)).toContain(`is ${digest}, as ${publisher.access.domain}/app:v1; 10.0 MB were sent`);
    const copied = await to.client.manifest('copies/app', 'kept');
    expect(copied).toMatchObject({ digest, mediaType: INDEX });
    for (const one of JSON.parse(String(copied?.body)).manifests as readonly { readonly digest: string }[]) {
      const manifest = await to.client.manifest('copies/app', one.digest);
      expect(manifest?.digest).toBe(one.digest);
      const [, layer] = JSON.parse(String(manifest?.body)).layers as readonly { readonly digest: string }[];
      const hash = createHash('sha256');
      for await (const chunk of await to.client.readBlob('copies/app', layer?.digest ?? ''))
        hash.update(chunk as Buffer);
      expect(`sha256:${hash.digest('hex')}`).toBe(layer?.digest);
    }
  });

  it('sends nothing again, and within a registry nothing at all', async () => {
    await index('twice');
    await copy(side(publisher, 'twice'), side(mirror, 'twice'));
    expect(await copy(side(publisher, 'twice'), side(mirror, 'twice', 'v2'))).toEqual([
      expect.stringContaining('; 0.0 MB were sent'),
    ]);
    expect(await copy(side(mirror, 'twice'), side(mirror, 'elsewhere'))).toEqual([
      expect.stringContaining('; 0.0 MB were sent'),
    ]);
  });

  it('is refused when the publisher has no such image, and leaves no tag', async () => {
    const to = side(mirror, 'nothing');
    await expect(copy(side(publisher, 'nothing'), to)).rejects.toMatchObject({
      code: 'REGISTRY_REFUSED',
      message: `there is no ${publisher.access.domain}/nothing:v1`,
      next: /upstream-registry/,
    });
    expect(await to.client.manifest('nothing', 'v1')).toBeUndefined();
  });

  it('is refused by the registry when what arrives is not what was announced', async () => {
    const { client } = side(mirror, 'damaged');
    const blob = { digest: digestOf('this'), bytes: 4 };
    await expect(
      client.writeBlob('damaged', blob, async () => Readable.from([Buffer.from('that')])),
    ).rejects.toMatchObject({
      code: 'REGISTRY_REFUSED',
    });
    expect(await client.hasBlob('damaged', blob.digest)).toBe(false);
  });

  it('tells a login that is missing', async () => {
    const { domain, insecure } = mirror.access;
    const to = { client: new RegistryClient({ domain, insecure }), image: side(mirror, 'app').image };
    await index('asked');
    await expect(copy(side(publisher, 'asked'), to)).rejects.toMatchObject({ code: 'REGISTRY_AUTH' });
  });
});
