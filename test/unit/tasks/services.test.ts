import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Action, ActionContext, ApplyContext, Drivers, HostWork, KubeNode, KubeWork } from 'pai';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTemplateDriver } from '../../../src/render/driver.js';
import { deploy } from '../../../tasks/services.js';
import * as fixture from '../cluster/configuration-fixture.js';
import { edited, LIST, removeEdited } from '../cluster/configuration-fixture.js';
import { fakeStamp } from '../kube/fake-context.js';
import { asPai } from './templates.js';

const repository = path.resolve(import.meta.dirname, '../../..');

/** What is really there, as the fakes of the drivers play it; they note in `done` what they are asked to do. */
interface World {
  /** Targets for which something was applied. */
  applied: string[];
  /** Images that the registry has. */
  images: string[];
  nodes: readonly Partial<KubeNode>[];
  /** A host that fails. */
  broken?: string;
}

let root: string;
let world: World;
let done: string[];
let lines: string[];
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'pai-services-'));
  world = { applied: ['service:cluster-configuration'], images: ['cleaning-image'], nodes: [] };
  done = [];
  lines = [];
  file('cluster-configuration/a.yaml', 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n');
  const daemonSet = { apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: { name: 'cleaning' }, spec: {} };
  file(
    'cleaning/cleaning.yaml.template',
    JSON.stringify(daemonSet).replace('{}', `{"image": "{{ images['cleaning-image'] }}"}`),
  );
  file('pylon/start.sh', '#!/bin/sh\nset -eu\ncat settings\n');
  file('pylon/stop.sh', 'echo stopping\n');
  file('pylon/settings.template', "port {{ clusterinfo['pylon']['port'] }}\n");
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
  removeEdited();
});

function file(name: string, text: string): void {
  const at = path.join(root, 'templates/services', name);
  mkdirSync(path.dirname(at), { recursive: true });
  writeFileSync(at, text);
}

const CLEANING = `cluster-configuration: {}
  cleaning: {prerequisite: [cluster-configuration], image: [cleaning-image], clean-only: true}`;

/** The action of a service of a list with some text in the place of `cluster-configuration: {}` and of pylon's label. */
async function actionOf(name: string, first = CLEANING, pylon = 'label: [pylon]'): Promise<Action> {
  const folder = edited(
    [LIST, 'pylon: {}', 'pylon: {}\n  cleaning-image: {}'],
    [LIST, 'cluster-configuration: {}', first],
    [LIST, 'label: [pylon]', pylon],
  );
  const cluster = asPai(await fixture.load(folder));
  const service = cluster.serviceList.find((one) => one.name === name);
  if (service === undefined) throw new Error(`no service ${name}`);
  return deploy(cluster, service, { root, cache: path.join(root, '.cache') });
}

function contextFor(target: string, deleteData = false): ApplyContext {
  const own = createTemplateDriver(path.join(root, 'templates'));
  const hostTemplates = createTemplateDriver(path.join(repository, 'templates'));
  const templates: Drivers['templates'] = {
    ...own,
    read: (name) => (name.startsWith('host/') ? hostTemplates : own).read(name),
  };
  const kube = {
    targets: async () => world.applied,
    nodes: async () => world.nodes,
    observe: async (one: string) => ({ kind: 'known', present: world.applied.includes(one) }),
    apply: async (work: KubeWork, context: ApplyContext) => {
      done.push(`apply ${context.target} ${JSON.stringify(work.objects[0]?.spec ?? {})}`);
      await work.finish?.();
      return context.stamp();
    },
    clean: async (context: ActionContext) => {
      done.push(`clean ${context.target}`);
    },
    kubeconfig: async () => 'kind: Config\n',
  };
  const images = {
    observe: async ({ repository: name }: { readonly repository: string }) => {
      const has = world.images.some((image) => name.endsWith(`/${image}`));
      return { kind: 'known', present: has, ...(has && { stamp: fakeStamp('image:x', 'sha256:abc') }) };
    },
  };
  const hosts = {
    run: async (host: { readonly name: string }, { script }: HostWork) => {
      if (host.name === world.broken) throw new Error(`${host.name} is down`);
      const [, folders = ''] = /^FOLDERS='([^']*)'$/m.exec(script) ?? [];
      done.push(`delete ${folders.split('\n').join(' ')} on ${host.name}`);
    },
  };
  return {
    target,
    drivers: {
      kube,
      images,
      hosts,
      templates,
      pki: { material: async () => new Map([['ca.crt', 'the authority']]) },
    } as unknown as Drivers,
    outputs: new Map(),
    log: (line) => lines.push(line),
    signal: new AbortController().signal,
    stamp: () => fakeStamp(target),
    ...(deleteData && { deleteData: true }),
  };
}

