import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadCluster } from '../../../src/cluster/load.js';
import { reveal } from '../../../src/model/secret.js';
import { createSandbox, ensureSandbox, readSandbox, removeSandbox, USUAL_SIZE } from '../../../src/sandbox/create.js';
import { growSandbox } from '../../../src/sandbox/grow.js';
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
    expect(hosts[0]?.login.user).toBe(sandbox.login.user);
    expect(await reveal(hosts[0]?.login.password ?? '')).toBe(sandbox.login.password);
    expect(services.registry.domain).toBe(sandbox.registry.domain);
    expect(await services.registry.password?.reveal()).toBe(sandbox.registry.password);
    expect(operatorDirectory).toBe(layout.operator);
  });

  it('has a configuration of which editors know the schemas', async () => {
    await createSandbox(layout, USUAL_SIZE);
    for (const file of await readdir(layout.configuration)) {
      const [first = ''] = (await readFile(path.join(layout.configuration, file), 'utf8')).split('\n');
      const schema = path.resolve(layout.configuration, first.replace('# yaml-language-server: $schema=', ''));
      expect(JSON.parse(await readFile(schema, 'utf8'))).toMatchObject({ title: file });
    }
  });

  it.each([
    { masters: 1, workers: 0, proxy: false },
    { masters: 1, workers: 1, proxy: true },
    { masters: 5, workers: 600, proxy: true, hostsInProcess: true },
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
    [{ masters: 1, workers: 500, proxy: false }, '501 hosts with a shell each are too many for one machine'],
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

describe('a sandbox that grows', () => {
  const machinesFile = () => path.join(layout.configuration, 'cluster-configuration.yaml');

  it('has more workers, and its configuration has them too; all else of both stays', async () => {
    const before = await createSandbox(layout, { ...USUAL_SIZE, hostsInProcess: true });
    await writeFile(machinesFile(), `# mine\n${await readFile(machinesFile(), 'utf8')}`);
    const grown = await growSandbox(layout, before, 2);
    expect(await readSandbox(layout)).toEqual(grown);
    expect({ ...grown, hosts: grown.hosts.slice(0, -2) }).toEqual(before);
    expect(grown.hosts.slice(-2)).toEqual([
      { name: 'worker3', address: '10.77.2.3', role: 'worker' },
      { name: 'worker4', address: '10.77.2.4', role: 'worker' },
    ]);
    expect((await cluster()).hosts.map(({ name }) => name)).toEqual(grown.hosts.map(({ name }) => name));
    expect(await readFile(machinesFile(), 'utf8')).toMatch(/^# mine\n/);
    expect((await stat(machinesFile())).mode & 0o077).toBe(0);
  });

  it('as its usual configuration would have been: only the order of machines tells', async () => {
    await growSandbox(layout, await createSandbox(layout, { masters: 1, workers: 1, proxy: false }), 3);
    const grown = (await cluster()).workers.map(({ name, address, labels }) => ({ name, address, labels }));
    await removeSandbox(layout);
    await createSandbox(layout, { masters: 1, workers: 4, proxy: false });
    expect((await cluster()).workers.map(({ name, address, labels }) => ({ name, address, labels }))).toEqual(grown);
  });

  it('also when its configuration was written in another way', async () => {
    const before = await createSandbox(layout, USUAL_SIZE);
    const { load } = await import('js-yaml');
    await writeFile(machinesFile(), JSON.stringify(load(await readFile(machinesFile(), 'utf8'))));
    await growSandbox(layout, before, 1);
    expect((await cluster()).workers.map(({ name }) => name)).toEqual(['worker1', 'worker2', 'worker3']);
  });

  it.each(['as it was made', 'written anew'])('keeps references, %s', async (how) => {
    const before = await createSandbox(layout, USUAL_SIZE);
    const text = (await readFile(machinesFile(), 'utf8')).replace(/password: .*/, 'password: !exec cat "my file"');
    // Where the list is not the last part, the file is written anew.
    await writeFile(machinesFile(), how === 'written anew' ? `${text}ssh-bastions: {}\n` : text);
    await growSandbox(layout, before, 1);
    expect(await readFile(machinesFile(), 'utf8')).toMatch(/password: !exec cat "my file"/);
    expect((await cluster()).workers).toHaveLength(3);
  });

  it('does the rest when it was stopped between the configuration and the sandbox', async () => {
    const before = await createSandbox(layout, USUAL_SIZE);
    await growSandbox(layout, before, 1);
    await growSandbox(layout, before, 2);
    expect((await cluster()).workers.map(({ name }) => name)).toEqual(['worker1', 'worker2', 'worker3', 'worker4']);
  });

  it.each([
    [0, 'say how many workers are added'],
    [400, 'too many for one machine'],
  ])('is refused for %i workers, and nothing is written', async (workers, words) => {
    const before = await createSandbox(layout, USUAL_SIZE);
    await expect(growSandbox(layout, before, workers)).rejects.toThrow(words);
    expect(await readSandbox(layout)).toEqual(before);
    expect((await cluster()).hosts).toHaveLength(before.hosts.length);
  });
});
