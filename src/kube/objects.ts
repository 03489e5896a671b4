import { PaiError } from '../model/errors.js';
import type { Json, JsonObject } from '../model/json.js';
import { listAt, objectAt, textAt, textsAt } from '../model/json-path.js';
import { FIELD_MANAGER } from './applied-fields.js';
import { type KubeClient, pause } from './client.js';
import { describe, groupOf, idOf, type ObjectId } from './identity.js';
import { builtInResource, type Resource, resourcePath } from './kinds.js';

/** Label of everything that pai applied. */
export const MANAGED_BY = { 'app.kubernetes.io/managed-by': 'pai' } as const;
/** Annotation: the target that applied an object. */
export const TARGET_ANNOTATION = 'pai/target';
/** Annotation: the file under `templates/` that an object comes from. */
export const TEMPLATE_ANNOTATION = 'pai/template';

/** Only metadata: of Secrets and big ConfigMaps nothing else needs to travel. */
const METADATA_ONLY = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json';

/** A custom resource's kind is served a moment after its definition was applied. */
const DISCOVERY_TRIES = 5;
const POLL_MS = 1000;

/** What `list` narrows by. */
export interface Selection {
  readonly namespace?: string;
  readonly labels?: string;
  readonly fields?: string;
  /** Metadata is enough. */
  readonly metadataOnly?: boolean;
}

/** Objects of any kind by their ids, over a client. */
export class KubeObjects {
  readonly client: KubeClient;
  readonly #resources = new Map<string, Promise<Resource | undefined>>();

  constructor(client: KubeClient) {
    this.client = client;
  }

  /** How a kind is addressed; undefined for a kind that the API server does not serve. */
  async resource(apiVersion: string, kind: string, signal?: AbortSignal): Promise<Resource | undefined> {
    const builtIn = builtInResource(apiVersion, kind);
    if (builtIn !== undefined) return builtIn;
    const key = `${apiVersion}/${kind}`;
    const known = this.#resources.get(key);
    if (known !== undefined) return known;
    const asked = this.#discover(apiVersion, kind, signal);
    this.#resources.set(key, asked);
    // Only what was found is remembered: a definition may be applied later.
    const forget = () => this.#resources.delete(key);
    asked.then((found) => found ?? forget(), forget);
    return asked;
  }

  /** The object; undefined when it is not there. */
  async get(id: ObjectId, signal?: AbortSignal): Promise<JsonObject | undefined> {
    const resource = await this.resource(id.apiVersion, id.kind, signal);
    if (resource === undefined) return undefined;
    return this.client.send({
      method: 'GET',
      path: resourcePath(id.apiVersion, resource, id.namespace, id.name),
      what: `read ${describe(id)}`,
      ...signalOf(signal),
    });
  }

  /** All objects of a kind that the selection leaves; none for a kind that is not served. Items carry apiVersion and kind. */
  async list(
    apiVersion: string,
    kind: string,
    selection: Selection,
    signal?: AbortSignal,
  ): Promise<readonly JsonObject[]> {
    const resource = await this.resource(apiVersion, kind, signal);
    if (resource === undefined) return [];
    const query: Record<string, string> = {};
    if (selection.labels !== undefined) query.labelSelector = selection.labels;
    if (selection.fields !== undefined) query.fieldSelector = selection.fields;
    const answer = await this.client.send({
      method: 'GET',
      path: resourcePath(apiVersion, resource, selection.namespace),
      query,
      what: `list ${resource.plural}`,
      ...(selection.metadataOnly === true ? { accept: METADATA_ONLY } : {}),
      ...signalOf(signal),
    });
    return listAt(answer, 'items').map((item) => ({ ...objectAt(item), apiVersion, kind }));
  }

  /** Server-side apply; what another manager set differently is taken over. Answers with the object as it is now. */
  async apply(id: ObjectId, object: JsonObject, signal?: AbortSignal): Promise<JsonObject> {
    const resource = await this.#resourceToApply(id, object, signal);
    const template = textAt(object, 'metadata', 'annotations', TEMPLATE_ANNOTATION);
    const applied = await this.client.send({
      method: 'PATCH',
      path: resourcePath(id.apiVersion, resource, id.namespace, id.name),
      query: { fieldManager: FIELD_MANAGER, force: 'true' },
      contentType: 'application/apply-patch+yaml',
      body: object,
      what: `apply ${describe(id)}`,
      object: describe(id),
      ...(template === undefined ? {} : { template }),
      ...signalOf(signal),
    });
    return applied ?? {};
  }

