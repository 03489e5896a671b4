import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { JsonObject } from '../../model/json.js';
import { listAt, textAt } from '../../model/json-path.js';
import { manifestPath, type SandboxDescription, type SandboxHost, type SandboxLayout } from '../layout.js';
import { checkAccess, type User } from './access.js';
import { removeLostStores, storeOf } from './availability.js';
import { ClusterState } from './cluster.js';
import { discover, type Target, targetOf } from './discovery.js';
import { BUILT_IN_KINDS, definedKind } from './kinds.js';
import { asVersion, Changes, listAnswer, select } from './lists.js';
import { ApiError, badRequest, noSuchResource, notFound } from './status.js';
import { ObjectStore } from './store.js';
import { nameOf, namespaceOf, objectsOf, type World } from './world.js';
import { bootstrap, Writer } from './writes.js';

/** A request whose client certificate was found good. */
export interface ApiRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly accept: string;
  readonly contentType: string;
  readonly agent: string;
  readonly body: string;
  readonly user: User;
  /** The master that answers. */
  readonly master: SandboxHost;
}

/** An answer: a body, or for a watch what gives the events since the last call. */
export type ApiAnswer =
  | { readonly status: number; readonly body: JsonObject | string }
  | { readonly events: () => readonly JsonObject[]; readonly seconds: number };

const VERBS: Readonly<Record<string, readonly [ofOne: string, ofMany: string]>> = {
  GET: ['get', 'list'],
  POST: ['create', 'create'],
  PUT: ['update', 'update'],
  PATCH: ['patch', 'patch'],
  DELETE: ['delete', 'deletecollection'],
};
const WATCH_SECONDS = 1800;

/** The Kubernetes API over what the sandbox stores and derives. It keeps nothing in memory that is not in files. */
export class SandboxApi {
  readonly #layout: SandboxLayout;
  readonly #sandbox: SandboxDescription;
  #open: { readonly id: string; readonly store: ObjectStore } | undefined;

  constructor(layout: SandboxLayout, sandbox: SandboxDescription) {
    this.#layout = layout;
    this.#sandbox = sandbox;
  }

  /** Never throws: what is refused is answered with a `Status`. */
  async answer(request: ApiRequest): Promise<ApiAnswer> {
    try {
      return await this.#answer(request);
    } catch (error) {
      if (error instanceof ApiError) return { status: error.status, body: error.body() };
      const message = `the simulated API server failed: ${error instanceof Error ? (error.stack ?? '') : String(error)}`;
      return { status: 500, body: new ApiError(500, 'InternalError', message).body() };
    }
  }

  async #answer(request: ApiRequest): Promise<ApiAnswer> {
    const world = this.#world();
    const kinds = [
      ...BUILT_IN_KINDS,
      ...objectsOf(world.store, 'apiextensions.k8s.io', 'customresourcedefinitions').map(definedKind),
    ];
    const found = request.method === 'GET' ? discover(request.path, kinds, this.#release(request.master)) : undefined;
    if (found !== undefined) return { status: 200, body: found };
    const target = targetOf(request.path, kinds);
    if (target === undefined) throw noSuchResource();
    const verb = VERBS[request.method]?.[target.name === '' ? 1 : 0];
    if (verb === undefined) throw new ApiError(405, 'MethodNotAllowed', `${request.method} is not supported`);
    checkAccess(world.store, request.user, { verb, kind: target.kind, namespace: target.namespace, name: target.name });
    if (request.method === 'GET') return this.#read(world, target, request);
    return new Writer(world, target, request.query, managerOf(request)).write(request);
  }

