#!/bin/sh
# Writes the four configuration files for one master and one worker of the rig into DIR.
#   configure.sh DIR [MASTER WORKER]     h1 and h2 unless told
set -eu
cd "$(dirname "$0")/../.."
directory=${1:?usage: configure.sh DIR [MASTER WORKER]}
master=${2:-h1}
worker=${3:-h2}
mkdir -p "$directory"
chmod 700 "$directory"
cp cluster-configuration/k8s-role-definition.yaml "$directory/"
test/rig/describe.sh > "$directory/.rig.json"
node - "$directory" "$master" "$worker" << 'NODE'
const { copyFileSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const [, , directory, master, worker] = process.argv;
const rig = JSON.parse(readFileSync(`${directory}/.rig.json`, 'utf8'));
rmSync(`${directory}/.rig.json`);
const ip = (name) => rig.hosts.find((host) => host.name === name)?.ip ?? fail(`${name} is not up: test/rig/up.sh ${name}`);
function fail(message) {
  console.error(message);
  process.exit(1);
}
const { prefix, tags } = rig.images;
copyFileSync(rig.registry.ca, `${directory}/registry-ca.crt`);
// JSON is YAML
const write = (name, value) => writeFileSync(`${directory}/${name}.yaml`, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
write('cluster-configuration', {
  'default-machine-properties': { username: rig.users.password.name, password: rig.users.password.password, sshport: 22 },
  'machine-sku': { RIG: { mem: 4, cpu: { vcore: 2 }, os: 'debian12' } },
  'machine-list': [
    { hostname: master, hostip: ip(master), 'machine-type': 'RIG', 'k8s-role': 'master', etcdid: 'etcdid1', zkid: '1', 'pai-master': 'true' },
    { hostname: worker, hostip: ip(worker), 'machine-type': 'RIG', 'k8s-role': 'worker', 'pai-worker': 'true' },
  ],
});
write('kubernetes-configuration', {
  kubernetes: {
    'cluster-dns': rig.network.subnet.replace('0.0/16', '0.1'),
    'load-balance-ip': ip(master),
    'service-cluster-ip-range': rig.network.serviceCidr,
    'storage-backend': 'etcd3',
    'docker-registry': prefix,
    'docker-registry-insecure': 'true',
    'hyperkube-version': tags.hyperkube,
    'etcd-version': tags.etcd,
    'apiserver-version': tags['kube-apiserver'],
    'kube-scheduler-version': tags['kube-scheduler'],
    'kube-controller-manager-version': tags['kube-controller-manager'],
    'dashboard-version': 'v2.2.0',
    'pause-version': tags.pause,
    'haproxy-version': tags.haproxy,
  },
});
write('services-configuration', {
  cluster: {
    clusterid: 'pai-rig',
    'data-path': '/datastorage',
    'docker-registry-info': {
      'docker-namespace': rig.registry.namespace,
      'docker-registry-domain': rig.registry.tls,
      'docker-username': rig.registry.user,
      'docker-password': rig.registry.password,
      'docker-tag': 'rig',
      'secret-name': 'pai-registry',
      'docker-registry-ca': 'registry-ca.crt',
    },
  },
  pylon: { port: 80 },
});
NODE
