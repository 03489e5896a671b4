import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fingerprintOf } from '../../../src/fingerprint/fingerprint.js';
import { buildGraph } from '../../../src/graph/graph.js';
import { createKubeDriver } from '../../../src/kube/driver.js';
import { encodeInventory, type Inventory } from '../../../src/kube/inventory.js';
import type { Drivers, KubeDriver } from '../../../src/model/drivers.js';
import type { JsonObject } from '../../../src/model/json.js';
import { objectAt } from '../../../src/model/json-path.js';
import type { Action, Target } from '../../../src/model/target.js';
import { planRun } from '../../../src/plan/plan.js';
import { createLook } from '../../../src/run/look.js';
import { type FakeAnswer, FakeApiServer, type SeenRequest } from './fake-api-server.js';
import { fakeContext, fakeStamp } from './fake-context.js';

let folder: string;
let server: FakeApiServer;
let driver: KubeDriver;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pai-looks-'));
});

afterEach(async () => {
  await driver.close();
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Answers lists by their path; other requests with what `other` says. */
async function serve(
  lists: Readonly<Record<string, readonly JsonObject[]>>,
  other: (request: SeenRequest) => FakeAnswer = () => undefined,
) {
  server = await FakeApiServer.start(folder, (request) => {
    const items = request.method === 'GET' ? lists[request.path] : undefined;
    if (items !== undefined) return { body: { items } };
    // Of all namespaces: the inventories, too.
    const all = request.method === 'GET' && request.path === CONFIG_MAPS ? lists[INVENTORIES] : undefined;
    return all === undefined ? other(request) : { body: { items: all } };
  });
  driver = createKubeDriver({ credentials: async () => server.credentials });
}

const CONFIG_MAPS = '/api/v1/configmaps';
const INVENTORIES = '/api/v1/namespaces/kube-system/configmaps';

function inventory(
  target: string,
  objects: Inventory['objects'],
  nodeLabels: Inventory['nodeLabels'] = {},
): JsonObject {
  return encodeInventory({ target, stamp: fakeStamp(target), objects, nodeLabels });
}

const live = (name: string, rest: JsonObject = {}) => ({
  metadata: { name, namespace: 'default', generation: 1 },
  ...rest,
});
const complete = { status: { observedGeneration: 1, replicas: 1, updatedReplicas: 1, availableReplicas: 1 } };
const deployment = (name: string) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  namespace: 'default',
  name,
  generation: 1,
});
const secret = (name: string) => ({ apiVersion: 'v1', kind: 'Secret', namespace: 'default', name });

