import { checkDashboard } from './check-dashboard.js';
import { adviseMachines, checkMachines } from './check-machines.js';
import { checkNetwork } from './check-network.js';
import { advisePodNetwork, checkPodNetwork } from './check-pod-network.js';
import { checkPorts } from './check-ports.js';
import { checkRelease } from './check-release.js';
import { adviseServiceList, checkRoles, checkServiceList } from './check-service-list.js';
import { adviseServices, checkServices } from './check-services.js';
import type { ClusterFile, KubernetesFile, RoleFile, ServiceListFile, ServicesFile } from './files.js';
import type { Problem } from './problems.js';
import type { Validated } from './validate.js';

/** The five files after their schemas. */
export interface Files {
  readonly cluster: Validated<ClusterFile>;
  readonly kubernetes: Validated<KubernetesFile>;
  readonly roles: Validated<RoleFile>;
  readonly services: Validated<ServicesFile>;
  readonly serviceList: Validated<ServiceListFile>;
}

/** What cross checks find. */
export interface Findings {
  readonly problems: readonly Problem[];
  /** What is allowed and may not be meant so. */
  readonly warnings: readonly Problem[];
}

/** Checks what no schema can say: names that must exist or be unique, and what several files must agree on. */
export function crossCheck({ cluster, kubernetes, roles, services, serviceList }: Files): Findings {
  return {
    problems: [
      ...(cluster.part ? checkMachines(cluster.yaml, cluster.part) : []),
      ...(kubernetes.part ? checkNetwork(kubernetes.yaml, kubernetes.part, cluster.part?.['machine-list'] ?? []) : []),
      ...(kubernetes.part ? checkRelease(kubernetes.yaml, kubernetes.part) : []),
      ...(kubernetes.part
        ? checkPodNetwork(kubernetes.yaml, kubernetes.part, cluster.part?.['machine-list'] ?? [])
        : []),
      ...(kubernetes.part && cluster.part
        ? checkDashboard(kubernetes.yaml, kubernetes.part, cluster.part['machine-list'] ?? [])
        : []),
      ...(roles.part ? checkRoles(roles.yaml, roles.part) : []),
      ...(services.part ? checkServices(services.yaml, services.part) : []),
      ...(cluster.part && services.part
        ? checkPorts({ yaml: cluster.yaml, part: cluster.part }, { yaml: services.yaml, part: services.part })
        : []),
      ...(serviceList.part ? checkServiceList(serviceList.yaml, serviceList.part) : []),
    ],
    warnings: [
      ...(cluster.part ? adviseMachines(cluster.yaml, cluster.part) : []),
      ...(kubernetes.part ? advisePodNetwork(kubernetes.yaml, kubernetes.part) : []),
      ...(services.part ? adviseServices(services.yaml, services.part) : []),
      ...(serviceList.part && cluster.part ? adviseServiceList(serviceList.yaml, serviceList.part, cluster.part) : []),
    ],
  };
}
