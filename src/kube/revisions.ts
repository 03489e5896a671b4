import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { KubeObject } from '../model/drivers.js';
import type { Json, JsonObject } from '../model/json.js';
import { isObject, listAt, objectAt, textAt, textsAt } from '../model/json-path.js';
import { parseJson } from '../model/parse-json.js';
import { parseStamp } from '../model/parse-stamp.js';
import type { Stamp } from '../model/stamp.js';
import type { ActionContext } from '../model/target.js';
import type { ObjectId } from './identity.js';
import { INVENTORY_NAMESPACE, inventoryId, type NodeLabels } from './inventory.js';
import { type KubeObjects, TARGET_ANNOTATION } from './objects.js';

/** Revisions of a target that are kept, the one that is there among them. */
export const KEPT_REVISIONS = 5;

/** What the API server takes of a Secret, in bytes: https://kubernetes.io/docs/concepts/configuration/secret/#restriction-data-size */
const MOST_BYTES = 1024 * 1024;
/** Label: hash of the target, for a label can't be as long as a target's name. */
const OF_LABEL = 'pai/revision-of';
const NUMBER_ANNOTATION = 'pai/revision';
const RUN_ANNOTATION = 'pai/run';
/** Digest of the manifests, to tell whether two revisions are the same. As secret as the Secret that it is on. */
const CONTENT_ANNOTATION = 'pai/content';
const KEY = 'applied.json.gz';

/** Manifests as they were applied for a target, and came up. */
export interface AppliedWork {
  readonly stamp: Stamp;
  /** With all marks, in the order of the manifests. */
  readonly objects: readonly KubeObject[];
  readonly nodeLabels: NodeLabels;
}

/** A revision without its manifests. */
export interface RevisionHead {
  /** Counts from 1; a number is never used for another one while it is kept. */
  readonly number: number;
  /** Id of the run that applied it first. */
  readonly run: string;
  readonly content: string;
}

/** Revisions of a target, newest first. One request; no manifests travel. */
export async function listRevisions(
  objects: KubeObjects,
  target: string,
  signal?: AbortSignal,
): Promise<readonly RevisionHead[]> {
  const labels = `${OF_LABEL}=${hashOf(target)}`;
  const selection = { namespace: INVENTORY_NAMESPACE, labels, metadataOnly: true };
  const found = (await objects.list('v1', 'Secret', selection, signal)).flatMap((secret) => headOf(secret) ?? []);
  return found.toSorted((a, b) => b.number - a.number);
}

/** The manifests of a revision; undefined when they are not there, or damaged. */
export async function readRevision(
  objects: KubeObjects,
  target: string,
  number: number,
  signal?: AbortSignal,
): Promise<AppliedWork | undefined> {
  const secret = await objects.get(revisionId(target, number), signal);
  return secret === undefined ? undefined : unpack(target, secret);
}

/** A revision that was kept. */
export interface Kept {
  /** Undefined when it is too large to be kept. */
  readonly number: number | undefined;
  /** Forgets the revisions that are not needed once this one is the target's. */
  forgetOthers(): Promise<void>;
}

/**
 * Keeps what was applied as the newest revision. What is the same as revision `current` is not kept twice. Those that were rolled back and the oldest
 * are to be forgotten.
 */
