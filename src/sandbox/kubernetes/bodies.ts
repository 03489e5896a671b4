import type { Json, JsonObject } from '../../model/json.js';
import { isObject, objectAt, textsAt } from '../../model/json-path.js';
import { parseJson } from '../../model/parse-json.js';
import type { ApiKind } from './kinds.js';
import { jsonPatch, mergePatch, strategicPatch } from './patch.js';
import { ApiError, badRequest } from './status.js';

/** The object that a body holds: JSON or YAML. */
export async function parseBody(text: string): Promise<JsonObject> {
  const body = parseJson(text) ?? (await parseYaml(text));
  if (!isObject(body)) throw badRequest('the body of the request is no object');
  return body;
}

async function parseYaml(text: string): Promise<Json | undefined> {
  const { load } = await import('js-yaml');
  try {
    return load(text) as Json;
  } catch {
    return undefined;
  }
}

/** The live object as a patch of a content type makes it. */
export function patched(live: JsonObject, type: string, patch: Json, custom: boolean): JsonObject {
  const next = (() => {
    switch (type) {
      case 'application/merge-patch+json':
        return mergePatch(live, patch);
      case 'application/strategic-merge-patch+json':
        if (custom) throw unsupported(type);
        return strategicPatch(live, objectAt(patch), custom);
      case 'application/json-patch+json':
        return jsonPatch(live, Array.isArray(patch) ? patch : []);
      default:
        throw unsupported(type);
    }
  })();
  if (!isObject(next)) throw badRequest('the patch leaves no object');
  return next;
}

function unsupported(type: string): ApiError {
  return new ApiError(
    415,
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml (not ${type})`,
  );
}

/** Secrets keep `stringData` as `data`. */
export function withEncodedData(kind: ApiKind, object: JsonObject): JsonObject {
  if (kind.kind !== 'Secret' || kind.custom || object.stringData === undefined) return object;
  const { stringData: _given, ...rest } = object;
  const encoded = Object.entries(textsAt(object, 'stringData')).map(
    ([key, text]) => [key, Buffer.from(text).toString('base64')] as const,
  );
  return { ...rest, data: { ...objectAt(object, 'data'), ...Object.fromEntries(encoded) } };
}
