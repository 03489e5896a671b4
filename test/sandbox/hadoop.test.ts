import { existsSync } from 'node:fs';
import { readFile, rm, utimes, writeFile } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { load } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fakeRelease, sha512, writeFakeRelease } from '../unit/tasks/hadoop/fake-release.js';
import { expectEnd, expectFailure } from '../whole/project.js';
import { SandboxProject } from './sandbox.js';

const TARGET = 'prepare-hadoop-config';

interface Sku {
  readonly mem: number;
  readonly cpu: { readonly vcore: number };
  readonly os: string;
}

let project: SandboxProject;
let archive: string;
beforeAll(async () => {
  project = await SandboxProject.create({ masters: 1, workers: 1, proxy: false });
  archive = path.join(project.configuration, 'fake.tar.gz');
  await writeFakeRelease(archive);
  await hadoop({ 'custom-hadoop-binary-path': 'fake.tar.gz' });
});
afterAll(() => project.remove());

/** Sets fields of the `hadoop` section, and no others. */
async function hadoop(fields: Readonly<Record<string, unknown>>): Promise<void> {
  const file = path.join(project.configuration, 'services-configuration.yaml');
  const services = load(await readFile(file, 'utf8')) as object;
  await writeFile(file, JSON.stringify({ ...services, hadoop: fields }));
}

/** A worker has the kind BIG, the master has another one. */
async function bigIs(sku: Sku, master: Sku): Promise<void> {
  const file = path.join(project.configuration, 'cluster-configuration.yaml');
  const cluster = load(await readFile(file, 'utf8')) as {
    readonly 'machine-list': readonly { readonly hostname: string }[];
  };
  const machines = cluster['machine-list'].map((machine) => ({
    ...machine,
    'machine-type': machine.hostname === 'worker1' ? 'BIG' : 'OF-MASTERS',
  }));
  await writeFile(
    file,
    JSON.stringify({ ...cluster, 'machine-sku': { BIG: sku, 'OF-MASTERS': master }, 'machine-list': machines }),
  );
}

function written(file: string): Promise<string> {
  return readFile(path.join(project.clone, '.cache/sandbox/cache/hadoop/configuration', file), 'utf8');
}

const big: Sku = { mem: 64, cpu: { vcore: 16 }, os: 'debian12' };
const ofMasters: Sku = { mem: 8, cpu: { vcore: 4 }, os: 'debian12' };

