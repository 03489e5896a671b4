import { uriHost } from '../model/uri-host.js';
import type { Addresses, Host, KubernetesConfiguration, ServicesConfiguration } from './model.js';

/** Ports that no configuration changes. */
export const FIXED_PORTS = {
  apiServer: 6443,
  etcdClients: 2379,
  etcdPeers: 2380,
  zookeeper: 2181,
  hdfs: 9000,
  webHdfs: 50070,
  yarn: 8088,
  jobHistory: 19888,
  timeline: 8188,
  dashboard: 9090,
} as const;

/** Where everything is reached, worked out from who runs what. */
export function buildAddresses(
  hosts: readonly Host[],
  kubernetes: KubernetesConfiguration,
  services: ServicesConfiguration,
): Addresses {
  const masters = hosts.filter((host) => host.role === 'master');
  const zookeepers = hosts.filter((host) => host.labels.zookeeper === 'true');
  const dashboard = hosts.find((host) => host.dashboard);
  // The cross checks have told of a configuration without.
  const paiMaster = uriHost(hosts.find((host) => host.paiMaster)?.address ?? '');
  const onMaster = (port: number): string => `http://${paiMaster}:${port}`;
  const etcd = (host: Host, port: number): string => `https://${uriHost(host.address)}:${port}`;
  return {
    etcdPeers: masters.map((host) => `${host.etcdId}=${etcd(host, FIXED_PORTS.etcdPeers)}`).join(','),
    etcdServers: masters.map((host) => etcd(host, FIXED_PORTS.etcdClients)).join(','),
    apiServer: `https://${uriHost(kubernetes.loadBalanceIp)}:${FIXED_PORTS.apiServer}`,
    ...(dashboard && { dashboard: `https://${uriHost(dashboard.address)}:${FIXED_PORTS.dashboard}` }),
    zookeeper: zookeepers.map((host) => `${uriHost(host.address)}:${FIXED_PORTS.zookeeper}`).join(','),
    hdfs: `hdfs://${paiMaster}:${FIXED_PORTS.hdfs}`,
    webHdfs: onMaster(FIXED_PORTS.webHdfs),
    yarn: onMaster(FIXED_PORTS.yarn),
    jobHistory: onMaster(FIXED_PORTS.jobHistory),
    timeline: onMaster(FIXED_PORTS.timeline),
    launcher: onMaster(services.frameworklauncher.frameworklauncherPort),
    restServer: onMaster(services.restserver.serverPort),
    webportal: onMaster(services.webportal.serverPort),
    grafana: onMaster(services.grafana.grafanaPort),
    prometheus: onMaster(services.prometheus.prometheusPort),
    pylon: onMaster(services.pylon.port),
  };
}