export async function keepRevision(
  objects: KubeObjects,
  current: number | undefined,
  applied: AppliedWork,
  context: ActionContext,
): Promise<Kept> {
  const { target, signal } = context;
  const content = createHash('sha256').update(textOf(applied)).digest('hex');
  const there = await listRevisions(objects, target, signal);
  const same = there.find((one) => one.number === current && one.content === content);
  const isKept =
    same !== undefined &&
    (await readRevision(objects, target, same.number, signal))?.stamp.fingerprint === applied.stamp.fingerprint;
  const data = isKept ? undefined : await pack(applied);
  if (data !== undefined && data.length > MOST_BYTES) {
    context.log(`its manifests are too large to be kept (${data.length} bytes when packed): no --rollback to them`);
    return { number: undefined, forgetOthers: async () => undefined };
  }
  const number = isKept ? same.number : Math.max(there[0]?.number ?? 0, current ?? 0) + 1;
  if (data !== undefined) {
    await objects.apply(revisionId(target, number), secretOf(applied, number, content, data), signal);
  }
  const earlier = there.filter((one) => one !== same && one.number <= (current ?? number)).slice(0, KEPT_REVISIONS - 1);
  return {
    number,
    forgetOthers: async () => {
      for (const one of there) {
        if (one.number === number || earlier.includes(one)) continue;
        await objects.remove(revisionId(target, one.number), 'Background', signal);
      }
    },
  };
}

/** Forgets all revisions of a target. */
export async function removeRevisions(objects: KubeObjects, target: string, signal?: AbortSignal): Promise<void> {
  for (const { number } of await listRevisions(objects, target, signal)) {
    await objects.remove(revisionId(target, number), 'Background', signal);
  }
}

function revisionId(target: string, number: number): ObjectId & { readonly namespace: string } {
  const { namespace, name } = inventoryId(target);
  return { apiVersion: 'v1', kind: 'Secret', namespace, name: `${name}.r${number}` };
}

function hashOf(target: string): string {
  return createHash('sha256').update(target).digest('hex').slice(0, 32);
}

function secretOf({ stamp }: AppliedWork, number: number, content: string, data: Buffer): JsonObject {
  const { apiVersion, kind, namespace, name } = revisionId(stamp.target, number);
  return {
    apiVersion,
    kind,
    metadata: {
      name,
      namespace,
      labels: { [OF_LABEL]: hashOf(stamp.target) },
      annotations: {
        [TARGET_ANNOTATION]: stamp.target,
        [NUMBER_ANNOTATION]: String(number),
        [RUN_ANNOTATION]: stamp.run,
        [CONTENT_ANNOTATION]: content,
      },
    },
    type: 'Opaque',
    immutable: true,
    data: { [KEY]: data.toString('base64') },
  };
}

function headOf(secret: JsonObject): RevisionHead | undefined {
  const annotations = textsAt(secret, 'metadata', 'annotations');
  const number = Number(annotations[NUMBER_ANNOTATION] ?? 0);
  if (!Number.isSafeInteger(number) || number < 1) return undefined;
  return { number, run: annotations[RUN_ANNOTATION] ?? '', content: annotations[CONTENT_ANNOTATION] ?? '' };
}

function textOf({ objects, nodeLabels }: AppliedWork): string {
  return JSON.stringify({ objects, nodeLabels });
}

function pack(applied: AppliedWork): Promise<Buffer> {
  const { stamp, objects, nodeLabels } = applied;
  return promisify(gzip)(JSON.stringify({ stamp, objects, nodeLabels }));
}

async function unpack(target: string, secret: JsonObject): Promise<AppliedWork | undefined> {
  const packed = Buffer.from(textAt(objectAt(secret, 'data'), KEY) ?? '', 'base64');
  const value = parseJson(await promisify(gunzip)(packed).then(String, () => '')) ?? null;
  const stamp = parseStamp(objectAt(value, 'stamp'));
  const objects = listAt(value, 'objects').filter(isKubeObject);
  if (stamp?.target !== target || objects.length < listAt(value, 'objects').length) return undefined;
  const labels = objectAt(value, 'nodeLabels');
  return {
    stamp,
    objects,
    nodeLabels: Object.fromEntries(Object.keys(labels).map((node) => [node, textsAt(labels, node)])),
  };
}

function isKubeObject(value: Json): value is KubeObject {
  if (!isObject(value)) return false;
  return [textAt(value, 'apiVersion'), textAt(value, 'kind'), textAt(value, 'metadata', 'name')].every(
    (text) => text !== undefined,
  );
}
