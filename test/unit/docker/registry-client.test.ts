import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { RegistryAccess } from '../../../src/docker/registry-access.js';
import { RegistryClient } from '../../../src/docker/registry-client.js';
import type { PaiError } from '../../../src/model/errors.js';
import { makeCertificates, type TestCertificates } from './certificates.js';
import { FakeRegistry, type FakeRegistryOptions } from './fake-registry.js';

const LOGIN = { username: 'ann', password: 's3cret-of-ann' };
const stops: (() => Promise<unknown>)[] = [];

async function start(options: FakeRegistryOptions = {}): Promise<FakeRegistry> {
  const registry = await FakeRegistry.start(options);
  stops.push(() => registry.stop());
  return registry;
}

/** The error that reading an image fails with. */
async function failure(access: RegistryAccess): Promise<PaiError> {
  const outcome = await new RegistryClient(access).manifest('ns/app', 'v1').catch((error: unknown) => error);
  return outcome as PaiError;
}

afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

describe('a registry without log-in', () => {
  it('gives an image with its digest and labels', async () => {
    const registry = await start();
    const digest = registry.put('ns/app', 'v1', { colour: 'red' });
    const client = new RegistryClient(registry.access);
    const manifest = await client.manifest('ns/app', 'v1');
    expect(manifest?.digest).toBe(digest);
    expect(manifest && (await client.labels('ns/app', manifest))?.get('colour')).toBe('red');
  });

  it('has no image that was never pushed', async () => {
    const registry = await start();
    expect(await new RegistryClient(registry.access).manifest('ns/app', 'v1')).toBeUndefined();
  });

  it('costs two requests an image after one greeting', async () => {
    const registry = await start();
    registry.put('ns/app', 'v1', {});
    const client = new RegistryClient(registry.access);
    for (let n = 0; n < 3; n++) {
      const manifest = await client.manifest('ns/app', 'v1');
      if (manifest !== undefined) await client.labels('ns/app', manifest);
    }
    expect(registry.requests).toHaveLength(1 + 3 * 2);
  });

  it('finds the image in an index beside attestations', async () => {
    const registry = await start();
    const config = registry.putBlob(JSON.stringify({ config: { Labels: { colour: 'blue' } } }));
    const type = 'application/vnd.oci.image.manifest.v1+json';
    const image = registry.putManifest('ns/app', 'x', type, JSON.stringify({ config: { digest: config } }));
    const index = {
      manifests: [
        { digest: `sha256:${'0'.repeat(64)}`, platform: { os: 'unknown', architecture: 'unknown' } },
        { digest: image, platform: { os: 'linux', architecture: 'amd64' } },
      ],
    };
    registry.putManifest('ns/app', 'v1', 'application/vnd.oci.image.index.v1+json', JSON.stringify(index));
    const client = new RegistryClient(registry.access);
    const manifest = await client.manifest('ns/app', 'v1');
    expect(manifest && (await client.labels('ns/app', manifest))?.get('colour')).toBe('blue');
  });

  it('is told from a web server that is no registry', async () => {
    const registry = await start();
    registry.intercept = () => ({ status: 404, body: '<html>not here</html>' });
    const error = await failure(registry.access);
    expect(error.code).toBe('REGISTRY_UNREACHABLE');
    expect(error.next).toContain('docker-registry-domain');
  });

  it('may be asked again when it is overloaded, and the error says its reason', async () => {
    const registry = await start();
    const body = JSON.stringify({ errors: [{ code: 'TOOMANYREQUESTS', message: 'pull rate limit' }] });
    registry.intercept = ({ path }) => (path === '/v2/' ? undefined : { status: 429, body });
    const error = await failure(registry.access);
    expect(error).toMatchObject({ code: 'REGISTRY_REFUSED', retryable: true });
    expect(error.message).toContain('pull rate limit');
  });

  it('greets again after a greeting that failed', async () => {
    const registry = await start();
    registry.put('ns/app', 'v1', {});
    const client = new RegistryClient(registry.access);
    registry.intercept = () => ({ status: 503 });
    await expect(client.manifest('ns/app', 'v1')).rejects.toMatchObject({ code: 'REGISTRY_REFUSED', retryable: true });
    registry.intercept = () => undefined;
    expect(await client.manifest('ns/app', 'v1')).toBeDefined();
  });

  it('redirects without an end in one clear error', async () => {
    const registry = await start();
    registry.intercept = ({ path }) => (path === '/v2/' ? undefined : { status: 307, headers: { Location: path } });
    expect(await failure(registry.access)).toMatchObject({ code: 'REGISTRY_REFUSED' });
  });
});

