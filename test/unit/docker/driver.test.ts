import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createImageDriver } from '../../../src/docker/driver.js';
import { agreeOnVersion } from '../../../src/docker/engine.js';
import { STAMP_LABEL } from '../../../src/docker/image-stamp.js';
import type { ImageDriver, ImageWork } from '../../../src/model/drivers.js';
import type { PaiError } from '../../../src/model/errors.js';
import type { Observation, Stamp } from '../../../src/model/stamp.js';
import type { ApplyContext } from '../../../src/model/target.js';
import { FakeEngine } from './fake-engine.js';
import { FakeRegistry } from './fake-registry.js';

const A = 'a'.repeat(64);
const B = 'b'.repeat(64);
const FP_A = `fp-${'a'.repeat(40)}`;
const FP_B = `fp-${'b'.repeat(40)}`;

let registry: FakeRegistry;
let engine: FakeEngine;
let driver: ImageDriver;
let lines: string[];

beforeEach(async () => {
  registry = await FakeRegistry.start({ auth: 'basic', username: 'ann', password: '??>>~~secret' });
  engine = await FakeEngine.start(registry);
  driver = createImageDriver({ registry: registry.access, dockerSocket: engine.socket });
  lines = [];
});

afterEach(async () => {
  await engine.stop();
  await registry.stop();
});

function image(tag = 'v1') {
  return { registry: registry.domain, repository: 'ns/app', tag };
}

function work(dockerfile = 'FROM scratch\n', tag = 'v1'): ImageWork {
  return {
    image: image(tag),
    buildArgs: { COLOUR: 'red' },
    files: [
      { path: 'Dockerfile', mode: 0o644, content: dockerfile },
      { path: 'run', mode: 0o755, content: 'hello' },
    ],
  };
}

/** Only what the driver uses of a context. */
function context(fingerprint: string, signal = new AbortController().signal): ApplyContext {
  const stamp = (output = ''): Stamp => ({
    format: 1,
    target: 'image:app',
    fingerprint,
    output,
    parts: { 'file run': 'c'.repeat(64) },
    run: 'run-1',
  });
  return { target: 'image:app', outputs: new Map(), log: (line) => lines.push(line), signal, stamp } as Omit<
    ApplyContext,
    'drivers'
  > as ApplyContext;
}

async function failure(promise: Promise<unknown>): Promise<PaiError> {
  return (await promise.then(
    () => new Error('did not fail'),
    (error: unknown) => error,
  )) as PaiError;
}

describe('observe', () => {
  it('sees nothing where nothing was pushed', async () => {
    expect(await driver.observe(image())).toEqual({ kind: 'known', present: false });
  });

  it('sees an image without a stamp as one that is there', async () => {
    registry.put('ns/app', 'v1', {});
    expect(await driver.observe(image())).toEqual({ kind: 'known', present: true });
  });

  it('takes a stamp that is damaged as none', async () => {
    registry.put('ns/app', 'v1', { [STAMP_LABEL]: '{"format":1' });
    expect(await driver.observe(image())).toEqual({ kind: 'known', present: true });
  });

  it('sees the stamp with the digest of the manifest as its output', async () => {
    const stamp = context(A).stamp();
    const digest = registry.put('ns/app', 'v1', { [STAMP_LABEL]: JSON.stringify(stamp) });
    expect(await driver.observe(image())).toEqual({
      kind: 'known',
      present: true,
      stamp: { ...stamp, output: digest },
    });
  });

  it('tells that the registry has lost a part of the image', async () => {
    registry.put('ns/app', 'v1', {});
    registry.removeBlobs();
    expect(await driver.observe(image())).toMatchObject({ kind: 'known', present: true, problem: /lost a part/ });
  });

  it('gives what can not be looked at as unknown and never throws', async () => {
    const wrong = createImageDriver({ registry: { ...registry.access, password: 'wrong' } });
    expect(await wrong.observe(image())).toMatchObject({ kind: 'unknown', error: { code: 'REGISTRY_AUTH' } });
    const { access } = registry;
    const gone = createImageDriver({ registry: { ...access, domain: '127.0.0.1:1' } });
    expect(await gone.observe({ ...image(), registry: '127.0.0.1:1' })).toMatchObject({
      kind: 'unknown',
      error: { code: 'REGISTRY_UNREACHABLE' },
    });
  });

  it('asks no Docker Engine', async () => {
    await driver.observe(image());
    expect(engine.paths).toEqual([]);
  });

  it('gives the password to no other registry', async () => {
    const other = await FakeRegistry.start({ auth: 'basic', username: 'ann', password: 'x' });
    await driver.observe({ ...image(), registry: other.domain });
    expect(other.requests.every((request) => request.authorization === undefined)).toBe(true);
    await other.stop();
  });
});