const HOSTS = ['m1', 'm2', 'm3', 'p1', 'w1', 'w2'];

describe('taking a service down', () => {
  it('leaves data alone', async () => {
    const action = await actionOf('cluster-configuration');
    expect(action.keeps).toEqual(['/datastorage']);
    await action.clean(contextFor('service:cluster-configuration'));
    expect(done).toEqual(['clean service:cluster-configuration']);
  });

  it('with its data runs what deletes data on all nodes first, by digest, and takes that down again', async () => {
    world.nodes = [
      { name: '10.1.0.11', ready: false },
      { name: '10.1.0.12', ready: true },
    ];
    await (await actionOf('cluster-configuration')).clean(contextFor('service:cluster-configuration', true));
    expect(done).toEqual([
      expect.stringMatching(/^apply service:cleaning \{"image":"[^"]*\/cleaning-image@sha256:abc"\}$/),
      'clean service:cleaning',
      'clean service:cluster-configuration',
    ]);
    expect(lines).toContain('warning: not Ready, so their data stays: 10.1.0.11');
  });

  it.each([
    ['its image was never built', () => (world.images = []), 'the registry has no image cleaning-image'],
    ['what it needs is gone', () => (world.applied = []), 'service:cluster-configuration is not there any more'],
  ])('with its data deletes that over SSH where %s, and says so', async (_, change, why) => {
    change();
    await (await actionOf('cluster-configuration')).clean(contextFor('service:cluster-configuration', true));
    expect(lines).toContain(`cleaning can't run (${why}): data is deleted over SSH instead`);
    expect(done.toSorted()).toEqual([
      'clean service:cluster-configuration',
      ...HOSTS.map((host) => `delete /datastorage on ${host}`),
    ]);
    expect(done.at(-1)).toBe('clean service:cluster-configuration');
  });

  it('with all data is refused while other services are there', async () => {
    world.applied = ['addon:rbac', 'service:cluster-configuration', 'service:pylon'];
    const clean = (await actionOf('cluster-configuration')).clean(contextFor('service:cluster-configuration', true));
    await expect(clean).rejects.toMatchObject({
      code: 'REFUSED',
      message: expect.stringContaining('service:pylon is still there'),
    });
    expect(done).toEqual([]);
  });

  it('deletes its own data on every host once its objects are gone; one that fails keeps no other from it', async () => {
    const action = await actionOf('pylon', CLEANING, 'data: [pylon, logs/pylon]');
    expect(action.keeps).toEqual(['/datastorage/pylon', '/datastorage/logs/pylon']);
    world.broken = 'm1';
    await expect(action.clean(contextFor('service:pylon', true))).rejects.toThrow('m1 is down');
    expect(done[0]).toBe('clean service:pylon');
    expect(done.slice(1).toSorted()).toEqual(
      HOSTS.filter((host) => host !== 'm1').map(
        (host) => `delete /datastorage/pylon /datastorage/logs/pylon on ${host}`,
      ),
    );
  });

  it('keeps nothing where the list names no data', async () => {
    expect(await actionOf('pylon')).not.toHaveProperty('keeps');
    await (await actionOf('cluster-configuration', 'cluster-configuration: {}')).clean(
      contextFor('service:cluster-configuration', true),
    );
    expect(done).toEqual(['clean service:cluster-configuration']);
  });
});

describe('scripts of a service', () => {
  const scripted = (keys = 'startscript: start.sh\n    stopscript: stop.sh') => actionOf('pylon', CLEANING, keys);
  const parts = async (action: Action) => (await action.desired(contextFor('service:pylon'))).parts;

  it('run after its pods are ready, in the rendered folder, with a kubeconfig that is gone afterwards', async () => {
    const action = await scripted();
    const context = contextFor('service:pylon');
    file(
      'pylon/start.sh',
      '#!/bin/sh\nstat -c %a "$KUBECONFIG" "$PWD"\ncat "$KUBECONFIG" settings; echo\necho "$PATH"\necho "$KUBECONFIG"\n',
    );
    await (await action.desired(context)).apply(context);
    const [running, kubeconfigMode, folderMode, kubeconfig, settings, places, place = '?'] = lines;
    expect([running, kubeconfigMode, folderMode, kubeconfig, settings]).toEqual([
      'running start.sh',
      '600',
      '700',
      'kind: Config',
      'port 80',
    ]);
    expect(places).toMatch(/\/\.kube\/pai-[^:]*:/);
    expect(place.startsWith(path.join(root, '.cache/services/pylon-'))).toBe(true);
    expect(existsSync(place)).toBe(false);
    expect(readdirSync(path.join(root, '.cache/services'))).toEqual([]);
  });

  it('that fail fail the service, leave nothing behind, and take away what a killed one left', async () => {
    const left = path.join(root, '.cache/services/pylon-abcdef');
    mkdirSync(left, { recursive: true });
    writeFileSync(path.join(left, 'kubeconfig'), 'secret');
    file('pylon/start.sh', 'echo no luck; exit 3\n');
    const context = contextFor('service:pylon');
    const run = (await (await scripted()).desired(context)).apply(context);
    await expect(run).rejects.toMatchObject({ code: 'LOCAL_COMMAND', details: expect.arrayContaining(['no luck']) });
    expect(readdirSync(path.join(root, '.cache/services'))).toEqual([]);
  });

  it('count as what the service depends on: text, rendered files and x bits, but not the stopscript', async () => {
    const action = await scripted();
    const before = await parts(action);
    expect(before.map(({ name, secret = false }) => [name, secret])).toEqual([
      ['node-labels', false],
      ['file settings', true],
      ['file start.sh', false],
      ['executable files', false],
    ]);
    file('pylon/stop.sh', 'echo otherwise\n');
    expect(await parts(action)).toEqual(before);
    file('pylon/start.sh', 'echo otherwise\n');
    expect(await parts(action)).not.toEqual(before);
  });

  it('are asked for before anything is done', async () => {
    const wrong = await scripted('startscript: begin.sh');
    await expect(parts(wrong)).rejects.toMatchObject({
      code: 'CONFIG_MISSING',
      message: 'templates/services/pylon has no begin.sh, the startscript of pylon',
    });
  });

  it('stop it before its objects go, where there are any', async () => {
    const action = await scripted();
    await action.clean(contextFor('service:pylon'));
    expect(lines).toEqual([]);
    world.applied.push('service:pylon');
    await action.clean(contextFor('service:pylon'));
    expect(lines).toEqual(['running stop.sh', 'stopping']);
    file('pylon/stop.sh', 'exit 1\n');
    done = [];
    await expect(action.clean(contextFor('service:pylon'))).rejects.toMatchObject({ code: 'LOCAL_COMMAND' });
    expect(done).toEqual([]);
  });

  it('need manifests beside them only when there are none of these', async () => {
    await expect(parts(await scripted('stopscript: stop.sh'))).rejects.toMatchObject({ code: 'CONFIG_MISSING' });
    file('pylon/pylon.yaml', 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: pylon }\n');
    expect((await parts(await scripted())).map(({ name }) => name)).toContain('ConfigMap default/pylon');
  });
});
