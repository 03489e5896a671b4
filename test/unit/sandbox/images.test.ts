import { readdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createImageDriver, type ImageDriverOptions } from '../../../src/docker/driver.js';
import type { ImageReference } from '../../../src/model/drivers.js';
import type { PaiError } from '../../../src/model/errors.js';
import { openSandboxEngine, type SandboxEngine } from '../../../src/sandbox/engine.js';
import { openSandboxRegistry, type SandboxRegistry } from '../../../src/sandbox/registry.js';
import { ENGINE_DOCKERFILE, engineContext, engineFiles, engineStory } from '../docker/engine-story.js';
import { SandboxFixture } from './sandbox-fixture.js';

/** A registry and an engine over the files of a sandbox, as one command of pai opens them. */
class Images {
  readonly fixture: SandboxFixture;
  readonly registry: SandboxRegistry;
  readonly engine: SandboxEngine;

  constructor(fixture: SandboxFixture) {
    this.fixture = fixture;
    this.registry = openSandboxRegistry(fixture.layout, fixture.sandbox);
    this.engine = openSandboxEngine(fixture.layout, fixture.sandbox, this.registry);
  }

  async options(): Promise<ImageDriverOptions> {
    const { domain, user, password } = this.fixture.sandbox.registry;
    return {
      registry: { domain, username: user, password, insecure: true, url: await this.registry.url() },
      dockerSocket: () => this.engine.socket(),
    };
  }

  async close(): Promise<void> {
    await this.engine.close();
    await this.registry.close();
  }
}

function image(repository = 'ns/app'): ImageReference {
  return { registry: 'registry.sandbox:5000', repository, tag: 'v1' };
}

async function failureOf(promise: Promise<unknown>): Promise<PaiError> {
  return promise.then(
    () => expect.fail('it should have failed'),
    (error: PaiError) => error,
  );
}

describe("the sandbox's Docker Engine and registry, as a real engine and registry,", () => {
  const fixture = SandboxFixture.create({ m1: 'master' });
  const images = new Images(fixture);
  let engine: { options: ImageDriverOptions; socket: string };

  beforeAll(async () => {
    engine = { options: await images.options(), socket: await images.engine.socket() };
  });
  afterAll(async () => {
    await images.close();
    await fixture.remove();
  });

  engineStory(() => engine);
});

describe("the sandbox's Docker Engine and registry", () => {
  let fixture: SandboxFixture;
  let images: Images;

  beforeEach(() => {
    fixture = SandboxFixture.create({ m1: 'master' });
    images = new Images(fixture);
  });
  afterEach(async () => {
    await images.close();
    await fixture.remove();
  });

  const work = (dockerfile = ENGINE_DOCKERFILE) => ({ image: image(), files: engineFiles(dockerfile), buildArgs: {} });

  it('open nothing before they are asked', async () => {
    const before = readdirSync(tmpdir()).filter((name) => name.startsWith('pai-sandbox-'));
    const unasked = new Images(fixture);
    await unasked.close();
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith('pai-sandbox-') && !before.includes(name))).toEqual(
      [],
    );
  });

  it('keep the socket to this user, and remove it at the end', async () => {
    const socket = await images.engine.socket();
    expect(statSync(path.dirname(socket)).mode & 0o077).toBe(0);
    await images.close();
    expect(() => statSync(path.dirname(socket))).toThrow('ENOENT');
  });

  it('say of what is not run that it is simulated', async () => {
    const lines: string[] = [];
    const driver = createImageDriver(await images.options());
    await driver.apply(
      work('FROM debian:12\nRUN apt-get update \\\n && apt-get install -y x\nCOPY bin /bin\n'),
      engineContext('1', lines),
    );
    expect(lines).toContain('Step 2/4 : RUN apt-get update  && apt-get install -y x');
    expect(lines.filter((line) => line.includes('(simulated)'))).toEqual([
      ' ---> debian:12 is taken as an empty image (simulated)',
      ' ---> not run (simulated)',
    ]);
  });

  it('make the same image of the same files, and another of others', async () => {
    const digest = async (dockerfile: string, folder: string) => {
      const other = new Images(SandboxFixture.create({ [folder]: 'master' }));
      const driver = createImageDriver(await other.options());
      const { output } = await driver.apply(work(dockerfile), engineContext('1'));
      await other.close();
      await other.fixture.remove();
      return output;
    };
    const first = await digest(ENGINE_DOCKERFILE, 'a');
    expect(await digest(ENGINE_DOCKERFILE, 'b')).toBe(first);
    expect(await digest(`${ENGINE_DOCKERFILE}USER 33\n`, 'c')).not.toBe(first);
  });

  it('have every image still when another process opens them', async () => {
    const stamp = await createImageDriver(await images.options()).apply(work(), engineContext('1'));
    await images.close();
    const later = new Images(fixture);
    const driver = createImageDriver(await later.options());
    expect(await driver.observe(image())).toEqual({ kind: 'known', present: true, stamp });
    const lines: string[] = [];
    await driver.clean(image(), { ...engineContext('1', lines), remote: true });
    await later.close();
    expect(lines).toEqual([
      'removed registry.sandbox:5000/ns/app:v1 from this machine',
      `removed registry.sandbox:5000/ns/app:v1 from the registry (${stamp.output}, with all of its tags)`,
    ]);
  });

  it('leave no layer of an image that nobody names any more', async () => {
    const driver = createImageDriver(await images.options());
    await driver.apply(work(), engineContext('1'));
    await driver.apply(work(`${ENGINE_DOCKERFILE}USER 33\n`), engineContext('2'));
    expect(readdirSync(path.join(fixture.layout.engine, 'layers'))).toHaveLength(1);
  });

  describe('while the registry is down', () => {
    it('an image is unknown, which says that the registry does not answer, and known again afterwards', async () => {
      const driver = createImageDriver(await images.options());
      await driver.observe(image());
      fixture.fault('registry-down');
      expect(await driver.observe(image())).toMatchObject({
        kind: 'unknown',
        error: {
          code: 'REGISTRY_UNREACHABLE',
          where: 'registry registry.sandbox:5000',
          message: expect.stringContaining('registry registry.sandbox:5000 does not answer'),
        },
      });
      fixture.lift('registry-down');
      expect(await driver.observe(image())).toEqual({ kind: 'known', present: false });
    });

    it('nothing can be pushed, and the build is pushed afterwards', async () => {
      // Down from the push on: what is asked of it before the build is answered.
      const options = await images.options();
      const driver = createImageDriver(options);
      const lines: string[] = [];
      const context = engineContext('1', lines);
      const failing = {
        ...context,
        log: (line: string) => {
          context.log(line);
          if (line.startsWith('Successfully tagged')) fixture.fault('registry-down');
        },
      };
      const error = await failureOf(driver.apply(work(), failing));
      expect(error).toMatchObject({ code: 'REGISTRY_UNREACHABLE', retryable: true });
      expect(error.message).toContain("Docker Engine can't push registry.sandbox:5000/ns/app:fp-");
      fixture.lift('registry-down');
      await driver.apply(work(), engineContext('1'));
      expect(await driver.observe(image())).toHaveProperty('stamp');
    });
  });
});

