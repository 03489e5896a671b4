import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { JsonObject } from '../../model/json.js';
import { listAt, objectAt, textAt } from '../../model/json-path.js';
import { parseJson } from '../../model/parse-json.js';
import { hasFault, type SandboxHost } from '../layout.js';
import { registryHas } from '../registry/storage.js';
import { objectKey, type World } from './world.js';

/** What kubelet's Docker says about an image. */
export type Pull = { readonly ok: true } | { readonly ok: false; readonly message: string };

/** A pod that wants an image. */
interface Puller {
  readonly namespace: string;
  readonly spec: JsonObject;
}

/**
 * Whether a node has an image or can pull it. Images of the sandbox's registry must be in there, and the pod must have a
 * secret with the registry's password; once pulled, they stay on the host, in a file beside Docker's state. Images from
 * elsewhere always are.
 */
export function pullImage(world: World, host: SandboxHost, image: string, pod: Puller): Pull {
  const { domain } = world.sandbox.registry;
  if (!image.startsWith(`${domain}/`)) return { ok: true };
  const { docker } = world.layout.host(host.name);
  const file = path.join(docker, 'pulled-images');
  if (pulled(file).has(image)) return { ok: true };
  if (hasFault(world.layout, 'registry-down')) {
    return { ok: false, message: `Get "https://${domain}/v2/": dial tcp: connect: connection refused (simulated)` };
  }
  if (!hasPassword(world, pod)) {
    return { ok: false, message: `Head "https://${domain}/v2/": unauthorized: authentication required` };
  }
  const { repository, reference } = splitImage(image.slice(domain.length + 1));
  if (!registryHas(world.layout.registry, repository, reference)) {
    return { ok: false, message: `manifest for ${image} not found: manifest unknown: manifest unknown` };
  }
  mkdirSync(docker, { recursive: true });
  appendFileSync(file, `${image}\n`);
  return { ok: true };
}

/** Whether one of the pull secrets that a pod names lets it pull from the sandbox's registry. */
function hasPassword(world: World, { namespace, spec }: Puller): boolean {
  const { domain, user, password } = world.sandbox.registry;
  return listAt(spec, 'imagePullSecrets').some((reference) => {
    const secret = world.store.get(objectKey('', 'secrets', namespace, textAt(reference, 'name') ?? ''));
    const config = Buffer.from(textAt(secret, 'data', '.dockerconfigjson') ?? '', 'base64').toString('utf8');
    const entry = objectAt(parseJson(config), 'auths', domain);
    const login = `${textAt(entry, 'username') ?? ''}:${textAt(entry, 'password') ?? ''}`;
    const given = textAt(entry, 'auth');
    return (given === undefined ? login : Buffer.from(given, 'base64').toString('utf8')) === `${user}:${password}`;
  });
}

function pulled(file: string): ReadonlySet<string> {
  try {
    return new Set(readFileSync(file, 'utf8').split('\n'));
  } catch {
    return new Set();
  }
}

/** `ns/app:v1`, `ns/app@sha256:...`, `ns/app`. */
export function splitImage(image: string): { readonly repository: string; readonly reference: string } {
  const at = image.indexOf('@');
  if (at >= 0) return { repository: image.slice(0, at).replace(/:[^/]*$/, ''), reference: image.slice(at + 1) };
  const [, repository = image, reference = 'latest'] = /^(.*):([^/:]*)$/.exec(image) ?? [];
  return { repository, reference };
}
