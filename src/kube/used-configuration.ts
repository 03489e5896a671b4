import { createHash, createHmac } from 'node:crypto';
import type { KubeObject } from '../model/drivers.js';
import type { Json, JsonObject } from '../model/json.js';
import { isObject, listAt, objectAt, textAt, valueAt } from '../model/json-path.js';
import { describe } from './identity.js';
import { declaredId } from './manifests.js';
import { spelledOut } from './spelled-out.js';

/** Annotation of a pod template: digest of the ConfigMaps and Secrets that its pods read when they start. */
export const CONFIGURATION_ANNOTATION = 'pai/configuration';

/**
 * Pods read ConfigMaps and Secrets when they start, and Kubernetes does not restart them when these change. So the pod templates of those that
 * use one of `objects` carry a digest of what they use, and no others: a changed one rolls its pods. With a Secret among them the digest is keyed.
 * @param key asked for only when pods use a Secret; undefined: the cluster has none yet, and such templates stay as they are
 */
export async function rolledByConfiguration(
  objects: readonly KubeObject[],
  key: () => Promise<Uint8Array | undefined>,
): Promise<readonly KubeObject[]> {
  const sources = new Map(objects.filter(isSource).map((object) => [placeOf(object), object]));
  if (sources.size === 0) return objects;
  return Promise.all(
    objects.map(async (object) => {
      const used = usedBy(object).flatMap((place) => sources.get(place) ?? []);
      if (used.length === 0) return object;
      const digest = await digestOf(used, key);
      return digest === undefined ? object : annotated(object, digest);
    }),
  );
}

function isSource({ apiVersion, kind }: KubeObject): boolean {
  return apiVersion === 'v1' && (kind === 'ConfigMap' || kind === 'Secret');
}

function placeOf(object: KubeObject): string {
  return describe(declaredId(object));
}

/** Places of what the pods of a workload read, sorted, each once. */
function usedBy(object: KubeObject): readonly string[] {
  const pods = objectAt(object, 'spec', 'template', 'spec');
  const namespace = declaredId(object).namespace ?? 'default';
  const names = [...listAt(pods, 'volumes').flatMap(ofVolume), ...containersOf(pods).flatMap(ofContainer)];
  return [...new Set(names.map(({ kind, name }) => `${kind} ${namespace}/${name}`))].sort();
}

interface Reference {
  readonly kind: 'ConfigMap' | 'Secret';
  readonly name: string;
}

function ofVolume(volume: Json): readonly Reference[] {
  return [
    ...reference('ConfigMap', textAt(volume, 'configMap', 'name')),
    ...reference('Secret', textAt(volume, 'secret', 'secretName')),
    ...listAt(volume, 'projected', 'sources').flatMap((source) => [
      ...reference('ConfigMap', textAt(source, 'configMap', 'name')),
      ...reference('Secret', textAt(source, 'secret', 'name')),
    ]),
  ];
}

function containersOf(pods: JsonObject): readonly Json[] {
  return [...listAt(pods, 'initContainers'), ...listAt(pods, 'containers')];
}

function ofContainer(container: Json): readonly Reference[] {
  return [
    ...listAt(container, 'envFrom').flatMap((source) => [
      ...reference('ConfigMap', textAt(source, 'configMapRef', 'name')),
      ...reference('Secret', textAt(source, 'secretRef', 'name')),
    ]),
    ...listAt(container, 'env').flatMap((variable) => [
      ...reference('ConfigMap', textAt(variable, 'valueFrom', 'configMapKeyRef', 'name')),
      ...reference('Secret', textAt(variable, 'valueFrom', 'secretKeyRef', 'name')),
    ]),
  ];
}

function reference(kind: Reference['kind'], name: string | undefined): readonly Reference[] {
  return name === undefined ? [] : [{ kind, name }];
}

async function digestOf(
  used: readonly KubeObject[],
  key: () => Promise<Uint8Array | undefined>,
): Promise<string | undefined> {
  const text = JSON.stringify(used.map((object) => [placeOf(object), contentOf(object)]));
  if (!used.some(({ kind }) => kind === 'Secret')) return createHash('sha256').update(text).digest('hex');
  const secret = await key();
  return secret === undefined ? undefined : createHmac('sha256', secret).update(text).digest('hex');
}

/** What pods see of it, in an order of its own; labels and annotations they do not. */
function contentOf(object: KubeObject): Json {
  const spelled = spelledOut(object);
  return ['data', 'binaryData', 'stringData'].map((field) => sorted(valueAt(spelled, field) ?? null));
}

function sorted(value: Json): Json {
  if (!isObject(value)) return value;
  return Object.entries(value)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, inner]) => [name, inner]);
}

function annotated(object: KubeObject, digest: string): KubeObject {
  const spec = objectAt(object, 'spec');
  const template = objectAt(spec, 'template');
  const metadata = objectAt(template, 'metadata');
  const annotations = { ...objectAt(metadata, 'annotations'), [CONFIGURATION_ANNOTATION]: digest };
  return { ...object, spec: { ...spec, template: { ...template, metadata: { ...metadata, annotations } } } };
}
