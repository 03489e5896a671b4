import type { ClusterFile, MachineEntry, Partially } from './files.js';

/** What each machine flag labels a node with; services select their nodes by these. */
const PAI_WORKER = { hdfsrole: 'worker', yarnrole: 'worker', 'node-exporter': 'true' };

const PAI_MASTER = {
  hdfsrole: 'master',
  yarnrole: 'master',
  zookeeper: 'true',
  jobhistory: 'true',
  launcher: 'true',
  restserver: 'true',
  webportal: 'true',
  prometheus: 'true',
  grafana: 'true',
  pylon: 'true',
  'node-exporter': 'true',
};

/** What of a machine decides its labels. */
export interface LabelSource {
  readonly paiMaster: boolean;
  readonly paiWorker: boolean;
  readonly nodeExporter: boolean;
  readonly gpu: boolean;
}

/** The node labels of a machine; of a machine that is both, the master's win. */
export function nodeLabels(source: LabelSource): Record<string, string> {
  return {
    ...(source.paiWorker ? PAI_WORKER : {}),
    ...(source.paiMaster ? PAI_MASTER : {}),
    ...(source.nodeExporter ? { 'node-exporter': 'true' } : {}),
    ...(source.gpu ? { machinetype: 'gpu' } : {}),
  };
}

/** The same of an entry of `machine-list`, which may lack fields. */
export function labelsOfMachine(
  machine: Partially<MachineEntry>,
  skus: Partially<ClusterFile['machine-sku']>,
): Record<string, string> {
  const type = machine['machine-type'];
  return nodeLabels({
    paiMaster: machine['pai-master'] === 'true',
    paiWorker: machine['pai-worker'] === 'true',
    nodeExporter: machine['node-exporter'] === 'true',
    gpu: type !== undefined && Object.hasOwn(skus, type) && Number(skus[type]?.gpu?.count ?? 0) > 0,
  });
}

/** Every label that a node may get. */
export const LABEL_NAMES: readonly string[] = [...Object.keys(PAI_MASTER), 'machinetype'];