describe('looks of the same turn', () => {
  it('share one request for each kind and one for the nodes', async () => {
    await serve({
      [INVENTORIES]: [
        inventory('service:a', [deployment('a'), secret('a')], { n1: { a: 'true' } }),
        inventory('service:b', [deployment('b'), secret('b')], { n1: { b: 'true' } }),
        inventory('service:c', [{ apiVersion: 'batch/v1', kind: 'Job', namespace: 'default', name: 'c' }]),
      ],
      '/apis/apps/v1/deployments': [live('a', complete), live('b', complete)],
      '/api/v1/secrets': [live('a')],
      '/api/v1/nodes': [{ metadata: { name: 'n1', labels: { a: 'true', b: 'true' } } }],
    });
    const seen = await Promise.all(['service:a', 'service:b', 'service:none'].map((target) => driver.observe(target)));
    expect(seen).toEqual([
      { kind: 'known', present: true, stamp: fakeStamp('service:a') },
      { kind: 'known', present: true, stamp: fakeStamp('service:b'), problem: 'Secret default/b is missing' },
      { kind: 'known', present: false },
    ]);
    expect(server.requests.map(({ path }) => path).toSorted()).toEqual(
      [CONFIG_MAPS, '/api/v1/nodes', '/api/v1/secrets', '/apis/apps/v1/deployments'].toSorted(),
    );
  });

  it('of services that follow each other are made together by a plan: one request for each kind', async () => {
    const names = Array.from({ length: 12 }, (_, index) => `s${index}`);
    const map = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name });
    await serve({
      [CONFIG_MAPS]: [
        ...names.map((name) => inventory(`service:${name}`, [deployment(name), secret(name), map(name)])),
        ...names.map((name) => live(name)),
      ],
      '/apis/apps/v1/deployments': names.map((name) => live(name, complete)),
      '/api/v1/secrets': names.map((name) => live(name)),
    });
    const common = { description: '', rolling: false, timeoutSeconds: 60, retries: 0, pools: [], interactive: false };
    const target = (name: string, through: readonly string[], action: Action, after?: string): Target => ({
      ...{ name, through, action, groups: [], manual: false, ...common },
      needs: [...through, ...(after === undefined ? [] : [after])].map((need) => ({ target: need, order: true })),
    });
    const parts = [{ name: 'p', value: 1 }];
    const stampOf = (name: string) => ({ ...fakeStamp(name), ...fingerprintOf(name, parts, new Map()) });
    const master: Action = {
      pools: [],
      observe: async () => ({ kind: 'known', present: true, stamp: stampOf('master') }),
      desired: async () => ({ parts, apply: () => expect.fail('it ran') }),
      clean: async () => undefined,
    };
    const service: Action = { ...master, observe: (context) => context.drivers.kube.observe(context.target) };
    const targets = names.map((name, index) =>
      target(`service:${name}`, ['master'], service, index === 0 ? undefined : `service:s${index - 1}`),
    );
    const graph = buildGraph({ targets: [target('master', [], master), ...targets], groups: [] });
    const drivers = { kube: driver } as unknown as Drivers;
    const plan = await planRun(graph, graph.targets.keys(), createLook(drivers));
    expect(plan.entries.map(({ reasons }) => reasons.map(({ kind }) => kind))).toEqual([
      [],
      ...names.map(() => ['changed']),
    ]);
    expect(server.requests.map(({ path }) => path).toSorted()).toEqual(
      [CONFIG_MAPS, '/api/v1/secrets', '/apis/apps/v1/deployments'].toSorted(),
    );
  });

  it('take no ConfigMap of another namespace for an inventory', async () => {
    const forged = inventory('service:a', []);
    const metadata = { ...objectAt(forged, 'metadata'), namespace: 'default' };
    await serve({ [CONFIG_MAPS]: [{ ...forged, metadata }] });
    expect(await driver.observe('service:a')).toEqual({ kind: 'known', present: false });
  });

  it('never ask for what is in a Secret, only for objects of ours', async () => {
    await serve({ [INVENTORIES]: [inventory('service:a', [secret('a')])], '/api/v1/secrets': [live('a')] });
    await driver.observe('service:a');
    const asked = server.requests.find(({ path }) => path === '/api/v1/secrets');
    expect(asked?.accept).toContain('as=PartialObjectMetadataList');
    expect(asked?.query.labelSelector).toBe('app.kubernetes.io/managed-by=pai');
  });

  it('of a later turn ask again', async () => {
    await serve({ [INVENTORIES]: [] });
    await driver.observe('service:a');
    await driver.observe('service:a');
    expect(server.requests).toHaveLength(2);
  });

  it('are all unknown when the API server refuses', async () => {
    await serve({}, () => ({ status: 403, body: { message: 'forbidden' } }));
    const seen = await Promise.all([driver.observe('service:a'), driver.observe('service:b')]);
    expect(seen).toMatchObject([
      { kind: 'unknown', error: { code: 'KUBE_REFUSED' } },
      { kind: 'unknown', error: { code: 'KUBE_REFUSED' } },
    ]);
    expect(server.requests).toHaveLength(1);
  });

  it('are unknown when the API server is down, and say which one and what to do', async () => {
    await serve({});
    await server.stop();
    expect(await driver.observe('service:a')).toMatchObject({
      kind: 'unknown',
      error: {
        code: 'KUBE_UNREACHABLE',
        where: server.credentials.server,
        next: expect.stringContaining('load-balance-ip'),
      },
    });
  });

  it('are unknown when there are no credentials', async () => {
    await serve({});
    const without = createKubeDriver({ credentials: () => Promise.reject(new Error('no pki')) });
    expect(await without.observe('service:a')).toMatchObject({ kind: 'unknown', error: { message: 'no pki' } });
  });
});

