import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { JsonObject } from '../../model/json.js';
import { isObject, numberAt, objectAt, textAt, valueAt } from '../../model/json-path.js';
import { parseJson } from '../../model/parse-json.js';
import { parseBody, patched, withEncodedData } from './bodies.js';
import { ClusterState } from './cluster.js';
import type { Target } from './discovery.js';
import { evictPod, removePod } from './evictions.js';
import { withoutNulls } from './fields.js';
import { type ApiKind, BUILT_IN_KINDS } from './kinds.js';
import { asVersion, select } from './lists.js';
import { applyFields, updateFields } from './managed-fields.js';
import { deleteNode, noteCordon, registerNodes } from './nodes.js';
import { forgetRollout, noteRollout, WORKLOADS } from './rollouts.js';
import { ApiError, badRequest, notFound, success } from './status.js';
import { checkObject, checkSchema } from './validate.js';
import { nameOf, namespaceOf, objectKey, objectsOf, suffix, timeText, uidOf, type World } from './world.js';

const KEPT_NAMESPACES = ['default', 'kube-node-lease', 'kube-public', 'kube-system'];
const NAMESPACES = { group: '', plural: 'namespaces' } as const;

/** What every new cluster has. */
export function bootstrap(world: World): void {
  const kind = BUILT_IN_KINDS.find((one) => one.kind === 'Namespace');
  if (kind === undefined) return;
  for (const name of KEPT_NAMESPACES) {
    const target: Target = { kind, apiVersion: 'v1', namespace: '', name, subresource: '' };
    new Writer(world, target, new URLSearchParams(), 'kube-apiserver').save(undefined, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name, labels: { 'kubernetes.io/metadata.name': name } },
    });
  }
}

interface WriteRequest {
  readonly method: string;
  readonly contentType: string;
  readonly body: string;
}

interface Written {
  readonly status: number;
  readonly body: JsonObject;
}

/** Writes of one request to one target. */
export class Writer {
  readonly #world: World;
  readonly #target: Target;
  readonly #query: URLSearchParams;
  readonly #manager: string;

  constructor(world: World, target: Target, query: URLSearchParams, manager: string) {
    this.#world = world;
    this.#target = target;
    this.#query = query;
    this.#manager = manager;
  }

  async write(request: WriteRequest): Promise<Written> {
    switch (request.method) {
      case 'POST':
        return this.#create(await parseBody(request.body));
      case 'PUT':
        return this.#replace(await parseBody(request.body));
      case 'PATCH':
        return this.#patch(request.contentType.split(';')[0] ?? '', request.body);
      default:
        return this.#delete(objectAt(parseJson(request.body)));
    }
  }