describe('the sandbox’s registry', () => {
  let fixture: SandboxFixture;
  let registry: SandboxRegistry;
  let base: string;
  const headers = { Authorization: `Basic ${Buffer.from('pai:push').toString('base64')}` };

  beforeEach(async () => {
    fixture = SandboxFixture.create({ m1: 'master' });
    registry = openSandboxRegistry(fixture.layout, fixture.sandbox);
    base = `${await registry.url()}/v2`;
  });
  afterEach(async () => {
    await registry.close();
    await fixture.remove();
  });

  it('takes a blob in pieces, under its digest only', async () => {
    const begun = await fetch(`${base}/ns/app/blobs/uploads/`, { method: 'POST', headers });
    const place = new URL(begun.headers.get('location') ?? '', base);
    await fetch(place, { method: 'PATCH', headers, body: 'hello ' });
    const second = await fetch(place, { method: 'PATCH', headers, body: 'world' });
    expect(second.headers.get('range')).toBe('0-10');
    const digest = 'sha256:b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9';
    const wrong = await fetch(`${place}?digest=sha256:${'0'.repeat(64)}`, { method: 'PUT', headers });
    expect(wrong.status).toBe(400);
    const whole = await fetch(`${base}/ns/app/blobs/uploads/?digest=${digest}`, {
      method: 'POST',
      headers,
      body: 'hello world',
    });
    expect(whole.status).toBe(201);
    expect(await (await fetch(`${base}/ns/app/blobs/${digest}`, { headers })).text()).toBe('hello world');
    expect((await fetch(`${base}/ns/other/blobs/${digest}`, { headers })).status).toBe(404);
  });

  it('takes no manifest of blobs that it has not', async () => {
    const manifest = JSON.stringify({ config: { digest: `sha256:${'0'.repeat(64)}` }, layers: [] });
    const answer = await fetch(`${base}/ns/app/manifests/v1`, { method: 'PUT', headers, body: manifest });
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain('MANIFEST_BLOB_UNKNOWN');
    expect(await (await fetch(`${base}/ns/app/tags/list`, { headers })).json()).toEqual({ name: 'ns/app', tags: [] });
  });

  it('writes outside of its folder for no name', async () => {
    for (const place of ['..%2f..%2fescaped/manifests/v1', 'ns/app/manifests/..%2f..%2fescaped']) {
      const answer = await fetch(`${base}/${place}`, { method: 'PUT', headers, body: '{"layers":[]}' });
      expect(answer.status).toBeGreaterThanOrEqual(400);
    }
    const written = readdirSync(fixture.layout.directory, { recursive: true }).map(String);
    expect(written.filter((file) => file.includes('escaped'))).toEqual([]);
  });

  it('answers nobody without the password', async () => {
    const answer = await fetch(`${base}/`);
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toMatch(/^Basic realm=/);
  });
});