describe('apply', () => {
  it('builds, pushes under tag and fingerprint, and gives the stamp that is observed from then on', async () => {
    const stamp = await driver.apply(work(), context(A));
    expect(registry.tags('ns/app')).toEqual([FP_A, 'v1']);
    expect(stamp).toMatchObject({ fingerprint: A, target: 'image:app', output: /^sha256:/ });
    expect(await driver.observe(image())).toEqual({ kind: 'known', present: true, stamp });
  });

  it('gives the engine the files, the arguments and the stamp as a label', async () => {
    await driver.apply(work(), context(A));
    const [build] = engine.builds;
    expect([...(build?.files ?? [])]).toEqual([
      ['Dockerfile', { mode: 0o644, text: 'FROM scratch\n' }],
      ['run', { mode: 0o755, text: 'hello' }],
    ]);
    expect(JSON.parse(build?.query.get('buildargs') ?? '')).toEqual({ COLOUR: 'red' });
    const labels = JSON.parse(build?.query.get('labels') ?? '') as Record<string, string>;
    expect(JSON.parse(labels[STAMP_LABEL] ?? '')).toMatchObject({ fingerprint: A, output: '' });
    expect(build?.query.get('nocache')).toBe('false');
  });

  it('logs in to the registry for the push and for base images, whatever characters the password has', async () => {
    await driver.apply(work(), context(A));
    const login = { username: 'ann', password: '??>>~~secret' };
    expect(engine.pushed).toEqual([
      { reference: `${registry.domain}/ns/app:${FP_A}`, auth: { ...login, serveraddress: registry.domain } },
    ]);
    expect(engine.builds[0]?.registryConfig).toEqual({ [registry.domain]: login });
  });

  it('leaves one name on this machine: the tag', async () => {
    await driver.apply(work(), context(A));
    expect([...engine.images.keys()]).toEqual([`${registry.domain}/ns/app:v1`]);
  });

  it('only tags what the registry has already', async () => {
    await driver.apply(work(), context(A));
    await driver.apply(work(), context(B));
    const again = await driver.apply(work(), context(A));
    expect(engine.builds).toHaveLength(2);
    expect(await driver.observe(image())).toMatchObject({ stamp: again });
    expect(lines.at(-2)).toContain('only tagging');
  });

  it('needs no Docker Engine to tag what the registry has', async () => {
    await driver.apply(work(), context(A));
    const other = createImageDriver({ registry: registry.access, dockerSocket: '/nowhere/docker.sock' });
    expect(await other.apply(work('FROM scratch\n', 'v2'), context(A))).toMatchObject({ fingerprint: A });
    expect(registry.tags('ns/app')).toEqual([FP_A, 'v1', 'v2']);
  });

  it('builds anew, without a cache, what is asked for though it is fresh', async () => {
    await driver.apply(work(), context(A));
    await driver.apply(work(), context(A));
    expect(engine.builds.map((build) => build.query.get('nocache'))).toEqual(['false', 'true']);
  });

  it('builds when the fingerprint tag shows an image of another fingerprint', async () => {
    registry.put('ns/app', FP_A, { [STAMP_LABEL]: JSON.stringify(context(B).stamp()) });
    expect(await driver.apply(work(), context(A))).toMatchObject({ fingerprint: A });
    expect(engine.builds).toHaveLength(1);
  });

  it('pulls base images of its own registry first, and no others', async () => {
    await driver.apply(work(`FROM debian:12 AS one\nFROM ${registry.domain}/ns/base:v1\n`), context(A));
    expect(engine.pulled).toEqual([`${registry.domain}/ns/base:v1`]);
  });

  it('leaves out what .dockerignore says', async () => {
    const ignoring = work();
    const files = [...ignoring.files, { path: '.dockerignore', mode: 0o644, content: 'run' }];
    await driver.apply({ ...ignoring, files }, context(A));
    expect([...(engine.builds[0]?.files.keys() ?? [])]).toEqual(['.dockerignore', 'Dockerfile']);
  });

  it('fails on an image that does not build: the step, the exit code, the last lines', async () => {
    engine.buildOutput = [
      { stream: 'Step 1/2 : FROM scratch\n' },
      { stream: `Step 2/2 : RUN make ${'x'.repeat(200)}\n` },
      { stream: 'make: no rule\n' },
      { error: `The command '/bin/sh -c make' returned a non-zero code: 2` },
    ];
    const error = await failure(driver.apply(work(), context(A)));
    expect(error).toMatchObject({ code: 'IMAGE_BUILD', where: 'image app' });
    expect(error.message).toMatch(/^image app does not build: Step 2\/2 : RUN make x+…: exit code 2$/);
    expect(error.details).toContain('make: no rule');
    expect(error.next).toContain('Dockerfile');
    expect(registry.tags('ns/app')).toEqual([]);
  });

  it('fails on a Dockerfile that the engine does not understand', async () => {
    engine.buildStatus = 400;
    const error = await failure(driver.apply(work('FRMO x'), context(A)));
    expect(error).toMatchObject({
      code: 'IMAGE_BUILD',
      message: 'image app does not build: dockerfile parse error line 1',
    });
  });

  it('fails on a base image that is not there', async () => {
    engine.buildOutput = [{ error: 'pull access denied for nope, repository does not exist' }];
    expect(await failure(driver.apply(work(), context(A)))).toMatchObject({
      code: 'IMAGE_BUILD',
      next: /base image in FROM/,
    });
  });

  it('fails on a base image that its own registry does not give', async () => {
    engine.pullError = 'unauthorized: authentication required';
    const error = await failure(driver.apply(work(`FROM ${registry.domain}/ns/base:v1`), context(A)));
    expect(error).toMatchObject({ code: 'REGISTRY_AUTH', where: `registry ${registry.domain}` });
  });

  it('fails on a context without a Dockerfile', async () => {
    const error = await failure(driver.apply({ ...work(), files: [] }, context(A)));
    expect(error).toMatchObject({ code: 'IMAGE_CONTEXT' });
  });

  it('fails on a push that is denied, and leaves the tag as it was', async () => {
    await driver.apply(work(), context(A));
    engine.pushError = 'denied: requested access to the resource is denied';
    expect(await failure(driver.apply(work(), context(B)))).toMatchObject({ code: 'REGISTRY_AUTH' });
    expect(await driver.observe(image())).toMatchObject({ stamp: { fingerprint: A } });
  });

  it('fails when the registry does not show what was pushed', async () => {
    registry.intercept = ({ method, path }) => (method === 'GET' && path.includes('fp-') ? { status: 404 } : undefined);
    expect(await failure(driver.apply(work(), context(A)))).toMatchObject({
      code: 'REGISTRY_REFUSED',
      message: /does not show/,
    });
  });

  it('fails when Docker Engine is down, and works once it is up', async () => {
    const { socket } = engine;
    await engine.stop();
    const error = await failure(driver.apply(work(), context(A)));
    expect(error).toMatchObject({ code: 'DOCKER_UNREACHABLE', where: `Docker Engine ${socket}` });
    expect(error.next).toContain('systemctl start docker');
    engine = await FakeEngine.start(registry);
  });

  it('stops a build when it is cancelled', async () => {
    engine.hangs = true;
    const abort = new AbortController();
    const applied = failure(driver.apply(work(), context(A, abort.signal)));
    await expect.poll(() => lines).toContain('Step 1/1 : RUN sleep 1000');
    abort.abort();
    expect(await applied).toMatchObject({ code: 'CANCELLED' });
    await expect.poll(() => engine.aborted).toBe(true);
  });

  it('starts nothing when it was cancelled before', async () => {
    expect(await failure(driver.apply(work(), context(A, AbortSignal.abort())))).toMatchObject({ code: 'CANCELLED' });
    expect(engine.builds).toEqual([]);
  });

  it('never says the password', async () => {
    engine.pushError = 'denied';
    const error = await failure(driver.apply(work(), context(A)));
    expect(JSON.stringify([error.message, error.next, error.details, lines])).not.toContain('secret');
  });
});

