import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createImageDriver } from '../../../src/docker/driver.js';
import { STAMP_LABEL } from '../../../src/docker/image-stamp.js';
import { RegistryClient } from '../../../src/docker/registry-client.js';
import type { ActionContext } from '../../../src/model/target.js';
import { hasRegistry, RealRegistry } from './real-registry.js';

const STAMP = { format: 1, target: 'image:app', fingerprint: 'a'.repeat(64), output: '', parts: {}, run: 'run-1' };

describe.skipIf(!hasRegistry)('a real registry (skipped where Debian’s docker-registry is not installed)', () => {
  let registry: RealRegistry;
  let keeping: RealRegistry;

  beforeAll(async () => {
    [registry, keeping] = await Promise.all([
      RealRegistry.start({ insecure: true, deletion: true }),
      RealRegistry.start({ insecure: true, deletion: false }),
    ]);
  });

  afterAll(async () => {
    await registry?.stop();
    await keeping?.stop();
  });

  function image(tag: string, from = registry) {
    return { registry: from.access.domain, repository: 'ns/app', tag };
  }

  it('shows the stamp that an image carries', async () => {
    await registry.push('ns/app', 'v1', { [STAMP_LABEL]: JSON.stringify(STAMP) });
    const seen = await createImageDriver({ registry: registry.access }).observe(image('v1'));
    expect(seen).toMatchObject({ kind: 'known', present: true, stamp: { ...STAMP, output: /^sha256:[0-9a-f]{64}$/ } });
  });

  it('has no image that was never pushed', async () => {
    const driver = createImageDriver({ registry: registry.access });
    expect(await driver.observe(image('v9'))).toEqual({ kind: 'known', present: false });
    expect(await driver.observe({ ...image('v1'), repository: 'ns/never' })).toEqual({ kind: 'known', present: false });
  });

  it('refuses a wrong password', async () => {
    const driver = createImageDriver({ registry: { ...registry.access, password: 'wrong' } });
    expect(await driver.observe(image('v1'))).toMatchObject({ kind: 'unknown', error: { code: 'REGISTRY_AUTH' } });
  });

  it('puts a manifest under a second tag without changing its digest', async () => {
    await registry.push('ns/tagged', 'v1', {});
    const client = new RegistryClient(registry.access);
    const manifest = await client.manifest('ns/tagged', 'v1');
    if (manifest === undefined) throw new Error('no manifest');
    await client.tag('ns/tagged', 'v2', manifest);
    expect((await client.manifest('ns/tagged', 'v2'))?.digest).toBe(manifest.digest);
  });

  it('loses a tag by clean', async () => {
    await registry.push('ns/app', 'gone', { once: 'here' });
    const driver = createImageDriver({ registry: registry.access, dockerSocket: '/nowhere/docker.sock' });
    await driver.clean(image('gone'), context([]));
    expect(await driver.observe(image('gone'))).toEqual({ kind: 'known', present: false });
  });

  it('keeps its tags, and clean says so, where deletion is switched off', async () => {
    await keeping.push('ns/app', 'v1', {});
    const driver = createImageDriver({ registry: keeping.access, dockerSocket: '/nowhere/docker.sock' });
    const lines: string[] = [];
    await driver.clean(image('v1', keeping), context(lines));
    expect(lines.at(-1)).toContain('deletion is switched off');
    expect(await driver.observe(image('v1', keeping))).toMatchObject({ present: true });
  });

  it('is trusted by its CA, and not without', async () => {
    const secure = await RealRegistry.start({ insecure: false, deletion: false });
    try {
      const at = image('v1', secure);
      const { caPath: _, ...untrusted } = secure.access;
      expect(await createImageDriver({ registry: secure.access }).observe(at)).toEqual({
        kind: 'known',
        present: false,
      });
      expect(await createImageDriver({ registry: untrusted }).observe(at)).toMatchObject({
        kind: 'unknown',
        error: { code: 'REGISTRY_UNREACHABLE', next: /docker-registry-ca/ },
      });
      const clear = createImageDriver({ registry: { ...untrusted, insecure: true } });
      expect(await clear.observe(at)).toMatchObject({ error: { next: /Remove docker-registry-insecure/ } });
    } finally {
      await secure.stop();
    }
  });
});

/** Only what `clean` uses of a context. */
function context(lines: string[]): ActionContext {
  const used: Pick<ActionContext, 'target' | 'log' | 'signal' | 'remote'> = {
    target: 'image:app',
    remote: true,
    log: (line) => lines.push(line),
    signal: new AbortController().signal,
  };
  return used as ActionContext;
}