describe('a registry with a password', () => {
  it('is sent it once it has asked, and from then on at once', async () => {
    const registry = await start({ auth: 'basic', ...LOGIN });
    registry.put('ns/app', 'v1', {});
    await new RegistryClient(registry.access).manifest('ns/app', 'v1');
    expect(registry.requests.map((request) => request.authorization !== undefined)).toEqual([false, true]);
  });

  it('refuses a wrong one: the error names registry and fields, and never the password', async () => {
    const registry = await start({ auth: 'basic', ...LOGIN });
    const error = await failure({ ...registry.access, password: 'wr0ng-password' });
    expect(error.code).toBe('REGISTRY_AUTH');
    expect(error.where).toBe(`registry ${registry.domain}`);
    expect(error.next).toMatch(/docker-username and docker-password in services-configuration.yaml/);
    expect(JSON.stringify([error.message, error.next, error.details])).not.toContain('wr0ng-password');
    expect(registry.requests).toHaveLength(2);
  });

  it('asks for a login where none is configured', async () => {
    const registry = await start({ auth: 'basic', ...LOGIN });
    const error = await failure({ domain: registry.domain, insecure: true });
    expect(error.code).toBe('REGISTRY_AUTH');
    expect(error.next).toMatch(/^Set docker-username and docker-password/);
  });

  it('forbids an action in one clear error', async () => {
    const registry = await start();
    registry.intercept = ({ path }) => (path === '/v2/' ? undefined : { status: 403 });
    expect(await failure({ ...registry.access, ...LOGIN })).toMatchObject({ code: 'REGISTRY_AUTH' });
  });
});

describe('a registry with tokens', () => {
  it('gives one token a repository, which is used while it lasts', async () => {
    const registry = await start({ auth: 'bearer', ...LOGIN });
    registry.put('ns/app', 'v1', {});
    const client = new RegistryClient(registry.access);
    await client.manifest('ns/app', 'v1');
    await client.manifest('ns/app', 'v1');
    const paths = registry.requests.map((request) => request.path.split('?')[0]);
    expect(paths).toEqual(['/v2/', '/token', '/v2/ns/app/manifests/v1', '/v2/ns/app/manifests/v1']);
  });

  it('is asked for another token when one has expired', async () => {
    const registry = await start({ auth: 'bearer', ...LOGIN, tokenSeconds: -1 });
    registry.put('ns/app', 'v1', {});
    // Its tokens are dead on arrival: the request is tried with a second one, then refused.
    expect(await failure(registry.access)).toMatchObject({ code: 'REGISTRY_AUTH' });
    expect(registry.requests.filter((request) => request.path.startsWith('/token'))).toHaveLength(2);
  });

  it('asks its token service with the right to push before it tags', async () => {
    const registry = await start({ auth: 'bearer', ...LOGIN });
    registry.put('ns/app', 'v1', {});
    const client = new RegistryClient(registry.access);
    const manifest = await client.manifest('ns/app', 'v1');
    if (manifest === undefined) throw new Error('no manifest');
    await client.tag('ns/app', 'v2', manifest);
    expect(registry.tags('ns/app')).toEqual(['v1', 'v2']);
    expect(registry.requests.some(({ path }) => decodeURIComponent(path).includes('repository:ns/app:pull,push'))).toBe(
      true,
    );
  });

  it('gives anonymous tokens where nobody is configured', async () => {
    const registry = await start({ auth: 'bearer' });
    registry.put('ns/app', 'v1', {});
    expect(await new RegistryClient(registry.access).manifest('ns/app', 'v1')).toBeDefined();
  });

  it('refuses a wrong password at the token service', async () => {
    const registry = await start({ auth: 'bearer', ...LOGIN });
    const error = await failure({ ...registry.access, password: 'wr0ng-password' });
    expect(error.code).toBe('REGISTRY_AUTH');
    expect(error.next).toContain('docker-password');
  });

  it('is not sent a password in the clear when it has TLS itself', async () => {
    const certificates = makeCertificates(['127.0.0.1']);
    const folder = await mkdtemp(join(tmpdir(), 'pai-ca-'));
    stops.push(() => rm(folder, { recursive: true }));
    await writeFile(join(folder, 'ca.crt'), certificates.ca);
    const registry = await start({ auth: 'bearer', ...LOGIN, tls: certificates });
    const error = await failure({ ...registry.access, caPath: join(folder, 'ca.crt') });
    expect(error.code).toBe('REGISTRY_REFUSED');
    expect(error.message).toContain('in the clear');
    expect(registry.requests.some((request) => request.path.startsWith('/token'))).toBe(false);
  });

  it('keeps its token from storage that it redirects to', async () => {
    const registry = await start({ auth: 'bearer', ...LOGIN, blobsElsewhere: true });
    registry.put('ns/app', 'v1', { colour: 'red' });
    const client = new RegistryClient(registry.access);
    const manifest = await client.manifest('ns/app', 'v1');
    expect(manifest && (await client.labels('ns/app', manifest))?.get('colour')).toBe('red');
    const storage = registry.requests.find((request) => request.path.startsWith('storage'));
    expect(storage).toMatchObject({ authorization: undefined });
  });
});