describe('a source that is written to', () => {
  it('ends the build with an error that names the file', async () => {
    const file = join(engine.socket, '../grows');
    await writeFile(file, 'more than it was');
    const { files, ...rest } = work();
    const grows = { path: 'copied_file/grows', mode: 0o644, file, bytes: 4, sha256: '' };
    const error = await failure(driver.apply({ ...rest, files: [...files, grows] }, context(A)));
    expect(error).toMatchObject({ code: 'IMAGE_SOURCE', message: `${file} changed while it was sent to the builder` });
    expect(registry.tags('ns/app')).toEqual([]);
  });
});

describe('clean', () => {
  const remotely = (fingerprint: string): ApplyContext => ({ ...context(fingerprint), remote: true });

  it('leaves the registry alone unless it is told to clean that too', async () => {
    const stamp = await driver.apply(work(), context(A));
    registry.requests.length = 0;
    await driver.clean(image(), context(A));
    expect(engine.images.size).toBe(0);
    expect(registry.requests).toEqual([]);
    expect(await driver.observe(image())).toEqual({ kind: 'known', present: true, stamp });
  });

  it('leaves no tag of the image in the registry, so that it is built and not found again', async () => {
    await driver.apply(work(), context(A));
    await driver.clean(image(), remotely(A));
    expect(registry.tags('ns/app')).toEqual([]);
  });

  it('removes the image from the registry and all names from this machine', async () => {
    await driver.apply(work(), context(A));
    engine.images.set(`${registry.domain}/ns/app:${FP_B}`, {});
    engine.images.set(`${registry.domain}/ns/app:mine`, {});
    engine.digests = [`${registry.domain}/ns/app@sha256:1`, `${registry.domain}/ns/other@sha256:1`];
    await driver.clean(image(), remotely(A));
    expect(await driver.observe(image())).toEqual({ kind: 'known', present: false });
    expect([...engine.images.keys()]).toEqual([`${registry.domain}/ns/app:mine`]);
    expect(engine.digests).toEqual([`${registry.domain}/ns/other@sha256:1`]);
  });

  it('may be run again', async () => {
    await driver.clean(image(), remotely(A));
    await driver.clean(image(), remotely(A));
    expect(lines).toContain(`${registry.domain}/ns/app:v1 is not in the registry`);
  });

  it('cleans the registry though no Docker Engine runs', async () => {
    registry.put('ns/app', 'v1', {});
    const other = createImageDriver({ registry: registry.access, dockerSocket: '/nowhere/docker.sock' });
    await other.clean(image(), remotely(A));
    expect(registry.tags('ns/app')).toEqual([]);
    expect(lines[0]).toContain('Docker Engine does not answer');
  });

  it.each([
    ['digest', [], 'removed'],
    ['tag', [], 'removed'],
    ['off', ['v1'], 'deletion is switched off'],
  ] as const)('in a registry that deletes by %s', async (deletion, tags, line) => {
    const other = await FakeRegistry.start({ deletion });
    other.put('ns/app', 'v1', {});
    const cleaner = createImageDriver({ registry: other.access, dockerSocket: '/nowhere/docker.sock' });
    await cleaner.clean({ ...image(), registry: other.domain }, remotely(A));
    expect(other.tags('ns/app')).toEqual(tags);
    expect(lines.at(-1)).toContain(line);
    await other.stop();
  });
});

