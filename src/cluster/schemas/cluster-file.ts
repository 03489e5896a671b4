import { about, flag, mapping, named, otherwise, port, type Schema, secret, text } from './parts.js';

const login = {
  username: about('Who logs in over SSH; may sudo on machines.', text('user-name')),
  password: about('For SSH and sudo. May be left out where a key is given and sudo asks for none.', secret),
  'ssh-keyfile-path': about('A private key: relative to the configuration folder, ~/..., or absolute.', text()),
  sshport: about('Port of sshd; 22 where nothing else is said.', port),
};

const throughBastion = {
  'ssh-bastion': about(
    'Name of the bastion that machines are reached through; none: directly, whatever the defaults say.',
    text('identifier'),
  ),
};

const machine = mapping(['hostname', 'hostip', 'machine-type', 'k8s-role'], {
  hostname: about('Its name in targets: worker:<hostname>. Unique.', text('host-name')),
  hostip: about('Its static address, which is also the name of its node in Kubernetes. Unique.', text('ip-address')),
  'machine-type': about('What hardware it has: a name in machine-sku.', text()),
  'k8s-role': about('What it is in Kubernetes. There is at least one master, and at most one proxy.', {
    type: 'string',
    enum: ['master', 'worker', 'proxy'],
  }),
  etcdid: about('Name of its member of etcd. Masters need one each; others have none.', text('identifier')),
  zkid: about('Its id in ZooKeeper.', text('zookeeper-id')),
  ...login,
  ...throughBastion,
  dashboard: about('"true": the Kubernetes dashboard runs here.', flag),
  'pai-master': about('"true" on exactly one machine: it runs the services that there is one of.', flag),
  'pai-worker': about('"true": it runs jobs.', flag),
  'node-exporter': about('"true": its load is measured. pai-master and pai-worker say so too.', flag),
});

const bastion = about(
  'A host that is logged in to only to reach machines behind it.',
  mapping(['hostip'], { hostip: about('Its address or DNS name, as seen from here.', text('host-address')), ...login }),
);

const sku = mapping(['mem', 'cpu', 'os'], {
  mem: about('Memory in GB.', { type: 'number', exclusiveMinimum: 0 }),
  cpu: about(
    'Its processors.',
    mapping(['vcore'], { vcore: about('Number of cores.', { type: 'integer', minimum: 1 }) }),
  ),
  gpu: about(
    'Its GPUs. More than none give the node label machinetype=gpu.',
    mapping(['type', 'count'], {
      type: about('Their model.', text()),
      count: about('How many.', { type: 'integer', minimum: 0 }),
    }),
  ),
  os: about('The operating system, for people: ubuntu20.04.', text()),
  dataFolder: about('Where the large disk is mounted.', text('absolute-path')),
});

const machineList: Schema = about('The machines, one entry each.', { type: 'array', minItems: 1, items: machine });

/** A list of nodes to add, remove or repair: the machines alone. */
export const nodeListFileSchema: Schema = mapping(['machine-list'], { 'machine-list': machineList });

/** cluster-configuration.yaml */
export const clusterFileSchema: Schema = mapping(['machine-sku', 'machine-list'], {
  'default-machine-properties': about(
    'What a machine has that does not say otherwise.',
    otherwise({}, mapping([], { ...login, ...throughBastion })),
  ),
  'ssh-bastions': about('Bastions, by a name of yours.', otherwise({}, named('identifier', bastion))),
  'machine-sku': about('Kinds of hardware, by a name of yours.', { ...named('identifier', sku), minProperties: 1 }),
  'machine-list': machineList,
});