describe('prepare-hadoop-config', () => {
  it('runs beside everything else, once, and has then nothing to do', async () => {
    await bigIs(big, ofMasters);
    const first = await project.pai('run', 'services', TARGET);
    expect(first.code, first.text.slice(-4000)).toBe(0);
    expect(first.ran).toContain(TARGET);
    expect(await written('hadoop-node-manager/BIG/yarn-site.xml')).toContain('<value>58982</value>');
    expect(await written('hadoop-client/core-site.xml')).toContain('fake site file');
    expectEnd(await project.pai('run', 'services', TARGET), { ran: 0, failed: 0 });
  });

  it('alone runs again when the kind of a node manager is another one, and only then', async () => {
    await bigIs({ ...big, mem: 128 }, ofMasters);
    const changed = await project.pai('run', 'services', TARGET);
    expect(changed.ran).toEqual([TARGET]);
    expect(await written('hadoop-node-manager/BIG/yarn-site.xml')).toContain('<value>117964</value>');
    await bigIs({ ...big, mem: 128 }, { ...ofMasters, mem: 32 });
    expectEnd(await project.pai('run', 'services', TARGET), { ran: 0, failed: 0 });
  });

  it('is fresh when the archive is only newer, and stale when it is another one', async () => {
    await utimes(archive, new Date(), new Date());
    expectEnd(await project.pai('run', TARGET), { ran: 0, failed: 0 });
    await writeFakeRelease(archive, { layout: 'fake-3.x' });
    expect((await project.pai('run', TARGET)).ran).toEqual([TARGET]);
    expect(await written('hadoop-resource-manager/yarn-env.sh')).toContain('# fake 3, no line end\n\n# Set by pai.');
  });

  it('makes again what was changed or removed by hand, with the same bytes', async () => {
    const file = 'hadoop-name-node/hdfs-site.xml';
    const before = await written(file);
    await writeFile(path.join(project.clone, '.cache/sandbox/cache/hadoop/configuration', file), 'mine');
    await rm(path.join(project.clone, '.cache/sandbox/cache/hadoop/configuration/hadoop-client'), { recursive: true });
    expect((await project.pai('run', TARGET)).ran).toEqual([TARGET]);
    expect(await written(file)).toBe(before);
    expect(await written('hadoop-client/core-site.xml')).toContain('fs.defaultFS');
  });

  it('takes queues of the configuration, and tells when they are scaled down', async () => {
    const virtualClusters = { vc1: { capacity: 120 }, vc2: { capacity: 80 } };
    await hadoop({ 'custom-hadoop-binary-path': 'fake.tar.gz', virtualClusters });
    const run = await project.pai('run', TARGET);
    expect(run.text).toContain(
      'the capacities add up to 200 percent and are scaled down to 100: vc1 60, vc2 40, default 0',
    );
    const scheduler = await written('hadoop-resource-manager/capacity-scheduler.xml');
    expect(scheduler).toContain('<value>vc1,vc2,default</value>');
    expect(scheduler).toMatch(/root\.vc1\.capacity<\/name>\s*<value>60<\/value>/);
    await hadoop({ 'custom-hadoop-binary-path': 'fake.tar.gz' });
    expect((await project.pai('run', TARGET)).ran).toEqual([TARGET]);
  });

  it("lets the operator's overrides win; one that is wrong fails with its place and leaves the files alone", async () => {
    const overrides = path.join(project.configuration, 'hadoop-overrides.yaml');
    await writeFile(overrides, 'hadoop-name-node:\n  hdfs-site.xml:\n    dfs.namenode.handler.count: 31\n');
    expect((await project.pai('run', TARGET)).ran).toEqual([TARGET]);
    const file = await written('hadoop-name-node/hdfs-site.xml');
    expect(file).toMatch(/dfs\.namenode\.handler\.count<\/name>\s*<value>31<\/value>/);
    expect(await written('hadoop-data-node/hdfs-site.xml')).not.toContain('31');

    await writeFile(overrides, 'hadoop-name-node:\n  hdfs-sit.xml:\n    dfs.namenode.handler.count: 32\n');
    const failure = expectFailure(
      await project.pai('run', TARGET),
      TARGET,
      'CONFIG_INVALID',
      /1 problem in the configuration/,
    );
    expect(failure.details).toEqual([
      '.cache/sandbox/configuration/hadoop-overrides.yaml:2:3: unknown file "hdfs-sit.xml"; did you mean hdfs-site.xml?',
    ]);
    expect(await written('hadoop-name-node/hdfs-site.xml')).toBe(file);
    await rm(overrides);
    expect((await project.pai('run', TARGET)).ran).toEqual([TARGET]);
  });

  it('fails with the cure for an archive that is truncated, is none, or is not there; services need it not', async () => {
    const whole = await readFile(archive);
    await writeFile(archive, whole.subarray(0, whole.length - 100));
    const truncated = expectFailure(
      await project.pai('run', TARGET),
      TARGET,
      'ARCHIVE',
      /fake\.tar\.gz is truncated: it ends in the middle/,
    );
    expect(truncated.next).toContain('custom-hadoop-binary-path');
    await writeFile(archive, 'no archive');
    expectFailure(await project.pai('run', TARGET), TARGET, 'ARCHIVE', /fake\.tar\.gz is not a tar\.gz archive/);
    await hadoop({ 'custom-hadoop-binary-path': 'fake.tar' });
    expectFailure(
      await project.pai('run', TARGET),
      TARGET,
      'LOCAL_FILE',
      /there is no such file; did you mean fake\.tar\.gz\?/,
    );
    expect((await project.says('plan', 'services', '--sandbox')).stdout).toMatch(/^0 to run, \d+ fresh/m);
    expectEnd(await project.pai('run', 'services'), { ran: 0, failed: 0 });
    await hadoop({ 'custom-hadoop-binary-path': 'fake.tar.gz' });
    await writeFile(archive, whole);
    // What it made of the same input before is put back.
    expect((await project.pai('run', TARGET)).ran).toEqual([TARGET]);
  });
});

