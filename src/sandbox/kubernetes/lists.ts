import type { JsonObject } from '../../model/json.js';
import { objectAt, textAt, textsAt } from '../../model/json-path.js';
import type { Target } from './discovery.js';
import { fieldTest, labelTest } from './selectors.js';
import { nameOf, namespaceOf } from './world.js';

/** The objects that the selectors of a query leave, sorted by namespace and name. */
export function select(objects: readonly JsonObject[], target: Target, query: URLSearchParams): readonly JsonObject[] {
  const labels = query.get('labelSelector') ?? '';
  const fields = query.get('fieldSelector') ?? '';
  const byLabels = labels === '' ? undefined : labelTest(labels);
  const byFields = fields === '' ? undefined : fieldTest(fields);
  return objects
    .filter(
      (object) =>
        (target.namespace === '' || namespaceOf(object) === target.namespace) &&
        (byLabels?.(textsAt(object, 'metadata', 'labels')) ?? true) &&
        (byFields?.(object) ?? true),
    )
    .toSorted((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1));
}

function placeOf(object: JsonObject): string {
  return `${namespaceOf(object)}/${nameOf(object)}`;
}

/** A list as it is answered: in pages if a limit is asked for. */
export function listAnswer(
  objects: readonly JsonObject[],
  target: Target,
  query: URLSearchParams,
  accept: string,
  revision: number,
): JsonObject {
  const start = Number(Buffer.from(query.get('continue') ?? '', 'base64url').toString()) || 0;
  const limit = Number(query.get('limit') ?? 0) || objects.length;
  const page = objects.slice(start, start + limit);
  const left = objects.length - start - page.length;
  const more =
    left > 0 ? { continue: Buffer.from(String(start + limit)).toString('base64url'), remainingItemCount: left } : {};
  const metadata = { resourceVersion: String(revision), ...more };
  if (/as=PartialObjectMetadataList/.test(accept)) {
    const items = page.map((object) => ({ metadata: objectAt(object, 'metadata') }));
    return { kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1', metadata, items };
  }
  const items = page.map((object) => asVersion(object, target));
  return { kind: `${target.kind.kind}List`, apiVersion: target.apiVersion, metadata, items };
}

/** An object as it was asked for; between versions nothing is converted. */
export function asVersion(object: JsonObject, { apiVersion, kind }: Target): JsonObject {
  const { apiVersion: _stored, kind: _kind, ...rest } = object;
  return { apiVersion, kind: kind.kind, ...rest };
}

/** One look of a watch: what is different since the last. */
export class Changes {
  #known = new Map<string, { readonly text: string; readonly object: JsonObject }>();
  #isFirst = true;
  readonly #since: number;

  /** @param since what is as old as this resourceVersion is known to the client; 0 for nothing */
  constructor(since: number) {
    this.#since = since;
  }

  next(objects: readonly JsonObject[]): readonly JsonObject[] {
    const now = new Map(
      objects.map((object) => [textAt(object, 'metadata', 'uid') ?? '', { text: JSON.stringify(object), object }]),
    );
    const events: JsonObject[] = [];
    for (const [uid, { text, object }] of now) {
      const before = this.#known.get(uid);
      const isOld = this.#isFirst && Number(textAt(object, 'metadata', 'resourceVersion') ?? 0) <= this.#since;
      if (before === undefined && !isOld) events.push({ type: 'ADDED', object });
      else if (before !== undefined && before.text !== text) events.push({ type: 'MODIFIED', object });
    }
    for (const [uid, { object }] of this.#known) if (!now.has(uid)) events.push({ type: 'DELETED', object });
    this.#known = now;
    this.#isFirst = false;
    return events;
  }
}