describe('agreeOnVersion', () => {
  it.each([
    ['1.41', '1.12', '1.41'],
    ['1.40', '1.12', '1.40'],
    ['1.50', '1.24', '1.41'],
    ['1.52', '1.44', '1.44'],
    ['1.41', undefined, '1.41'],
  ])('an engine of %s back to %s is asked for %s', (newest, oldest, expected) => {
    expect(agreeOnVersion(newest, oldest)).toBe(expected);
  });
});

describe('twelve images that nothing happened to', () => {
  const names = Array.from({ length: 12 }, (_, index) => `ns/app${index}`);
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pai-known-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  /** As of a run of its own. */
  async function look(): Promise<readonly Observation[]> {
    const fresh = createImageDriver({ registry: registry.access, dockerSocket: engine.socket, knownStamps: folder });
    registry.requests.length = 0;
    return Promise.all(names.map((repository) => fresh.observe({ ...image(), repository })));
  }

  it('cost one request each, and one to ask how the registry is logged in to', async () => {
    const stamp = JSON.stringify(context(A).stamp());
    for (const name of names) registry.put(name, 'v1', { [STAMP_LABEL]: stamp, name });
    const first = await look();
    expect(registry.requests).toHaveLength(1 + 2 * names.length);
    const second = await look();
    expect(second).toEqual(first);
    expect(registry.requests.map(({ path }) => path).sort()).toEqual(
      ['/v2/', ...names.map((name) => `/v2/${name}/manifests/v1`)].sort(),
    );
  });

  it('are looked at anew when their tag is another image, or gone', async () => {
    for (const name of names) registry.put(name, 'v1', { [STAMP_LABEL]: JSON.stringify(context(A).stamp()), name });
    await look();
    const pushed = registry.put('ns/app0', 'v1', { [STAMP_LABEL]: JSON.stringify(context(B).stamp()) });
    registry.put('ns/app1', 'v1', { foreign: 'image' });
    const [changed, foreign, same] = await look();
    expect(changed).toMatchObject({ stamp: { fingerprint: B, output: pushed } });
    expect(foreign).toEqual({ kind: 'known', present: true });
    expect(same).toMatchObject({ stamp: { fingerprint: A } });
  });

  it('do not trust a damaged memory', async () => {
    for (const name of names) registry.put(name, 'v1', { [STAMP_LABEL]: JSON.stringify(context(A).stamp()), name });
    const first = await look();
    for (const name of await readdir(folder)) await writeFile(join(folder, name), '{"manifest":');
    expect(await look()).toEqual(first);
  });
});