describe('prepare-hadoop-config with a release from the web', () => {
  let release: Buffer;
  let checksum: string;
  const asked: string[] = [];
  const server = http.createServer(({ url = '' }, response) => {
    asked.push(url);
    if (url.endsWith('.sha512')) response.end(`${checksum}  release\n`);
    else if (url.includes('hadoop-3.9.9')) response.end(release);
    else response.writeHead(404).end();
  });
  let settings: Readonly<Record<string, string>>;
  beforeAll(async () => {
    release = await fakeRelease({ layout: 'fake-3.x' });
    checksum = sha512(release);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const address = `http://127.0.0.1:${port}/hadoop-{version}/hadoop-{version}.tar.gz`;
    settings = { 'hadoop-version': '3.9.9', 'hadoop-download-url': address };
  });
  afterAll(() => {
    server.close();
  });

  it('refuses one with the wrong checksum, and takes it once that is right', async () => {
    await hadoop({ ...settings, 'hadoop-sha512': '0'.repeat(128) });
    expectFailure(
      await project.pai('run', TARGET),
      TARGET,
      'DOWNLOAD',
      /does not have the checksum that it should have/,
    );
    await hadoop(settings);
    const run = await project.pai('run', TARGET);
    expect(run.ran, run.text.slice(-2000)).toEqual([TARGET]);
    expect(await written('hadoop-client/yarn-env.sh')).toBe('# fake 3, no line end');
  });

  it('downloads it once, whatever else makes it run', async () => {
    asked.length = 0;
    expectEnd(await project.pai('run', TARGET), { ran: 0, failed: 0 });
    await hadoop({ ...settings, virtualClusters: { vc1: { capacity: 10 } } });
    expect((await project.pai('run', TARGET)).ran).toEqual([TARGET]);
    expect(asked).toEqual([]);
  });

  it('tells the address of a version that does not exist', async () => {
    await hadoop({ ...settings, 'hadoop-version': '3.9.8', 'hadoop-sha512': checksum });
    const failure = expectFailure(
      await project.pai('run', TARGET),
      TARGET,
      'DOWNLOAD',
      /hadoop-3\.9\.8\.tar\.gz: 404 Not Found/,
    );
    expect(failure.next).toContain('hadoop-version');
  });

  it('refuses an address and a checksum that can not be any before anything is touched', async () => {
    await hadoop({ ...settings, 'hadoop-download-url': 'ftp://mirror/hadoop', 'hadoop-sha512': 'abc' });
    const result = await project.pai('run', TARGET);
    expect(result.code).toBe(2);
    expect(result.text).toMatch(/hadoop-download-url must be an address such as https:\/\/host\/path/);
    expect(result.text).toMatch(/hadoop-sha512 must be a SHA-512 as 128 hex digits/);
  });

  it('is taken down with its files, and the downloaded archive stays for the next time', async () => {
    await hadoop(settings);
    expect((await project.pai('run', TARGET)).code).toBe(0);
    expect((await project.pai('clean', TARGET, '--yes')).code).toBe(0);
    expect(existsSync(path.join(project.clone, '.cache/sandbox/cache/hadoop/configuration'))).toBe(false);
    asked.length = 0;
    expect((await project.pai('run', TARGET, '--force')).ran).toEqual([TARGET]);
    expect(asked).toEqual([]);
  });
});
