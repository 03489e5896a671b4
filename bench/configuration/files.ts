import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Names of the files of a configuration here, in the folder of a configuration. */
export const FILES = [
  'cluster-configuration.yaml',
  'kubernetes-configuration.yaml',
  'k8s-role-definition.yaml',
  'services-configuration.yaml',
  'service-list.yaml',
] as const;

/** One machine in so many has a mistake, where there are mistakes. */
export const MISTAKE_EVERY = 10;

/**
 * A configuration with so many machines: the example of this repository, with three masters, a proxy, and workers of two SKUs, some of
 * which have a login of their own. With mistakes, workers have a role that is misspelt.
 */
export function writeConfiguration(folder: string, machines: number, mistakes: boolean): void {
  mkdirSync(folder, { recursive: true });
  const example = (name: string): string => readFileSync(join('cluster-configuration', name), 'utf8');
  const write = (name: (typeof FILES)[number], text: string): void => {
    writeFileSync(join(folder, name), text);
    chmodSync(join(folder, name), 0o600);
  };
  write('cluster-configuration.yaml', clusterFile(machines, mistakes));
  write('kubernetes-configuration.yaml', example('kubernetes-configuration.yaml').replace('10.0.0.1\n', '10.0.0.4\n'));
  write('k8s-role-definition.yaml', example('k8s-role-definition.yaml'));
  write('services-configuration.yaml', example('services-configuration.yaml'));
  write('service-list.yaml', readFileSync('service-list.yaml', 'utf8'));
}

function clusterFile(machines: number, mistakes: boolean): string {
  const lines = [
    'default-machine-properties: {username: pai, ssh-keyfile-path: ~/.ssh/id, sshport: 22}',
    'machine-sku:',
    '  GENERIC: {mem: 16, cpu: {vcore: 4}, os: ubuntu20.04}',
    '  GPU: {mem: 224, gpu: {type: K80, count: 4}, cpu: {vcore: 24}, os: ubuntu20.04}',
    'machine-list:',
  ];
  for (let index = 1; index <= machines; index++) {
    const address = `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`;
    const role = index <= 3 ? 'master' : index === 4 ? 'proxy' : 'worker';
    const isWrong = mistakes && index > 4 && index % MISTAKE_EVERY === 0;
    lines.push(`  - hostname: node${index}`, `    hostip: ${address}`);
    lines.push(`    machine-type: ${index % 2 === 0 ? 'GPU' : 'GENERIC'}`);
    lines.push(`    k8s-role: ${isWrong ? 'wroker' : role}`);
    if (role === 'master') lines.push(`    etcdid: etcd${index}`);
    if (index === 1) lines.push('    zkid: "1"', '    dashboard: "true"', '    pai-master: "true"');
    if (role === 'worker') lines.push('    pai-worker: "true"');
    if (index % 5 === 0) lines.push('    username: ops', '    sshport: 2222');
  }
  return `${lines.join('\n')}\n`;
}