describe('a registry with TLS', () => {
  let certificates: TestCertificates;
  let folder: string;

  beforeAll(async () => {
    certificates = makeCertificates(['127.0.0.1']);
    folder = await mkdtemp(join(tmpdir(), 'pai-ca-'));
    await writeFile(join(folder, 'ca.crt'), certificates.ca);
    await writeFile(join(folder, 'other.crt'), makeCertificates(['127.0.0.1']).ca);
    await writeFile(join(folder, 'empty.crt'), 'nothing in here\n');
    return () => rm(folder, { recursive: true });
  });

  it('is trusted by docker-registry-ca', async () => {
    const registry = await start({ tls: certificates });
    registry.put('ns/app', 'v1', {});
    const client = new RegistryClient({ ...registry.access, caPath: join(folder, 'ca.crt') });
    expect(await client.manifest('ns/app', 'v1')).toBeDefined();
  });

  it('needs docker-registry-ca when its CA is its own', async () => {
    const registry = await start({ tls: certificates });
    const error = await failure(registry.access);
    expect(error.code).toBe('REGISTRY_UNREACHABLE');
    expect(error.next).toContain('docker-registry-ca');
  });

  it('is not trusted by another CA', async () => {
    const registry = await start({ tls: certificates });
    const error = await failure({ ...registry.access, caPath: join(folder, 'other.crt') });
    expect(error.message).toContain(`not signed by ${join(folder, 'other.crt')}`);
  });

  it('must be called by a name of its certificate', async () => {
    const registry = await start({ tls: await keepCa(makeCertificates(['192.0.2.1'])) });
    const error = await failure({ ...registry.access, caPath: join(folder, 'named.crt') });
    expect(error.next).toContain('docker-registry-domain');
  });

  it('must have a certificate that is still good', async () => {
    const registry = await start({ tls: await keepCa(makeCertificates(['127.0.0.1'], true)) });
    const error = await failure({ ...registry.access, caPath: join(folder, 'named.crt') });
    expect(error.next).toMatch(/^Renew/);
  });

  it.each([
    ['missing.crt', "can't be read"],
    ['empty.crt', 'no PEM certificate'],
  ])('tells that docker-registry-ca is wrong: %s', async (file, text) => {
    const registry = await start({ tls: certificates });
    const error = await failure({ ...registry.access, caPath: join(folder, file) });
    expect(error.code).toBe('CONFIG_INVALID');
    expect(error.message).toContain(text);
    expect(error.where).toContain('docker-registry-ca');
  });

  it('is told from one in the clear', async () => {
    const registry = await start();
    const error = await failure({ domain: registry.domain, insecure: false });
    expect(error.code).toBe('REGISTRY_UNREACHABLE');
    expect(error.next).toContain('docker-registry-insecure');
  });

  async function keepCa(made: TestCertificates): Promise<TestCertificates> {
    await writeFile(join(folder, 'named.crt'), made.ca);
    return made;
  }
});

describe('a registry that is not there', () => {
  it('refuses connections: may be tried again', async () => {
    const registry = await FakeRegistry.start();
    const { access } = registry;
    await registry.stop();
    const error = await failure(access);
    expect(error).toMatchObject({ code: 'REGISTRY_UNREACHABLE', retryable: true });
    expect(error.next).toContain('docker-registry-domain');
  });

  it('has a name that nobody knows', async () => {
    const error = await failure({ domain: 'registry.invalid', insecure: true });
    expect(error).toMatchObject({ code: 'REGISTRY_UNREACHABLE', retryable: false });
  });

  it('hangs up without an answer', async () => {
    const server = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    stops.push(() => new Promise((resolve) => server.close(resolve)));
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : 0;
    expect(await failure({ domain: `127.0.0.1:${port}`, insecure: true })).toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
    });
  });
});

describe('deletion', () => {
  it.each([
    ['tag', 'v1', 'deleted'],
    ['digest', 'v1', 'unsupported'],
    ['off', 'v1', 'unsupported'],
    ['tag', 'v9', 'absent'],
  ] as const)('in a registry that deletes by %s, of %s: %s', async (deletion, tag, outcome) => {
    const registry = await start({ deletion });
    registry.put('ns/app', 'v1', {});
    expect(await new RegistryClient(registry.access).delete('ns/app', tag)).toBe(outcome);
  });
});
