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

/** Node labels of a machine. There is one frozen object of each kind, so that they can be told apart by what they are. */
export type Labels = Readonly<Record<string, string>>;

/** The node labels of a machine; of a machine that is both, the master's win. */
export function nodeLabels(source: LabelSource): Labels {
  return ALL[indexOf(source)] ?? NO_LABELS;
}

function indexOf({ paiWorker, paiMaster, nodeExporter, gpu }: LabelSource): number {
  return (paiWorker ? 1 : 0) + (paiMaster ? 2 : 0) + (nodeExporter ? 4 : 0) + (gpu ? 8 : 0);
}

const NO_LABELS: Labels = Object.freeze({});

/** By `indexOf`. */
const ALL: readonly Labels[] = Array.from({ length: 16 }, (_, index) =>
  Object.freeze({
    ...(index & 1 ? PAI_WORKER : {}),
    ...(index & 2 ? PAI_MASTER : {}),
    ...(index & 4 ? { 'node-exporter': 'true' } : {}),
    ...(index & 8 ? { machinetype: 'gpu' } : {}),
  }),
);

/** The same of an entry of `machine-list`, which may lack fields. */
export function labelsOfMachine(machine: Partially<MachineEntry>, skus: Partially<ClusterFile['machine-sku']>): Labels {
  const type = machine['machine-type'];
  return nodeLabels({
    paiMaster: machine['pai-master'] === 'true',
    paiWorker: machine['pai-worker'] === 'true',
    nodeExporter: machine['node-exporter'] === 'true',
    gpu: type !== undefined && Object.hasOwn(skus, type) && Number(skus[type]?.gpu?.count ?? 0) > 0,
  });
}

/** Every node can get this one; its value is the name of the machine's SKU. */
export const SKU_LABEL = 'machine-sku';

/** Every label that a node may get. */
export const LABEL_NAMES: readonly string[] = [...Object.keys(PAI_MASTER), 'machinetype', SKU_LABEL];
