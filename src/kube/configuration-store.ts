import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { PaiError } from '../model/errors.js';
import type { JsonObject } from '../model/json.js';
import { isObject, objectAt, textAt, textsAt } from '../model/json-path.js';
import { parseJson } from '../model/parse-json.js';
import { KubeClient, type KubeCredentials } from './client.js';
import { resourcePath } from './kinds.js';
import { KubeObjects } from './objects.js';

const NAMESPACE = 'kube-system';
const PREFIX = 'pai-configuration-';
const LABEL = 'pai/configuration';
const PUSHED_BY = 'pai/pushed-by';
const PUSHED_AT = 'pai/pushed-at';
/** Tells one's own revision from another of the same number: a request may be sent twice. */
const PUSH_ID = 'pai/push-id';
const KEY = 'files.json.gz';
const SECRETS = { plural: 'secrets', namespaced: true };

/** What the API server takes of a Secret, in bytes: https://kubernetes.io/docs/concepts/configuration/secret/#restriction-data-size */
const MOST_BYTES = 1024 * 1024;
/** Revisions that are kept. */
const KEPT = 20;

/** A configuration that was pushed. */
export interface Revision {
  /** Counts from 1. */
  readonly number: number;
  /** `user@host`. */
  readonly by: string;
  /** ISO 8601, by the clock of who pushed. */
  readonly at: string;
}

/** Names and texts of the files of a configuration. */
export type ConfigurationFiles = Readonly<Record<string, string>>;

/** Copies of the configuration in the cluster: a Secret each, named by its number, so that no two can be the next one. */
export interface ConfigurationStore {
  /** Newest first. */
  list(): Promise<readonly Revision[]>;
  /** Undefined when it is not there, or no longer. */
  read(number: number): Promise<ConfigurationFiles | undefined>;
  /**
   * Adds the revision of this number. False when there is one already. The oldest go, so that 20 are left.
   * Throws USAGE for files that are too large for a Secret.
   */
  add(revision: Revision, files: ConfigurationFiles): Promise<boolean>;
  close(): Promise<void>;
}

/** The store of a cluster. Asked for credentials at the first request. Everything fails with KUBE_UNREACHABLE and KUBE_REFUSED. */
export function createConfigurationStore(credentials: () => Promise<KubeCredentials>): ConfigurationStore {
  const client = new KubeClient(credentials, 10);
  const objects = new KubeObjects(client);
  const list = async (): Promise<readonly Revision[]> => {
    const selection = { namespace: NAMESPACE, labels: `${LABEL}=true`, metadataOnly: true };
    const found = (await objects.list('v1', 'Secret', selection)).flatMap((secret) => revisionOf(secret) ?? []);
    return found.toSorted((a, b) => b.number - a.number);
  };
  return {
    list,
    read: async (number) => {
      const secret = await objects.get(idOf(number));
      return secret === undefined ? undefined : unpack(number, secret);
    },
    add: async (revision, files) => {
      const content = await pack(files);
      const id = randomUUID();
      try {
        await client.send({
          method: 'POST',
          path: resourcePath('v1', SECRETS, NAMESPACE),
          body: secretOf(revision, content, id),
          what: `create Secret ${NAMESPACE}/${PREFIX}${revision.number}`,
        });
      } catch (error) {
        if (!(error instanceof PaiError) || error.code !== 'KUBE_REFUSED') throw error;
        const there = await objects.get(idOf(revision.number));
        if (there === undefined) throw error;
        if (textsAt(there, 'metadata', 'annotations')[PUSH_ID] !== id) return false;
      }
      for (const { number } of (await list()).slice(KEPT)) await objects.remove(idOf(number), 'Background');
      return true;
    },
    close: () => client.close(),
  };
}

function idOf(number: number) {
  return { apiVersion: 'v1', kind: 'Secret', namespace: NAMESPACE, name: `${PREFIX}${number}` };
}

function secretOf({ number, by, at }: Revision, content: Buffer, id: string): JsonObject {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: `${PREFIX}${number}`,
      namespace: NAMESPACE,
      labels: { [LABEL]: 'true' },
      annotations: { [PUSHED_BY]: by, [PUSHED_AT]: at, [PUSH_ID]: id },
    },
    type: 'Opaque',
    immutable: true,
    data: { [KEY]: content.toString('base64') },
  };
}

function revisionOf(secret: JsonObject): Revision | undefined {
  const [, digits] = /^pai-configuration-([1-9]\d*)$/.exec(textAt(secret, 'metadata', 'name') ?? '') ?? [];
  if (digits === undefined) return undefined;
  const annotations = textsAt(secret, 'metadata', 'annotations');
  return { number: Number(digits), by: annotations[PUSHED_BY] ?? '', at: annotations[PUSHED_AT] ?? '' };
}

async function pack(files: ConfigurationFiles): Promise<Buffer> {
  const content = await promisify(gzip)(JSON.stringify(files));
  if (content.length <= MOST_BYTES) return content;
  throw new PaiError(
    'USAGE',
    `the configuration has ${content.length} bytes when it is packed, and a Secret holds ${MOST_BYTES}`,
    {
      next: 'Keep it in a repository of its own instead.',
    },
  );
}

async function unpack(number: number, secret: JsonObject): Promise<ConfigurationFiles> {
  const packed = textAt(objectAt(secret, 'data'), KEY) ?? '';
  const text = await promisify(gunzip)(Buffer.from(packed, 'base64')).then(String, () => '');
  const files = parseJson(text);
  if (isObject(files) && Object.values(files).every((file) => typeof file === 'string')) {
    return files as ConfigurationFiles;
  }
  throw new PaiError('KUBE_REFUSED', `Secret ${NAMESPACE}/${PREFIX}${number} holds no configuration that can be read`, {
    where: `Secret ${NAMESPACE}/${PREFIX}${number}`,
    next: 'Push yours over it: `pai config push --force`.',
  });
}