  #read(world: World, target: Target, request: ApiRequest): ApiAnswer {
    const { query, accept } = request;
    if (isTrue(query.get('watch'))) {
      const changes = new Changes(Number(query.get('resourceVersion') ?? 0) || 0);
      const only = target.name === '' ? undefined : target.name;
      return {
        seconds: Number(query.get('timeoutSeconds') ?? 0) || WATCH_SECONDS,
        events: () => {
          const objects = select(objectsOfTarget(this.#world(), target), target, query);
          return changes.next(
            objects
              .filter((object) => only === undefined || nameOf(object) === only)
              .map((one) => asVersion(one, target)),
          );
        },
      };
    }
    if (target.kind.kind === 'Node' && target.name !== '') {
      const node = new ClusterState(world).node(target.name);
      if (node === undefined) throw notFound(target.kind, target.name);
      return { status: 200, body: asVersion(node.object, target) };
    }
    const objects = objectsOfTarget(world, target);
    if (target.name === '') {
      return {
        status: 200,
        body: listAnswer(select(objects, target, query), target, query, accept, world.store.revision),
      };
    }
    const object = objects.find((one) => nameOf(one) === target.name && namespaceOf(one) === target.namespace);
    if (object === undefined) throw notFound(target.kind, target.name);
    if (target.subresource === 'log' && target.kind.kind === 'Pod') return { status: 200, body: logOf(object, query) };
    if (target.subresource !== '' && target.subresource !== 'status') throw noSuchResource();
    return { status: 200, body: asVersion(object, target) };
  }

  #world(): World {
    const { id, isNew } = storeOf(this.#layout, this.#sandbox);
    if (this.#open?.id !== id) {
      mkdirSync(this.#layout.kubernetes, { recursive: true });
      this.#open = { id, store: new ObjectStore(path.join(this.#layout.kubernetes, `${id}.jsonl`)) };
      if (isNew) removeLostStores(this.#layout, this.#sandbox);
    }
    const { store } = this.#open;
    store.refresh();
    const world = { layout: this.#layout, sandbox: this.#sandbox, store, now: Date.now() };
    if (store.revision === 0) bootstrap(world);
    return world;
  }

  /** The release of the API server, by the tag of its image. */
  #release(master: SandboxHost): string {
    const manifest = readFileSync(manifestPath(this.#layout.host(master.name), 'kube-apiserver'), 'utf8');
    const [, release = '1.20.0'] = /image:\s*\S+?:v?(\d+\.\d+\.\d+)/.exec(manifest) ?? [];
    return `v${release}`;
  }
}

/** All objects of a kind, derived or stored, with their status. */
export function objectsOfTarget(world: World, { kind }: Target): readonly JsonObject[] {
  const state = new ClusterState(world);
  if (kind.custom) return objectsOf(world.store, kind.group, kind.plural);
  const derived = state.derived(kind.kind);
  if (derived !== undefined) return derived;
  const stored = objectsOf(world.store, kind.group, kind.plural).map((object) => state.withStatus(kind.kind, object));
  return kind.kind === 'Event' ? [...stored, ...state.events()] : stored;
}

function managerOf({ query, agent }: ApiRequest): string {
  return query.get('fieldManager') ?? agent.split('/')[0] ?? 'unknown';
}

function isTrue(value: string | null): boolean {
  return value === 'true' || value === '1';
}

/** What a container wrote: one line when it was started, for none runs. */
function logOf(pod: JsonObject, query: URLSearchParams): string {
  const statuses = [...listAt(pod, 'status', 'initContainerStatuses'), ...listAt(pod, 'status', 'containerStatuses')];
  const asked = query.get('container');
  const status = asked === null ? statuses.at(-1) : statuses.find((one) => textAt(one, 'name') === asked);
  const name = textAt(status, 'name') ?? asked ?? '';
  if (status === undefined) throw badRequest(`container ${name} is not valid for pod ${nameOf(pod)}`);
  if (isTrue(query.get('previous'))) {
    throw badRequest(`previous terminated container "${name}" in pod "${nameOf(pod)}" not found`);
  }
  const reason = textAt(status, 'state', 'waiting', 'reason');
  if (reason !== undefined) {
    throw badRequest(`container "${name}" in pod "${nameOf(pod)}" is waiting to start: ${reason}`);
  }
  const since = Date.parse(query.get('sinceTime') ?? '');
  if (Date.parse(textAt(status, 'state', 'running', 'startedAt') ?? '') < since) return '';
  return `(simulated) container ${name} of pod ${namespaceOf(pod)}/${nameOf(pod)}: no process runs here\n`;
}
