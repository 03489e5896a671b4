import type { Json, JsonObject } from '../model/json.js';
import { isObject, objectAt, textAt, textsAt, valueAt } from '../model/json-path.js';
import { builtInResource } from './kinds.js';

/** Where each kind keeps the specification of its pods. */
const POD_SPECS: Readonly<Record<string, readonly string[]>> = {
  Pod: ['spec'],
  CronJob: ['spec', 'jobTemplate', 'spec', 'template', 'spec'],
};
const TEMPLATE_SPEC = ['spec', 'template', 'spec'] as const;

/**
 * The object with things spelled out that everyday manifests leave to Kubernetes. Server-side apply of API servers as old as
 * 1.20 refuses it without two of them: `protocol: TCP` of ports, and quantities (`cpu: 1`) as text. The third is
 * `stringData` of Secrets, as `data`: what is applied under the other name is nobody's afterwards, so that it would stay
 * when it is dropped, and could be edited unnoticed.
 */
export function spelledOut(object: JsonObject): JsonObject {
  const kind = textAt(object, 'kind') ?? '';
  // Custom resources, and the schemas that define them, may mean something else by these names.
  const foreign = builtInResource(textAt(object, 'apiVersion') ?? '', kind) === undefined;
  if (foreign || kind === 'CustomResourceDefinition') return object;
  return withEncodedData(withTextQuantities(withProtocols(object)));
}

function withProtocols(object: JsonObject): JsonObject {
  const kind = textAt(object, 'kind') ?? '';
  if (kind === 'Service') return changeAt(object, ['spec', 'ports'], (ports) => mapList(ports, withProtocol));
  const path = POD_SPECS[kind] ?? TEMPLATE_SPEC;
  if (valueAt(object, ...path, 'containers') === undefined) return object;
  return changeAt(object, path, (spec) =>
    ['initContainers', 'containers'].reduce(
      (changed, key) => changeAt(changed, [key], (list) => mapList(list, containerWithProtocols)),
      objectAt({ spec }, 'spec'),
    ),
  );
}

function containerWithProtocols(container: Json): Json {
  return isObject(container) ? changeAt(container, ['ports'], (ports) => mapList(ports, withProtocol)) : container;
}

function withProtocol(port: Json): Json {
  return isObject(port) && port.protocol === undefined ? { ...port, protocol: 'TCP' } : port;
}

function withEncodedData(object: JsonObject): JsonObject {
  const { stringData, ...rest } = object;
  if (object.kind !== 'Secret' || !isObject(stringData)) return object;
  const texts = textsAt(object, 'stringData');
  // What is no text is the API server's to refuse.
  if (Object.keys(texts).length < Object.keys(stringData).length) return object;
  const encoded = Object.entries(texts).map(([key, text]) => [key, Buffer.from(text).toString('base64')] as const);
  return { ...rest, data: { ...objectAt(object, 'data'), ...Object.fromEntries(encoded) } };
}

/** Mappings from a resource to a quantity: of containers, volume claims, quotas and volumes. */
const QUANTITY_MAPS: ReadonlySet<string> = new Set(['limits', 'requests', 'hard', 'capacity']);

function withTextQuantities(object: JsonObject): JsonObject {
  const spec = object.spec;
  return spec === undefined ? object : { ...object, spec: changeQuantities(spec) };
}

function changeQuantities(value: Json): Json {
  if (Array.isArray(value)) return value.map(changeQuantities);
  if (!isObject(value)) return value;
  const changed = Object.entries(value).map(([key, inner]) => [key, changeQuantity(key, inner)] as const);
  return Object.fromEntries(changed);
}

function changeQuantity(key: string, value: Json): Json {
  if (key === 'sizeLimit') return asText(value);
  if (!QUANTITY_MAPS.has(key) || !isObject(value)) return changeQuantities(value);
  return Object.fromEntries(Object.entries(value).map(([resource, quantity]) => [resource, asText(quantity)]));
}

function asText(quantity: Json): Json {
  return typeof quantity === 'number' ? String(quantity) : quantity;
}

function mapList(value: Json, change: (one: Json) => Json): Json {
  return Array.isArray(value) ? value.map(change) : value;
}

/** A copy with the value at a path changed; the same object when there is nothing at that path. */
function changeAt(object: JsonObject, path: readonly string[], change: (value: Json) => Json): JsonObject {
  const [key, ...rest] = path;
  const value = key === undefined ? undefined : object[key];
  if (key === undefined || value === undefined) return object;
  if (rest.length === 0) return { ...object, [key]: change(value) };
  return isObject(value) ? { ...object, [key]: changeAt(value, rest, change) } : object;
}
