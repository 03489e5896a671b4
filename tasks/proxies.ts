import { type Cluster, PaiError } from 'pai';

/** A proxy in front of the masters can be configured but not deployed yet: told before anything is touched. */
export function refuseProxies(cluster: Cluster): void {
  const [proxy] = cluster.proxies;
  if (proxy === undefined) return;
  throw new PaiError('CONFIG_INVALID', `host ${proxy.name}: machines with k8s-role proxy are not deployed yet`, {
    where: 'cluster-configuration.yaml',
    next: 'Remove the machine and set load-balance-ip to the only master or to an external load balancer.',
  });
}
