import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { HostDriver, HostLogin, PayloadFile } from '../../../src/model/drivers.js';
import { contextFor, workFor } from '../ssh/driver-fixture.js';
import { SANDBOX } from './hosts-fixture.js';

const folder = path.resolve(import.meta.dirname, '../../../templates/host');

/** The scripts of templates/host as the tasks put them together, with a payload that has what they look at. */
export function hostScripts(names: readonly string[], settings: Readonly<Record<string, string>>): string {
  const texts = ['lib.sh', 'runtime-docker.sh', ...names].map((name) => readFileSync(path.join(folder, name), 'utf8'));
  return ['set -eu', ...Object.entries(settings).map(([name, value]) => `${name}='${value}'`), ...texts].join('\n');
}

/** What targets of a host run. */
export interface ScriptedTarget {
  readonly files: readonly PayloadFile[];
  readonly script: string;
  readonly probe: string;
  readonly clean: string;
}

const masters = SANDBOX.hosts.filter(({ role }) => role === 'master');

function settingsOf(name: string) {
  const address = SANDBOX.hosts.find((host) => host.name === name)?.address ?? '';
  return {
    prepare: {
      RUNTIME: 'docker',
      PACKAGES: '',
      PACKAGE_SOURCE: 'host',
      CLUSTER_ID: 'test',
      HOST_NAME: name,
      HOST_ADDRESS: address,
      HOST_PORTS: '6443 2379 10250',
    },
    kubelet: {
      RUNTIME: 'docker',
      HYPERKUBE: 'registry.test/hyperkube:v1.13.0',
      KUBELET_FLAGS: '--pod-infra-container-image=registry.test/pause:3.1',
      NODE: address,
      NETWORK: 'host-only',
      CLUSTER_ID: 'test',
      DATA_PATH: '/datastorage',
      DELETE_DATA: '',
      DELETE_ETCD: '',
    },
  };
}

function file(name: string, content: string): PayloadFile {
  return { path: name, mode: 0o600, content };
}

function certificates(...names: readonly string[]): PayloadFile[] {
  return names.flatMap((name) => [
    ...['crt', 'key', 'spec'].map((kind) => file(`certs/${name}.${kind}`, `${name} ${kind}\n`)),
    file(`certs/${name}.expires`, '4102444800\n'),
  ]);
}

const generation = file('certs/generation', '0\n');

function kubeletFiles(): PayloadFile[] {
  return [
    file('root/etc/kubernetes/kubelet.yaml', 'kind: KubeletConfiguration\n'),
    file('root/etc/kubernetes/kubelet.conf', 'kind: Config\n'),
    generation,
    ...certificates('kubelet-client', 'kubelet-server'),
  ];
}

export function prepareTarget(name: string): ScriptedTarget {
  const settings = settingsOf(name).prepare;
  return {
    files: [file('clock', `${Math.floor(Date.now() / 1000)}\n`)],
    script: hostScripts(['packages.sh', 'prepare.sh'], settings),
    probe: hostScripts(['prepare-probe.sh'], settings),
    clean: hostScripts(['packages.sh', 'daemon-json.sh', 'prepare-clean.sh'], settings),
  };
}

export function etcdTarget(name: string): ScriptedTarget {
  const { kubelet } = settingsOf(name);
  const settings = {
    ...kubelet,
    HOST_NAME: name,
    ETCD_NAME: name,
    ETCD_IMAGE: 'registry.test/etcd:3.4.23',
    PEER_URL: `https://${kubelet.NODE}:2380`,
  };
  const cluster = masters.map((master) => `${master.name}=https://${master.address}:2380`).join(',');
  const manifest =
    '- --initial-cluster=INITIAL_CLUSTER\n- --initial-cluster-token=test\n- --initial-cluster-state=INITIAL_CLUSTER_STATE\n';
  return {
    files: [
      ...kubeletFiles(),
      ...certificates('etcd-server', 'etcd-peer', 'etcd-client'),
      file('root/etc/kubernetes/manifests/etcd.yaml', manifest),
      file('members', `${cluster}\n`),
      file('partners', ''),
    ],
    script: hostScripts(['kubelet.sh', 'etcd-health.sh', 'etcd-join.sh', 'etcd.sh'], settings),
    probe: hostScripts(['etcd-health.sh', 'etcd-probe.sh'], settings),
    clean: hostScripts(['reset.sh', 'etcd-clean.sh'], settings),
  };
}

export function masterTarget(name: string): ScriptedTarget {
  const settings = settingsOf(name).kubelet;
  const components = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'];
  return {
    files: [
      ...components.map((component) => file(`root/etc/kubernetes/manifests/${component}.yaml`, 'kind: Pod\n')),
      generation,
      ...certificates('kube-apiserver'),
    ],
    script: hostScripts(['master.sh'], settings),
    probe: hostScripts(['master-probe.sh'], settings),
    clean: hostScripts(['master-clean.sh'], settings),
  };
}

export function workerTarget(name: string): ScriptedTarget {
  const settings = settingsOf(name).kubelet;
  return {
    files: kubeletFiles(),
    script: hostScripts(['kubelet.sh', 'worker.sh'], settings),
    probe: hostScripts(['worker-probe.sh'], settings),
    clean: hostScripts(['reset.sh', 'worker-clean.sh'], settings),
  };
}

export function proxyTarget(name: string): ScriptedTarget {
  const settings = settingsOf(name).kubelet;
  return {
    files: [
      ...kubeletFiles(),
      ...certificates('haproxy-check'),
      file('root/etc/kubernetes/manifests/haproxy.yaml', 'kind: Pod\n'),
    ],
    script: hostScripts(['kubelet.sh', 'proxy.sh'], settings),
    probe: hostScripts(['proxy-probe.sh'], settings),
    clean: hostScripts(['reset.sh', 'proxy-clean.sh'], settings),
  };
}

/** Runs it, with its probe; gives what was said. */
export async function apply(driver: HostDriver, login: HostLogin, target: string, scripted: ScriptedTarget) {
  const { context, lines } = contextFor(target);
  const { files, script, probe } = scripted;
  await driver.run(login, workFor(target, script, { files, probe }), context);
  return lines;
}

/** Takes it down again. */
export async function clean(driver: HostDriver, login: HostLogin, target: string, scripted: ScriptedTarget) {
  const { context, lines } = contextFor(target);
  await driver.run(login, { files: [], script: scripted.clean }, context);
  return lines;
}
