import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadCluster } from '../../../src/cluster/load.js';
import { createSandbox, ensureSandbox, readSandbox, removeSandbox, USUAL_SIZE } from '../../../src/sandbox/create.js';
import { type SandboxLayout, sandboxLayout } from '../../../src/sandbox/layout.js';

let folder: string;
let layout: SandboxLayout;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'pai-sandbox-'));
  layout = sandboxLayout(path.join(folder, 'sandbox'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** The cluster that its configuration makes, with the services of this project. */
function cluster() {
  return loadCluster({
    configurationDirectory: layout.configuration,
    serviceListFile: path.resolve(import.meta.dirname, '../../../service-list.yaml'),
    operatorDirectory: layout.operator,
  });
}

describe('a sandbox', () => {
  it('has a configuration that is valid and names its machines', async () => {
    const sandbox = await createSandbox(layout, USUAL_SIZE);
    const { hosts, masters, proxies, workers, kubernetes, services, operatorDirectory } = await cluster();
    expect(hosts.map(({ name, address, role }) => ({ name, address, role }))).toEqual(sandbox.hosts);
    expect([masters.length, proxies.length, workers.length]).toEqual([3, 1, 2]);
    expect(kubernetes.loadBalanceIp).toBe(proxies[0]?.address);
    expect(hosts[0]?.login).toMatchObject({ user: sandbox.login.user, password: sandbox.login.password });
    expect(services.registry).toMatchObject({ domain: sandbox.registry.domain, password: sandbox.registry.password });
    expect(operatorDirectory).toBe(layout.operator);
  });

  it.each([
    { masters: 1, workers: 0, proxy: false },
    { masters: 1, workers: 1, proxy: true },
    { masters: 5, workers: 600, proxy: true },
  ])('has a valid configuration with $masters masters and $workers workers too', async (size) => {
    const sandbox = await createSandbox(layout, size);
    expect(new Set(sandbox.hosts.map(({ address }) => address)).size).toBe(size.masters + size.workers + +size.proxy);
    expect((await cluster()).hosts).toHaveLength(sandbox.hosts.length);
  });

  it('keeps its passwords from other users, and has others than the next sandbox', async () => {
    const { login } = await createSandbox(layout, USUAL_SIZE);
    for (const file of [layout.description, path.join(layout.configuration, 'cluster-configuration.yaml')]) {
      expect((await stat(file)).mode & 0o077, file).toBe(0);
      expect(await readFile(file, 'utf8')).toContain(login.password);
    }
    await removeSandbox(layout);
    expect((await createSandbox(layout, USUAL_SIZE)).login.password).not.toBe(login.password);
  });

  it('is made when it is asked for and not there, and found again', async () => {
    expect(await readSandbox(layout)).toBeUndefined();
    const made = await ensureSandbox(layout);
    expect(made.hosts).toHaveLength(6);
    expect(await ensureSandbox(layout)).toEqual(made);
    await removeSandbox(layout);
    expect(await readSandbox(layout)).toBeUndefined();
  });

  it('is not made over one that is there', async () => {
    await createSandbox(layout, USUAL_SIZE);
    await expect(createSandbox(layout, USUAL_SIZE)).rejects.toMatchObject({ code: 'SANDBOX', exitCode: 2 });
  });

  it.each([
    [{ masters: 0, workers: 1, proxy: true }, 'a cluster needs a master'],
    [{ masters: 3, workers: 1, proxy: false }, 'several masters need a proxy in front of them'],
  ])('is refused, and nothing written, when it could not be a cluster: %o', async (size, words) => {
    await expect(createSandbox(layout, size)).rejects.toThrow(words);
    expect(await readSandbox(layout)).toBeUndefined();
  });

  it('whose description is damaged says what to do', async () => {
    await createSandbox(layout, USUAL_SIZE);
    await writeFile(layout.description, '{"format":');
    await expect(readSandbox(layout)).rejects.toMatchObject({
      code: 'SANDBOX',
      next: expect.stringContaining('reset'),
    });
  });
});