  /** Merges a patch (RFC 7386) into an object that is there, in the name of a field manager. Answers with the object as it is now. */
  async merge(id: ObjectId, patch: JsonObject, manager: string, signal?: AbortSignal): Promise<JsonObject> {
    const merged = await this.client.send({
      method: 'PATCH',
      path: resourcePath(id.apiVersion, await this.#resourceToApply(id, {}, signal), id.namespace, id.name),
      query: { fieldManager: manager },
      contentType: 'application/merge-patch+json',
      body: patch,
      what: `change ${describe(id)}`,
      object: describe(id),
      ...signalOf(signal),
    });
    return merged ?? {};
  }

  /** Changes labels of a node; null removes one. */
  async labelNode(name: string, labels: Readonly<Record<string, string | null>>, signal?: AbortSignal): Promise<void> {
    await this.client.send({
      method: 'PATCH',
      path: resourcePath('v1', NODES, undefined, name),
      contentType: 'application/merge-patch+json',
      body: { metadata: { labels } },
      what: `label Node ${name}`,
      ...signalOf(signal),
    });
  }

  /**
   * Deletes an object; nothing there is no error.
   * @param propagation `Foreground` keeps the object until its dependents (pods) are gone, `Background` does not.
   */
  async remove(id: ObjectId, propagation: 'Background' | 'Foreground', signal?: AbortSignal): Promise<void> {
    const resource = await this.resource(id.apiVersion, id.kind, signal);
    if (resource === undefined) return;
    await this.client.send({
      method: 'DELETE',
      path: resourcePath(id.apiVersion, resource, id.namespace, id.name),
      body: { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: propagation },
      what: `delete ${describe(id)}`,
      ...signalOf(signal),
    });
  }

  /**
   * Waits until an object is gone. `meanwhile`: asked at each look at what is still there. Fails with TIMEOUT, naming the pods that hold it up.
   */
  async waitGone(
    id: ObjectId,
    seconds: number,
    signal?: AbortSignal,
    meanwhile?: (object: JsonObject) => Promise<void>,
  ): Promise<void> {
    const end = Date.now() + seconds * 1000;
    for (let object = await this.get(id, signal); object !== undefined; object = await this.get(id, signal)) {
      if (Date.now() >= end) throw await this.#stillThere(id, object, seconds, signal);
      await meanwhile?.(object);
      await pause(POLL_MS / 4, signal);
    }
  }

  /** Pods of a workload; none of what has no pods. */
  async podsOf(id: ObjectId, object: JsonObject, signal?: AbortSignal): Promise<readonly JsonObject[]> {
    const labels = selectorOf(object);
    if (labels === undefined || id.namespace === undefined) return [];
    return this.list('v1', 'Pod', { namespace: id.namespace, labels }, signal);
  }

  async #stillThere(id: ObjectId, object: JsonObject, seconds: number, signal?: AbortSignal): Promise<PaiError> {
    const pods = await this.podsOf(id, object, signal);
    const finalizers = listAt(object, 'metadata', 'finalizers').map(String);
    const conditions = listAt(object, 'status', 'conditions').filter((one) => textAt(one, 'status') === 'True');
    return new PaiError('TIMEOUT', `${describe(id)} is still there ${seconds} s after it was deleted`, {
      where: describe(id),
      next: 'Check that the nodes of these pods are up (a node that is gone for good: delete it), then run again.',
      details: [
        ...pods.map(
          (pod) =>
            `pod ${textAt(pod, 'metadata', 'name')} on node ${textAt(pod, 'spec', 'nodeName') ?? '-'} is still there`,
        ),
        ...conditions.map((condition) => textAt(condition, 'message') ?? ''),
        ...(finalizers.length === 0 ? [] : [`finalizers: ${finalizers.join(', ')}`]),
      ],
    });
  }

  async #resourceToApply(id: ObjectId, object: JsonObject, signal?: AbortSignal): Promise<Resource> {
    for (let attempt = 1; attempt <= DISCOVERY_TRIES; attempt++) {
      const resource = await this.resource(id.apiVersion, id.kind, signal);
      if (resource !== undefined) return resource;
      if (attempt < DISCOVERY_TRIES) await pause(POLL_MS, signal);
    }
    const template = textAt(object, 'metadata', 'annotations', TEMPLATE_ANNOTATION);
    throw new PaiError('KUBE_REFUSED', `the API server knows no kind ${id.kind} in ${id.apiVersion}`, {
      where: describe(id),
      next: `Correct apiVersion and kind in ${template === undefined ? 'the manifest' : `templates/${template}`}, or apply its CustomResourceDefinition first.`,
    });
  }

  async #discover(apiVersion: string, kind: string, signal?: AbortSignal): Promise<Resource | undefined> {
    const answer = await this.client.send({
      method: 'GET',
      path: groupOf(apiVersion) === '' ? `/api/${apiVersion}` : `/apis/${apiVersion}`,
      what: `list the kinds of ${apiVersion}`,
      ...signalOf(signal),
    });
    for (const entry of listAt(answer, 'resources')) {
      const plural = textAt(entry, 'name');
      if (textAt(entry, 'kind') !== kind || plural === undefined || plural.includes('/')) continue;
      return { plural, namespaced: objectAt(entry).namespaced === true };
    }
    return undefined;
  }
}

const NODES: Resource = { plural: 'nodes', namespaced: false };

/** The label selector of a workload, as a query; undefined for what has none. */
export function selectorOf(workload: Json | undefined): string | undefined {
  const selector = objectAt(workload, 'spec', 'selector');
  const equal = Object.entries(textsAt(selector, 'matchLabels')).map(([key, value]) => `${key}=${value}`);
  const expressions = listAt(selector, 'matchExpressions').map(expressionText);
  const terms = [...equal, ...expressions];
  return terms.length === 0 ? undefined : terms.join(',');
}

function expressionText(expression: Json): string {
  const key = textAt(expression, 'key') ?? '';
  const values = listAt(expression, 'values').map(String).join(',');
  switch (textAt(expression, 'operator')) {
    case 'In':
      return `${key} in (${values})`;
    case 'NotIn':
      return `${key} notin (${values})`;
    case 'DoesNotExist':
      return `!${key}`;
    default:
      return key;
  }
}

/** Objects by id, for looking many up in a list. */
export function withIds(objects: readonly JsonObject[]): readonly (readonly [ObjectId, JsonObject])[] {
  return objects.flatMap((object) => {
    const id = idOf(object);
    return id === undefined ? [] : [[id, object] as const];
  });
}

/** For requests that may be given up. */
export function signalOf(signal: AbortSignal | undefined): { readonly signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}