describe('custom resources', () => {
  const framework = { apiVersion: 'example.com/v1', kind: 'Framework', namespace: 'default', name: 'mine' };
  const group = {
    body: {
      resources: [
        { name: 'frameworks', kind: 'Framework', namespaced: true },
        { name: 'frameworks/status', kind: 'Framework', namespaced: true },
      ],
    },
  };

  it('are found by discovery, which is asked once', async () => {
    await serve(
      {
        [INVENTORIES]: [inventory('addon:framework', [framework])],
        '/apis/example.com/v1/frameworks': [live('mine')],
      },
      ({ path }) => (path === '/apis/example.com/v1' ? group : undefined),
    );
    expect(await driver.observe('addon:framework')).not.toHaveProperty('problem');
    await driver.observe('addon:framework');
    expect(server.requests.filter(({ path }) => path === '/apis/example.com/v1')).toHaveLength(1);
  });

  it('whose definition is gone are missing', async () => {
    await serve({ [INVENTORIES]: [inventory('addon:framework', [framework])] });
    expect(await driver.observe('addon:framework')).toMatchObject({ problem: 'Framework default/mine is missing' });
  });

  it('get the namespace that their definition, applied with them, gives them', async () => {
    const established = { status: { conditions: [{ type: 'Established', status: 'True' }] } };
    let defined = false;
    await serve({ [INVENTORIES]: [] }, ({ method, path, body }) => {
      if (path.endsWith('/customresourcedefinitions/frameworks.example.com')) defined = true;
      if (path === '/apis/example.com/v1') return defined ? group : undefined;
      return { body: method === 'PATCH' ? (JSON.parse(body) as JsonObject) : established };
    });
    const definition = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'frameworks.example.com' },
      spec: { group: 'example.com', scope: 'Namespaced', names: { kind: 'Framework' } },
    };
    const mine = { apiVersion: 'example.com/v1', kind: 'Framework', metadata: { name: 'mine' } };
    await driver.apply({ objects: [mine, definition], nodeLabels: {} }, fakeContext('addon:framework'));
    const paths = server.requests.filter(({ method }) => method === 'PATCH').map(({ path }) => path);
    expect(paths).toEqual([
      `${INVENTORIES}/pai-addon.framework`,
      '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/frameworks.example.com',
      '/apis/example.com/v1/namespaces/default/frameworks/mine',
      '/api/v1/namespaces/kube-system/secrets/pai-addon.framework.r1',
      `${INVENTORIES}/pai-addon.framework`,
    ]);
  });
});

describe('the order of writing', () => {
  it('is an inventory of old and new without a stamp, the objects, what goes, the revision, and the inventory with the stamp', async () => {
    const before = inventory('service:a', [secret('goes'), secret('stays')]);
    await serve({ [INVENTORIES]: [before] }, ({ method, body }) => {
      if (method === 'PATCH') return { body: JSON.parse(body) as JsonObject };
      return method === 'DELETE' ? { body: { status: 'Success' } } : undefined;
    });
    const stays = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'stays' } };
    const comes = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'comes' } };
    await driver.apply({ objects: [stays, comes], nodeLabels: {} }, fakeContext('service:a'));
    const writes = server.requests.filter(({ method }) => method !== 'GET');
    expect(writes.map(({ method, path }) => `${method} ${path.split('/').at(-1)}`)).toEqual([
      'PATCH pai-service.a',
      'PATCH stays',
      'PATCH comes',
      'DELETE goes',
      'PATCH pai-service.a.r1',
      'PATCH pai-service.a',
    ]);
    const [first, last] = [writes.at(0), writes.at(-1)].map((write) => JSON.parse(write?.body ?? '') as JsonObject);
    expect(JSON.stringify(first)).not.toContain('pai/stamp');
    expect(JSON.stringify(first)).toMatch(/goes.*stays.*comes/);
    expect(JSON.stringify(last)).toContain('pai/stamp');
    expect(JSON.stringify(last)).not.toContain('goes');
  });
});