  #create(body: JsonObject): Written {
    const { kind, namespace, subresource } = this.#target;
    if (subresource === 'eviction' && kind.kind === 'Pod') {
      return { status: 201, body: evictPod(this.#world, this.#target, body) };
    }
    if (subresource !== '') throw new ApiError(404, 'NotFound', 'the server could not find the requested resource');
    const prefix = textAt(body, 'metadata', 'generateName');
    const name = textAt(body, 'metadata', 'name') ?? (prefix === undefined ? '' : prefix + suffix(5, randomUUID()));
    if (name === '') throw badRequest('name or generateName is required');
    this.#checkPlace(body, name);
    if (this.#stored(name) !== undefined) {
      const details = { name, group: kind.group, kind: kind.plural };
      throw new ApiError(409, 'AlreadyExists', `${kind.plural} "${name}" already exists`, details);
    }
    const named = withMetadata(body, { name, ...(namespace === '' ? {} : { namespace }) });
    return { status: 201, body: this.#saveUpdate(undefined, named) };
  }

  #replace(body: JsonObject): Written {
    const { name, subresource } = this.#target;
    const live = this.#live(name);
    this.#checkPlace(body, name);
    const version = textAt(body, 'metadata', 'resourceVersion');
    if (version !== undefined && version !== textAt(live, 'metadata', 'resourceVersion')) throw this.#outdated();
    if (subresource === 'status') return { status: 200, body: this.#saveStatus(live, body) };
    return { status: 200, body: this.#saveUpdate(live, body) };
  }

  async #patch(type: string, text: string): Promise<Written> {
    const { name, kind, subresource } = this.#target;
    if (type === 'application/apply-patch+yaml') return this.#apply(await parseBody(text));
    const live = this.#live(name);
    const patch = parseJson(text);
    if (patch === undefined) throw badRequest('the patch is no JSON');
    const next = patched(live, type, patch, kind.custom);
    if (subresource === 'status') return { status: 200, body: this.#saveStatus(live, next) };
    const version = valueAt(patch, 'metadata', 'resourceVersion');
    if (version !== undefined && version !== textAt(live, 'metadata', 'resourceVersion')) throw this.#outdated();
    return { status: 200, body: this.#saveUpdate(live, next) };
  }

  #apply(body: JsonObject): Written {
    const { kind, name, namespace, apiVersion } = this.#target;
    if (this.#query.get('fieldManager') === null) {
      throw badRequest(
        'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
      );
    }
    this.#checkPlace(body, name);
    const applied = withoutNulls(withMetadata(body, { name, ...(namespace === '' ? {} : { namespace }) }));
    if (!isObject(applied)) throw badRequest('what is applied is no object');
    checkSchema(kind, body);
    const live = this.#stored(name);
    const next = applyFields(live, {
      manager: this.#manager,
      force: this.#query.get('force') === 'true',
      apiVersion,
      applied,
      custom: kind.custom,
      now: timeText(this.#world.now),
    });
    return { status: live === undefined ? 201 : 200, body: this.#shown(this.save(live, next)) };
  }

  #delete(options: JsonObject): Written {
    const { kind, name, namespace } = this.#target;
    const objects = this.#all();
    if (name === '') {
      const chosen = select(objects, this.#target, this.#query);
      for (const object of chosen) this.#remove(object);
      return { status: 200, body: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success' } };
    }
    const object = objects.find((one) => nameOf(one) === name && namespaceOf(one) === namespace);
    if (object === undefined) throw notFound(kind, name);
    const uid = textAt(options, 'preconditions', 'uid');
    if (uid !== undefined && uid !== uidOf(object)) throw this.#outdated();
    if (this.#query.get('dryRun') !== 'All') this.#remove(object);
    return { status: 200, body: success(kind, name, uidOf(object)) };
  }

  #remove(object: JsonObject): void {
    const { store } = this.#world;
    const { kind } = this.#target;
    const key = this.#key(nameOf(object), namespaceOf(object));
    if (kind.kind === 'Namespace') this.#removeNamespace(nameOf(object));
    else if (kind.kind === 'Node') deleteNode(this.#world, nameOf(object));
    else if (kind.kind === 'Pod') {
      const pod = new ClusterState(this.#world).pods().find((one) => uidOf(one.object) === uidOf(object));
      if (pod !== undefined) removePod(this.#world, pod);
    } else if (store.get(key) !== undefined) {
      store.delete(key);
      if (isWorkload(kind)) forgetRollout(this.#world, object);
    }
  }

  #removeNamespace(name: string): void {
    const { store } = this.#world;
    if (KEPT_NAMESPACES.includes(name)) {
      const details = { name, kind: 'namespaces' };
      throw new ApiError(
        403,
        'Forbidden',
        `namespaces "${name}" is forbidden: this namespace may not be deleted`,
        details,
      );
    }
    for (const [key, object] of store.list('')) {
      if (key.startsWith('~') || key.split('/')[2] !== name) continue;
      store.delete(key);
      forgetRollout(this.#world, object);
    }
    store.delete(objectKey('', 'namespaces', '', name));
  }

  #saveUpdate(live: JsonObject | undefined, next: JsonObject): JsonObject {
    const { kind, apiVersion } = this.#target;
    checkSchema(kind, next);
    const request = { manager: this.#manager, apiVersion, custom: kind.custom, now: timeText(this.#world.now) };
    return this.#shown(this.save(live, updateFields(live, withEncodedData(kind, next), request)));
  }

  /** Only status is written by it. */
  #saveStatus(live: JsonObject, next: JsonObject): JsonObject {
    return this.#shown(this.#put({ ...live, status: objectAt(next, 'status') }));
  }

  /** Checks and stores an object with the server's metadata; one that is as it was is not written again. */
  save(live: JsonObject | undefined, next: JsonObject): JsonObject {
    const { kind } = this.#target;
    const { store, now } = this.#world;
    const name = nameOf(next);
    const namespace = namespaceOf(next);
    if (namespace !== '' && store.get(objectKey('', 'namespaces', '', namespace)) === undefined) {
      throw notFound(NAMESPACES, namespace);
    }
    const status = live === undefined ? {} : objectAt(live, 'status');
    const { status: _given, ...rest } = next;
    const identity = {
      name,
      ...(namespace === '' ? {} : { namespace }),
      uid: live === undefined ? randomUUID() : uidOf(live),
      creationTimestamp: textAt(live, 'metadata', 'creationTimestamp') ?? timeText(now),
      resourceVersion: textAt(live, 'metadata', 'resourceVersion') ?? '',
      ...generation(kind, rest, live),
    };
    const whole = withMetadata({ ...rest, ...(Object.keys(status).length === 0 ? {} : { status }) }, identity);
    checkObject(kind, whole, live);
    if (live !== undefined && isDeepStrictEqual(whole, live)) return live;
    if (this.#query.get('dryRun') === 'All') return whole;
    const stored = this.#put(whole);
    if (isWorkload(kind)) noteRollout(this.#world, stored);
    if (kind.kind === 'Node') noteCordon(this.#world, stored);
    return stored;
  }

  #put(object: JsonObject): JsonObject {
    const key = this.#key(nameOf(object), namespaceOf(object));
    return this.#world.store.put(key, (revision) => withMetadata(object, { resourceVersion: String(revision) }));
  }

  /** An object as it is answered: with the status that is derived. */
  #shown(object: JsonObject): JsonObject {
    const { kind } = this.#target;
    if (kind.custom) return asVersion(object, this.#target);
    const state = new ClusterState(this.#world);
    const found =
      kind.kind === 'Node'
        ? state.node(nameOf(object))?.object
        : state.derived(kind.kind)?.find((one) => uidOf(one) === uidOf(object));
    return asVersion(found ?? state.withStatus(kind.kind, object), this.#target);
  }

  #all(): readonly JsonObject[] {
    const { kind } = this.#target;
    const derived = kind.custom ? undefined : new ClusterState(this.#world).derived(kind.kind);
    return derived ?? objectsOf(this.#world.store, kind.group, kind.plural);
  }

  /** The stored object that is to be changed. */
  #live(name: string): JsonObject {
    const live = this.#stored(name);
    if (live !== undefined) return live;
    const { kind, namespace } = this.#target;
    if (this.#all().some((one) => nameOf(one) === name && namespaceOf(one) === namespace)) {
      throw new ApiError(405, 'MethodNotAllowed', `${kind.kind} ${name} is simulated and can't be changed by itself`);
    }
    throw notFound(kind, name);
  }

  #stored(name: string): JsonObject | undefined {
    // A node is there as soon as its kubelet runs, whether somebody asked for it before or not.
    if (this.#target.kind.kind === 'Node') registerNodes(this.#world);
    return this.#world.store.get(this.#key(name, this.#target.namespace));
  }

  #key(name: string, namespace: string): string {
    const { group, plural } = this.#target.kind;
    return objectKey(group, plural, namespace, name);
  }

  #checkPlace(body: JsonObject, name: string): void {
    const { kind, namespace, apiVersion } = this.#target;
    const given = { apiVersion: textAt(body, 'apiVersion') ?? apiVersion, kind: textAt(body, 'kind') ?? kind.kind };
    if (given.apiVersion !== apiVersion || given.kind !== kind.kind) {
      throw badRequest(
        `the object provided is unrecognized: ${given.apiVersion}/${given.kind}, expected ${apiVersion}/${kind.kind}`,
      );
    }
    const named = textAt(body, 'metadata', 'name') ?? name;
    if (named !== name) {
      throw badRequest(`the name of the object (${named}) does not match the name on the URL (${name})`);
    }
    const placed = textAt(body, 'metadata', 'namespace') ?? namespace;
    if (placed !== namespace) {
      throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
    }
    if (kind.namespaced && namespace === '') throw badRequest('an empty namespace may not be set during creation');
  }

  #outdated(): ApiError {
    const { kind, name } = this.#target;
    const message = `Operation cannot be fulfilled on ${kind.plural} "${name}": the object has been modified; please apply your changes to the latest version and try again`;
    return new ApiError(409, 'Conflict', message, { name, group: kind.group, kind: kind.plural });
  }
}

function isWorkload(kind: ApiKind): boolean {
  return WORKLOADS[kind.kind] === kind.group;
}

/** Kinds of the core group have none; of others it goes up with each change of the specification. */
function generation(kind: ApiKind, next: JsonObject, live: JsonObject | undefined): JsonObject {
  if (kind.group === '' || next.spec === undefined) return {};
  const before = numberAt(live, 'metadata', 'generation');
  const isSame = live !== undefined && isDeepStrictEqual(next.spec, live.spec);
  return { generation: isSame ? before : before + 1 };
}

function withMetadata(object: JsonObject, metadata: JsonObject): JsonObject {
  return { ...object, metadata: { ...objectAt(object, 'metadata'), ...metadata } };
}
