/** The minor releases of Kubernetes 1 that pai knows: 1.18 to 1.37. What differs between them is in tasks/releases.ts. */
export const OLDEST_MINOR = 18;
export const NEWEST_MINOR = 37;

/** The last whose kubelet reaches Docker by itself (dockershim). Source: CHANGELOG-1.24, "Dockershim Removed from kubelet". */
export const LAST_WITH_DOCKERSHIM = 23;

/** What runs containers on hosts. */
export type ContainerRuntime = 'docker' | 'containerd';

/** The minor release that an image's tag tells (20 of `v1.20.2`, `1.20.2-debian`); undefined when it tells none. */
export function minorRelease(tag: string): number | undefined {
  const [, minor] = /^v?1\.([0-9]{1,3})(?![0-9])/.exec(tag) ?? [];
  return minor === undefined ? undefined : Number(minor);
}

/** The runtime of a release when the configuration names none. */
export function defaultRuntime(minor: number): ContainerRuntime {
  return minor > LAST_WITH_DOCKERSHIM ? 'containerd' : 'docker';
}
