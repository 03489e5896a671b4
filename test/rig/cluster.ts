import { execFile } from 'node:child_process';
import { homedir } from 'node:os';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { clusterId, hostName, onHost, RigProject, rig } from './rig.js';

const call = promisify(execFile);

/** Hosts of a cluster, by what they are in it. */
export interface Shape {
  readonly masters: readonly string[];
  readonly workers: readonly string[];
  readonly proxies: readonly string[];
}

/** Names of hosts for a cluster, from the rig's host number `first` on: masters, then workers, then proxies. */
export function shape(first: number, masters: number, workers: number, proxies = 0): Shape {
  const names = (from: number, count: number): string[] =>
    Array.from({ length: count }, (_, index) => hostName(from + index));
  return {
    masters: names(first, masters),
    workers: names(first + masters, workers),
    proxies: names(first + masters + workers, proxies),
  };
}

/** A cluster on hosts of the rig that are its own. */
export class RigCluster {
  readonly project: RigProject;
  readonly masters: readonly string[];
  readonly workers: readonly string[];
  readonly hosts: readonly string[];

  private constructor(project: RigProject, { masters, workers, proxies }: Shape) {
    this.project = project;
    this.masters = masters;
    this.workers = workers;
    this.hosts = [...masters, ...workers, ...proxies];
  }

  /** Fresh, bare hosts, and a configuration of them; pai has done nothing yet. */
  static async create(hosts: Shape): Promise<RigCluster> {
    const { masters, workers, proxies } = hosts;
    await rig('up.sh', '--fresh', ...masters, ...workers, ...proxies);
    const project = await RigProject.create(masters.join(','), workers.join(','), proxies.join(','));
    return new RigCluster(project, hosts);
  }

  async remove(): Promise<void> {
    await this.project.remove();
    await rig('down.sh', ...this.hosts);
  }

  /** The operator's own kubectl; words as a list when one has blanks. Rejects when it fails. */
  async kubectl(words: string | readonly string[]): Promise<string> {
    const folder = path.join(homedir(), '.kube', `pai-${clusterId}`);
    const line = [
      `--kubeconfig=${path.join(folder, 'config')}`,
      '--request-timeout=5s',
      ...(typeof words === 'string' ? words.split(' ') : words),
    ];
    return (await call(path.join(folder, 'kubectl'), line)).stdout;
  }

  /** etcdctl in the member on a host; its exit code does not matter. */
  async etcdctl(host: string, words: string): Promise<string> {
    const pki = '/etc/kubernetes/pki';
    const files = `--cacert=${pki}/etcd-ca.crt --cert=${pki}/etcd-client.crt --key=${pki}/etcd-client.key`;
    return onHost(host, `docker exec $(docker ps -qf name=^/k8s_etcd_) etcdctl ${files} ${words}`);
  }

  /** Shuts a host down. */
  async stop(host: string): Promise<void> {
    await call('docker', ['stop', '--time', '1', `pairig-${host}`]);
  }

  /** Takes the power from a host: nothing on it is told before. */
  async crash(host: string): Promise<void> {
    await call('docker', ['kill', `pairig-${host}`]);
  }

  async start(host: string): Promise<void> {
    await call('docker', ['start', `pairig-${host}`]);
  }

  /** A host is down while something goes on. */
  async whileDown<Result>(host: string, work: () => Promise<Result>): Promise<Result> {
    await this.stop(host);
    try {
      return await work();
    } finally {
      await this.start(host);
    }
  }
}

/** Tries until it works, for two minutes unless told; then with the last error. */
export async function eventually<Result>(work: () => Promise<Result>, seconds = 120): Promise<Result> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (Date.now() > end) throw error;
      await setTimeout(1000);
    }
  }
}
