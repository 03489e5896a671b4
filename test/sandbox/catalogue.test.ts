import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { dump, load } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeFakeRelease } from '../unit/tasks/hadoop/fake-release.js';
import { CATALOGUE_SETTINGS, wholeCatalogue } from '../whole/catalogue.js';
import { expectEnd, expectFailure, type Result } from '../whole/project.js';
import { SandboxProject } from './sandbox.js';

let project: SandboxProject;
beforeAll(async () => {
  project = await SandboxProject.create({ masters: 1, workers: 2, proxy: false });
  await useCatalogue();
  await writeFakeRelease(path.join(project.configuration, 'fake.tar.gz'));
  await setServices(CATALOGUE_SETTINGS);
});
afterAll(() => project.remove());

/** The whole service list. Images are fakes, made of nothing: what is told here is how services are deployed. */
async function useCatalogue(): Promise<void> {
  const file = path.join(project.clone, 'service-list.yaml');
  const list = load(wholeCatalogue(await readFile(file, 'utf8'))) as {
    readonly 'image-list': Readonly<Record<string, object>>;
  };
  const images = Object.keys(list['image-list']);
  for (const image of images) {
    const folder = path.join(project.clone, 'templates/images', image);
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    await writeFile(path.join(folder, 'Dockerfile'), `FROM debian:bookworm-slim\nLABEL fake=${image}\n`);
  }
  await writeFile(file, dump({ ...list, 'image-list': Object.fromEntries(images.map((image) => [image, {}])) }));
}

/** Sets fields of sections of services-configuration.yaml. */
async function setServices(sections: Readonly<Record<string, object>>): Promise<void> {
  const file = path.join(project.configuration, 'services-configuration.yaml');
  const services = load(await readFile(file, 'utf8')) as Readonly<Record<string, object>>;
  const changed = Object.entries(sections).map(([name, fields]) => [name, { ...services[name], ...fields }]);
  await writeFile(file, dump({ ...services, ...Object.fromEntries(changed) }));
}

/** What a target said, in order. */
function linesOf({ text }: Result, target: string): readonly string[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line))
    .filter((event) => event.type === 'target-log' && event.target === target)
    .map((event) => event.line);
}

/** The objects that would change, as `why` tells them. */
async function changedBy(target: string): Promise<readonly string[]> {
  const { stdout } = await project.says('why', target, '--sandbox');
  const ids = stdout.matchAll(/\b(?:ConfigMap|Deployment|DaemonSet|Job) default\/[a-z-]+/g);
  return [...new Set([...ids].map(([id]) => id))];
}

const PARTS = [
  'Deployment default/zookeeper',
  'Deployment default/hadoop-name-node',
  'DaemonSet default/hadoop-data-node',
  'Deployment default/hadoop-resource-manager',
  'DaemonSet default/hadoop-node-manager-simulated',
  'Deployment default/hadoop-job-history',
  'Job default/hadoop-one-time-job',
];

