import { flag, mapping, named, otherwise, port, type Schema, secret, text } from './parts.js';

const login = {
  username: text('user-name'),
  password: secret,
  'ssh-keyfile-path': text(),
  sshport: port,
};

/** The name of a bastion, or `none`. */
const throughBastion = { 'ssh-bastion': text('identifier') };

const machine = mapping(['hostname', 'hostip', 'machine-type', 'k8s-role'], {
  hostname: text('host-name'),
  hostip: text('ip-address'),
  'machine-type': text(),
  'k8s-role': { type: 'string', enum: ['master', 'worker', 'proxy'] },
  etcdid: text('identifier'),
  zkid: text('zookeeper-id'),
  ...login,
  ...throughBastion,
  dashboard: flag,
  'pai-master': flag,
  'pai-worker': flag,
  'node-exporter': flag,
});

const bastion = mapping(['hostip'], { hostip: text('host-address'), ...login });

const sku = mapping(['mem', 'cpu', 'os'], {
  mem: { type: 'number', exclusiveMinimum: 0 },
  cpu: mapping(['vcore'], { vcore: { type: 'integer', minimum: 1 } }),
  gpu: mapping(['type', 'count'], { type: text(), count: { type: 'integer', minimum: 0 } }),
  os: text(),
  dataFolder: text('absolute-path'),
});

const machineList: Schema = { type: 'array', minItems: 1, items: machine };

/** A list of nodes to add, remove or repair: the machines alone. */
export const nodeListFileSchema: Schema = mapping(['machine-list'], { 'machine-list': machineList });

/** cluster-configuration.yaml */
export const clusterFileSchema: Schema = mapping(['machine-sku', 'machine-list'], {
  'default-machine-properties': otherwise({}, mapping([], { ...login, ...throughBastion })),
  'ssh-bastions': otherwise({}, named('identifier', bastion)),
  'machine-sku': { ...named('identifier', sku), minProperties: 1 },
  'machine-list': machineList,
});
