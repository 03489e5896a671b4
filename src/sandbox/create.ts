import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { PaiError } from '../model/errors.js';
import type { SandboxDescription, SandboxHost, SandboxLayout } from './layout.js';

/** How many machines of each kind. */
export interface SandboxSize {
  readonly masters: number;
  readonly workers: number;
  /** A machine in front of the masters; without one the API is reached at the first master. */
  readonly proxy: boolean;
  /** Without a shell on the hosts: what very many need. */
  readonly hostsInProcess?: boolean;
}

/** More hosts with a shell than this would keep a machine busy for minutes. */
const MOST_WITH_SHELL = 300;

/** What a sandbox is made of unless somebody asks for more. */
export const USUAL_SIZE: SandboxSize = { masters: 3, workers: 2, proxy: true };

const CLUSTER_ID = 'pai-sandbox';
const REGISTRY = 'registry.sandbox:5000';
const USER = 'pai';

/** The sandbox's description, or undefined when there is none. Throws SANDBOX for one that can't be read. */
export async function readSandbox(layout: SandboxLayout): Promise<SandboxDescription | undefined> {
  let text: string;
  try {
    text = await readFile(layout.description, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const description: SandboxDescription = JSON.parse(text);
    if (description.format === 1) return description;
  } catch {
    // told below: it is the same to whoever reads it
  }
  throw new PaiError('SANDBOX', `${layout.description} can't be read`, {
    next: 'Make the sandbox anew: `pai sandbox reset`, then `pai sandbox create`.',
  });
}

/** The sandbox; one of the usual size is made when there is none. */
export async function ensureSandbox(layout: SandboxLayout): Promise<SandboxDescription> {
  return (await readSandbox(layout)) ?? createSandbox(layout, USUAL_SIZE);
}

/**
 * Writes the machines and a configuration for them. Throws SANDBOX when there is a sandbox already, USAGE for a size that
 * can't be.
 */
export async function createSandbox(layout: SandboxLayout, size: SandboxSize): Promise<SandboxDescription> {
  if ((await readSandbox(layout)) !== undefined) {
    throw new PaiError('SANDBOX', 'there is a sandbox already', {
      next: 'Remove it with `pai sandbox reset`, or use it: `pai sandbox status`.',
    });
  }
  const sandbox = describe(size);
  await mkdir(layout.directory, { recursive: true, mode: 0o700 });
  await writeConfiguration(layout, sandbox);
  // Last: what is not described does not exist.
  await writeDescription(layout, sandbox);
  return sandbox;
}

/** Whole or not at all. */
export async function writeDescription(layout: SandboxLayout, sandbox: SandboxDescription): Promise<void> {
  await writeFile(`${layout.description}.new`, `${JSON.stringify(sandbox, undefined, 2)}\n`, { mode: 0o600 });
  await rename(`${layout.description}.new`, layout.description);
}

/** Removes the sandbox with all that is in it. */
export async function removeSandbox(layout: SandboxLayout): Promise<void> {
  // First: what is removed by halves is no sandbox any more.
  await rm(layout.description, { force: true });
  await rm(layout.directory, { recursive: true, force: true });
}

/** Machines of a role, counted from an index on. */
export function machinesOf(role: SandboxHost['role'], count: number, from = 0): readonly SandboxHost[] {
  const net = { master: 0, proxy: 1, worker: 2 }[role];
  return Array.from({ length: count }, (_, each) => {
    const index = from + each;
    const address = `10.77.${net + Math.floor(index / 250)}.${(index % 250) + 1}`;
    return { name: `${role}${index + 1}`, address, role };
  });
}

/** Whether so many hosts can be had. @throws PaiError USAGE */
export function checkHostCount(count: number, inProcess: boolean): void {
  if (inProcess || count <= MOST_WITH_SHELL) return;
  throw new PaiError('USAGE', `${count} hosts with a shell each are too many for one machine`, {
    next: `Say --hosts-in-process when the sandbox is made: the SSH protocol stays, the shell is left out. Up to ${MOST_WITH_SHELL} hosts may have one.`,
  });
}

function describe({ masters, workers, proxy, hostsInProcess = false }: SandboxSize): SandboxDescription {
  if (masters < 1) throw new PaiError('USAGE', 'a cluster needs a master', { next: 'Say --masters 1 or more.' });
  if (masters > 1 && !proxy) {
    throw new PaiError('USAGE', 'several masters need a proxy in front of them', { next: 'Leave out --no-proxy.' });
  }
  checkHostCount(masters + workers + (proxy ? 1 : 0), hostsInProcess);
  const hosts = [
    ...machinesOf('master', masters),
    ...machinesOf('proxy', proxy ? 1 : 0),
    ...machinesOf('worker', workers),
  ];
  const entry = hosts.find(({ role }) => role === 'proxy') ?? hosts[0];
  return {
    format: 1,
    hosts,
    login: { user: USER, password: randomBytes(9).toString('base64url') },
    registry: { domain: REGISTRY, user: USER, password: randomBytes(9).toString('base64url') },
    apiAddress: entry?.address ?? '',
    ...(hostsInProcess && { hostsInProcess }),
  };
}

async function writeConfiguration(layout: SandboxLayout, sandbox: SandboxDescription): Promise<void> {
  const { dump } = await import('js-yaml');
  await mkdir(layout.configuration, { recursive: true, mode: 0o700 });
  // Where this installation of pai has them; from chunks/ of a bundle it is the same.
  const schemas = path.relative(layout.configuration, fileURLToPath(new URL('../../schemas', import.meta.url)));
  const write = (name: string, what: string, content: object): Promise<void> =>
    writeFile(
      path.join(layout.configuration, `${name}.yaml`),
      `# yaml-language-server: $schema=${schemas}/${name}.schema.json\n# ${what} Of the sandbox: made by pai sandbox create, and yours to edit.\n${dump(content)}`,
      { mode: 0o600 },
    );
  await Promise.all([
    write('cluster-configuration', 'The machines.', machines(sandbox)),
    write('kubernetes-configuration', 'Kubernetes.', kubernetes(sandbox)),
    write('services-configuration', 'The services.', services(sandbox)),
    write('k8s-role-definition', 'What machines of each role run.', ROLES),
  ]);
}

/** A machine of cluster-configuration.yaml. */
export function machineEntry(host: SandboxHost): Readonly<Record<string, string>> {
  return {
    hostname: host.name,
    hostip: host.address,
    'machine-type': 'SIMULATED',
    'k8s-role': host.role,
    ...(host.role === 'worker' && { 'pai-worker': 'true' }),
  };
}

function machines({ hosts, login }: SandboxDescription): object {
  const firstWorker = hosts.find(({ role }) => role === 'worker');
  const list = hosts.map((host, index) => ({
    ...machineEntry(host),
    ...(host.role === 'master' && { etcdid: `etcd${index + 1}` }),
    ...(index === 0 && { zkid: '1', dashboard: 'true', 'pai-master': 'true' }),
    ...(firstWorker === undefined && index === 0 && { 'pai-worker': 'true' }),
  }));
  return {
    'default-machine-properties': { username: login.user, password: login.password, sshport: 22 },
    'machine-sku': { SIMULATED: { mem: 4, cpu: { vcore: 2 }, os: 'debian12' } },
    'machine-list': list,
  };
}

function kubernetes({ apiAddress }: SandboxDescription): object {
  return {
    kubernetes: {
      'cluster-dns': '10.77.255.254',
      'load-balance-ip': apiAddress,
      'service-cluster-ip-range': '10.96.0.0/16',
      'storage-backend': 'etcd3',
      'docker-registry': 'kubernetes.sandbox',
      'docker-registry-insecure': 'true',
      'hyperkube-version': 'v1.20.2',
      'etcd-version': '3.4.23',
      'apiserver-version': 'v1.20.2',
      'kube-scheduler-version': 'v1.20.2',
      'kube-controller-manager-version': 'v1.20.2',
      'dashboard-version': 'v2.2.0',
    },
  };
}

function services({ registry }: SandboxDescription): object {
  return {
    cluster: {
      clusterid: CLUSTER_ID,
      'data-path': '/datastorage',
      'docker-registry-info': {
        'docker-namespace': 'pai',
        'docker-registry-domain': registry.domain,
        'docker-username': registry.user,
        'docker-password': registry.password,
        'docker-tag': 'v0.1',
        'secret-name': 'pai-registry',
        'docker-registry-insecure': 'true',
      },
    },
    pylon: { port: 80 },
  };
}

const manifests = (name: string) => [{ src: `${name}.yaml`, dst: '/etc/kubernetes/manifests' }];
const components = (...names: readonly string[]) => ({ component: names.map((name) => ({ name })) });

const ROLES = {
  'component-list': {
    apiserver: manifests('apiserver'),
    'controller-manager': manifests('controller-manager'),
    scheduler: manifests('scheduler'),
    etcd: manifests('etcd'),
    haproxy: [...manifests('haproxy'), { src: 'haproxy.cfg', dst: '/etc/haproxy' }],
    kubelet: [{ src: 'kubelet.sh', dst: '/etc/kubernetes' }],
    kubeconfig: [{ src: 'kubeconfig', dst: '/etc/kubernetes' }],
  },
  'k8s-role': {
    master: components('apiserver', 'controller-manager', 'etcd', 'scheduler', 'kubelet', 'kubeconfig'),
    worker: components('kubelet', 'kubeconfig'),
    proxy: components('kubelet', 'haproxy', 'kubeconfig'),
  },
};
