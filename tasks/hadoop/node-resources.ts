/** What YARN may hand out of a machine. */
export interface NodeResources {
  readonly memoryMb: number;
  readonly vcores: number;
}

/** Heaps of node manager (4 GB) and data node (1 GB), and 1 GB for kubelet, Docker and the system itself. */
const LEAST_RESERVED_MB = 6 * 1024;

/**
 * What the node manager of a machine hands out. A tenth of the memory stays with the system, at least 6 GB, but never more than half (of a machine that is
 * too small for all of this). One core stays with the system, where there is another. (The original handed out 200 GB of its machines with 224 GB;
 * this gives 201 GB of them.)
 */
export function nodeResources({
  memoryGb,
  vcores,
}: {
  readonly memoryGb: number;
  readonly vcores: number;
}): NodeResources {
  const memoryMb = memoryGb * 1024;
  const reserved = Math.min(Math.max(memoryMb / 10, LEAST_RESERVED_MB), memoryMb / 2);
  return { memoryMb: Math.max(1, Math.floor(memoryMb - reserved)), vcores: Math.max(1, vcores - 1) };
}
