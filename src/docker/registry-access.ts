import type { ImageReference } from '../model/drivers.js';

/** How to reach a registry: what the image driver reads of `docker-registry-info`. */
export interface RegistryAccess {
  /** `host[:port]`, or `docker.io` for Docker Hub. */
  readonly domain: string;
  readonly username?: string;
  readonly password?: string;
  /** Absolute path of a PEM file with the CA that signs the registry's certificate. */
  readonly caPath?: string;
  /** Plain HTTP. */
  readonly insecure: boolean;
  /** Where its HTTP API is, when that is not what its name says: `http://127.0.0.1:5000`. Images keep the name. */
  readonly url?: string;
}

/** Where people change the settings that errors of this folder name. */
export const REGISTRY_SETTINGS = 'services-configuration.yaml';

/** The image as people write it: `registry/repository:tag`. */
export function imageName(image: ImageReference): string {
  return `${image.registry}/${image.repository}:${image.tag}`;
}

/** Base URL of the registry's HTTP API. Docker Hub's API is not where its name says. */
export function registryUrl(access: Pick<RegistryAccess, 'domain' | 'insecure' | 'url'>): URL {
  if (access.url !== undefined) return new URL(access.url);
  const host = access.domain === 'docker.io' ? 'registry-1.docker.io' : access.domain;
  return new URL(`${access.insecure ? 'http' : 'https'}://${host}/`);
}

/** The key under which Docker Engine looks for a registry's credentials. Docker Hub's is historic. */
export function engineRegistryKey(domain: string): string {
  return domain === 'docker.io' ? 'https://index.docker.io/v1/' : domain;
}