describe('the whole catalogue', () => {
  it('is deployed in the order in which services need each other', async () => {
    const result = await project.pai('run', 'services');
    expect(result.code, result.text.slice(-4000)).toBe(0);
    const services = result.ran.filter((name) => name.startsWith('service:')).map((name) => name.slice(8));
    expect(services.toSorted()).toEqual([
      'cluster-configuration',
      'drivers',
      'end-to-end-test',
      'frameworklauncher',
      'grafana',
      'hadoop-service',
      'prometheus',
      'pylon',
      'rest-server',
      'webportal',
    ]);
    const inOrder = [
      'cluster-configuration',
      'drivers',
      'hadoop-service',
      'frameworklauncher',
      'rest-server',
      'webportal',
    ];
    expect(services.filter((name) => inOrder.includes(name))).toEqual(inOrder);
    expect(result.ran.indexOf('prepare-hadoop-config')).toBeLessThan(result.ran.indexOf('service:hadoop-service'));
    const steps = linesOf(result, 'service:hadoop-service').filter((line) =>
      PARTS.some((part) => line === `applied ${part}` || line === `${part}: ready`),
    );
    expect(steps).toEqual(PARTS.flatMap((part) => [`applied ${part}`, `${part}: ready`]));
  });

  it('has then nothing to do', async () => {
    expectEnd(await project.pai('run', 'services'), { ran: 0, failed: 0, skipped: 0 });
  });

  it('has nothing to do for services from a fresh clone: Hadoop is configured again with the same bytes', async () => {
    await project.freshClone();
    await useCatalogue();
    expect((await project.pai('run', 'services')).ran).toEqual(['prepare-hadoop-config']);
  });

  it('rolls exactly the services that a changed port is of', async () => {
    await setServices({ webportal: { 'server-port': 9287 } });
    const result = await project.pai('run', 'services');
    expect(result.ran.toSorted()).toEqual(['service:end-to-end-test', 'service:pylon', 'service:webportal']);
  });

  it('rolls the rest-server, and nothing else, when a secret of it is another one', async () => {
    await setServices({ restserver: { 'jwt-secret': 'another-secret' } });
    const why = await project.says('why', 'service:rest-server', '--sandbox');
    expect(why.stdout).toContain('Deployment default/rest-server');
    expect(why.stdout).not.toContain('another-secret');
    expect((await project.pai('run', 'services')).ran).toEqual(['service:rest-server']);
  });

  it('refuses to deploy a service that lacks what it asks for, and says where', async () => {
    const put = await project.edit('services-configuration.yaml', (text) => text.replace(/^ {2}jwt-secret: .*\n/m, ''));
    const result = await project.pai('run', 'services');
    expectFailure(
      result,
      'service:rest-server',
      'TEMPLATE',
      /rest-server\.yaml\.template:\d+:\d+ .*jwt-secret.* undefined/,
    );
    await put();
    expectEnd(await project.pai('run', 'services'), { ran: 0, failed: 0 });
  });
});

describe('another configuration of Hadoop', () => {
  /** What the operator sets: of the name node, and of clients. */
  const overrides = (handlers: number, retries: number) =>
    writeFile(
      path.join(project.configuration, 'hadoop-overrides.yaml'),
      dump({
        'hadoop-name-node': { 'hdfs-site.xml': { 'dfs.namenode.handler.count': handlers } },
        'hadoop-client': { 'hdfs-site.xml': { 'dfs.client.retries': retries } },
      }),
    );

  it('is deployed by one command', async () => {
    await overrides(31, 5);
    const result = await project.pai('run', 'services');
    expect(result.ran).toEqual(['prepare-hadoop-config', 'service:hadoop-service', 'service:frameworklauncher']);
  });

  it('changes the part that it is of, and nothing else', async () => {
    await overrides(32, 5);
    expect((await project.pai('run', 'prepare-hadoop-config')).ran).toEqual(['prepare-hadoop-config']);
    expect(await changedBy('service:hadoop-service')).toEqual([
      'ConfigMap default/hadoop-configuration-name-node',
      'Deployment default/hadoop-name-node',
    ]);
    // The launcher has some of it too, but not of this.
    expect(await changedBy('service:frameworklauncher')).toEqual([]);
    expect((await project.pai('run', 'services')).ran).toEqual(['service:hadoop-service', 'service:frameworklauncher']);
  }, 240_000);

  it('of clients changes the launcher too, which has its own', async () => {
    await overrides(32, 7);
    expect((await project.pai('run', 'prepare-hadoop-config')).ran).toEqual(['prepare-hadoop-config']);
    expect(await changedBy('service:frameworklauncher')).toEqual([
      'ConfigMap default/frameworklauncher-hadoop',
      'Deployment default/frameworklauncher',
    ]);
    expect(await changedBy('service:hadoop-service')).toEqual([
      'ConfigMap default/hadoop-configuration-client',
      'Job default/hadoop-one-time-job',
    ]);
    expectEnd(await project.pai('run', 'services'), { ran: 2, failed: 0 });
  });
});

describe('hadoop-service', () => {
  it('is taken down with all of its parts, after what needs it', async () => {
    const cleaned = await project.pai('clean', 'service:hadoop-service');
    expectEnd(cleaned, { failed: 0, skipped: 0 });
    expect(cleaned.ran.at(-1)).toBe('service:hadoop-service');
    const removed = linesOf(cleaned, 'service:hadoop-service').filter((line) => line.startsWith('removed '));
    expect(removed).toEqual(expect.arrayContaining(PARTS.map((part) => `removed ${part}`)));
  });
});
