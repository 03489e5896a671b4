import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { HostLogin } from '../model/drivers.js';
import type { ClusterFile, MachineEntry, SkuEntry } from './files.js';
import { nodeLabels } from './labels.js';
import type { Host, Sku } from './model.js';

/** The machines with their defaults. `directory` is what relative paths of keys are relative to. */
export function buildHosts(file: ClusterFile, directory: string): Host[] {
  return file['machine-list'].flatMap((entry) => {
    const sku = file['machine-sku'][entry['machine-type']];
    // The cross checks have told of a SKU that does not exist.
    return sku === undefined ? [] : [buildHost({ ...file['default-machine-properties'], ...entry }, sku, directory)];
  });
}

/** A path of the configuration: absolute, below the home directory, or relative to the configuration's folder. */
export function configuredPath(path: string, directory: string): string {
  return path.startsWith('~/') ? join(homedir(), path.slice(2)) : resolve(directory, path);
}

function buildHost(machine: MachineEntry, skuEntry: SkuEntry, directory: string): Host {
  const sku = buildSku(machine['machine-type'], skuEntry);
  const labels = nodeLabels({
    paiMaster: machine['pai-master'] === 'true',
    paiWorker: machine['pai-worker'] === 'true',
    nodeExporter: machine['node-exporter'] === 'true',
    gpu: sku.gpu !== undefined,
  });
  // Templates see what a machine is and what it is labelled with, never how to log in with a password.
  const { password: _password, ...visible } = machine;
  return {
    name: machine.hostname,
    address: machine.hostip,
    role: machine['k8s-role'],
    sku,
    login: buildLogin(machine, directory),
    ...(machine.etcdid === undefined ? {} : { etcdId: machine.etcdid }),
    ...(machine.zkid === undefined ? {} : { zkId: machine.zkid }),
    dashboard: machine.dashboard === 'true',
    paiMaster: machine['pai-master'] === 'true',
    paiWorker: machine['pai-worker'] === 'true',
    nodeExporter: labels['node-exporter'] === 'true',
    labels,
    raw: { ...visible, ...labels },
  };
}

function buildSku(name: string, entry: SkuEntry): Sku {
  return {
    name,
    memoryGb: entry.mem,
    vcores: entry.cpu.vcore,
    ...(entry.gpu && entry.gpu.count > 0 ? { gpu: { ...entry.gpu } } : {}),
    os: entry.os,
    ...(entry.dataFolder === undefined ? {} : { dataFolder: entry.dataFolder }),
  };
}

function buildLogin(machine: MachineEntry, directory: string): HostLogin {
  const keyPath = machine['ssh-keyfile-path'];
  return {
    name: machine.hostname,
    address: machine.hostip,
    port: machine.sshport ?? 22,
    // The cross checks have told of a machine without one.
    user: machine.username ?? '',
    ...(machine.password === undefined ? {} : { password: machine.password }),
    ...(keyPath === undefined ? {} : { keyPath: configuredPath(keyPath, directory) }),
  };
}
