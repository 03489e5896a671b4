import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { hasFault, type SandboxHost } from '../layout.js';
import { registryHas } from '../registry/storage.js';
import type { World } from './world.js';

/** What kubelet's Docker says about an image. */
export type Pull = { readonly ok: true } | { readonly ok: false; readonly message: string };

/**
 * Whether a node has an image or can pull it. Images of the sandbox's registry must be in there; once pulled, they stay on
 * the host, in a file beside Docker's state. Images from elsewhere always are.
 */
export function pullImage(world: World, host: SandboxHost, image: string): Pull {
  const { domain } = world.sandbox.registry;
  if (!image.startsWith(`${domain}/`)) return { ok: true };
  const { docker } = world.layout.host(host.name);
  const file = path.join(docker, 'pulled-images');
  if (pulled(file).has(image)) return { ok: true };
  if (hasFault(world.layout, 'registry-down')) {
    return { ok: false, message: `Get "https://${domain}/v2/": dial tcp: connect: connection refused (simulated)` };
  }
  const { repository, reference } = splitImage(image.slice(domain.length + 1));
  if (!registryHas(world.layout.registry, repository, reference)) {
    return { ok: false, message: `manifest for ${image} not found: manifest unknown: manifest unknown` };
  }
  mkdirSync(docker, { recursive: true });
  appendFileSync(file, `${image}\n`);
  return { ok: true };
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
