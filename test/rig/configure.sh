#!/bin/sh
# Writes the four configuration files for hosts of the rig into DIR.
#   configure.sh DIR [MASTERS WORKERS [PROXY]]     lists with commas; h1 and h2 unless told
# PAI_RIG_CLUSTER: the cluster's id, pai-rig unless told
# PAI_RIG_RUNTIME: container-runtime, pai's default unless told
set -eu
cd "$(dirname "$0")/../.."
directory=${1:?usage: configure.sh DIR [MASTERS WORKERS [PROXY]]}
masters=${2:-h1}
workers=${3:-h2}
proxy=${4:-}
mkdir -p "$directory"
chmod 700 "$directory"
cp cluster-configuration/k8s-role-definition.yaml "$directory/"
test/rig/describe.sh > "$directory/.rig.json"
node - "$directory" "$masters" "$workers" "$proxy" << 'NODE'
const { copyFileSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const [, , directory, ...lists] = process.argv;
const [masters, workers, proxies] = lists.map((list) => list.split(',').filter((name) => name !== ''));
const rig = JSON.parse(readFileSync(`${directory}/.rig.json`, 'utf8'));
rmSync(`${directory}/.rig.json`);
const ip = (name) => rig.hosts.find((host) => host.name === name)?.ip ?? fail(`${name} is not up: test/rig/up.sh ${name}`);
function fail(message) {
  console.error(message);
  process.exit(1);
}
const { prefix, tags } = rig.images;
copyFileSync(rig.registry.ca, `${directory}/registry-ca.crt`);
const machine = (name, role) => ({ hostname: name, hostip: ip(name), 'machine-type': 'RIG', 'k8s-role': role });
// JSON is YAML
const write = (name, value) => writeFileSync(`${directory}/${name}.yaml`, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
write('cluster-configuration', {
  'default-machine-properties': { username: rig.users.password.name, password: rig.users.password.password, sshport: 22 },
  'machine-sku': { RIG: { mem: 4, cpu: { vcore: 2 }, os: 'debian12' } },
  'machine-list': [
    ...masters.map((name, index) => ({
      ...machine(name, 'master'),
      etcdid: `etcdid${index + 1}`,
      ...(index === 0 && { zkid: '1', 'pai-master': 'true' }),
    })),
    ...workers.map((name) => ({ ...machine(name, 'worker'), 'pai-worker': 'true' })),
    ...proxies.map((name) => machine(name, 'proxy')),
  ],
});
write('kubernetes-configuration', {
  kubernetes: {
    'cluster-dns': rig.network.subnet.replace('0.0/16', '0.1'),
    'load-balance-ip': ip(proxies[0] ?? masters[0]),
    'service-cluster-ip-range': rig.network.serviceCidr,
    'storage-backend': 'etcd3',
    'docker-registry': prefix,
    'docker-registry-insecure': 'true',
    ...(process.env.PAI_RIG_RUNTIME && { 'container-runtime': process.env.PAI_RIG_RUNTIME }),
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
    clusterid: process.env.PAI_RIG_CLUSTER ?? 'pai-rig',
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
