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

/** Every label that a node may get. */
export const LABEL_NAMES: readonly string[] = [...Object.keys(PAI_MASTER), 'machinetype'];
