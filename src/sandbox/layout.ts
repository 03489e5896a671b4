import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/**
 * Where a sandbox keeps what is simulated, and what follows from that. Everything that can be asked of a host is derived
 * from its files, so that a host's commands (sh), the servers (TypeScript) and the next command of pai see the same.
 *
 *     sandbox.json                      the machines (SandboxDescription)
 *     configuration/                    the configuration files, with the pki/ and known_hosts that pai adds
 *     operator/                         the operator's kubectl and kubeconfig
 *     cache/                            what runs of pai on the sandbox keep
 *     hosts/<name>/root/                what stands for the host's `/`
 *     hosts/<name>/bin/                 first in the host's PATH: commands that were installed there, like docker
 *     hosts/<name>/docker/              Docker's state; `running` exists while the engine runs
 *     hosts/<name>/docker/containers/<container>/state    `running` or `exited`, beside what it was started with
 *     hosts/<name>/faults/<fault>       exists while the fault is on; its content may say more
 *     hosts/<name>/host-key             SSH host key, PEM
 *     hosts/<name>/address, password    what its commands have to know
 *     commands/                         commands that all hosts have
 *     faults/<fault>                    of the whole sandbox: registry-down, api-down
 *     kubernetes/                       what etcd would hold
 *     registry/                         the registry's blobs and manifests
 *     engine/                           images of the dev box's Docker Engine
 */
export interface SandboxLayout {
  readonly directory: string;
  readonly description: string;
  readonly configuration: string;
  readonly operator: string;
  readonly commands: string;
  readonly faults: string;
  readonly kubernetes: string;
  readonly registry: string;
  readonly engine: string;
  host(name: string): HostLayout;
}

/** Folders of one host. */
export interface HostLayout {
  readonly directory: string;
  readonly root: string;
  readonly bin: string;
  readonly docker: string;
  readonly faults: string;
  readonly hostKey: string;
}

/** The layout of the sandbox in a folder, which need not exist. */
export function sandboxLayout(directory: string): SandboxLayout {
  const at = (name: string) => path.join(directory, name);
  // Asked for very often, and for very many.
  const hosts = new Map<string, HostLayout>();
  return {
    directory,
    description: at('sandbox.json'),
    configuration: at('configuration'),
    operator: at('operator'),
    commands: at('commands'),
    faults: at('faults'),
    kubernetes: at('kubernetes'),
    registry: at('registry'),
    engine: at('engine'),
    host(name) {
      const known = hosts.get(name) ?? hostLayout(path.join(directory, 'hosts', name));
      hosts.set(name, known);
      return known;
    },
  };
}

function hostLayout(directory: string): HostLayout {
  const within = (folder: string) => path.join(directory, folder);
  return {
    directory,
    root: within('root'),
    bin: within('bin'),
    docker: within('docker'),
    faults: within('faults'),
    hostKey: within('host-key'),
  };
}

/** A machine of the sandbox. */
export interface SandboxHost {
  readonly name: string;
  /** IPv4; also the name of its node. */
  readonly address: string;
  readonly role: 'master' | 'worker' | 'proxy';
}

/** sandbox.json: what the servers have to know. */
export interface SandboxDescription {
  readonly format: 1;
  readonly hosts: readonly SandboxHost[];
  /** Who may log in, and use sudo, on every host. */
  readonly login: { readonly user: string; readonly password: string };
  /** Who may push to the registry. */
  readonly registry: { readonly domain: string; readonly user: string; readonly password: string };
  /** Address under which hosts and pai reach the API server. */
  readonly apiAddress: string;
  /** Commands on hosts are answered by pai itself, without a shell: for very many hosts. */
  readonly hostsInProcess?: true;
}

/** Faults of one host. */
export const HOST_FAULTS = [
  'down',
  'cut',
  'slow',
  'disk-full',
  'sudo-denied',
  'wipe',
  'kubelet-dead',
  'etcd-dead',
] as const;
export type HostFault = (typeof HOST_FAULTS)[number];

/** Faults of the whole sandbox. */
export const SANDBOX_FAULTS = ['registry-down', 'api-down'] as const;
export type SandboxFault = (typeof SANDBOX_FAULTS)[number];

/** Whether a fault is on. */
export function hasFault(folder: { readonly faults: string }, fault: HostFault | SandboxFault): boolean {
  return existsSync(path.join(folder.faults, fault));
}

/** Whether kubelet runs on a host: the machine is up, Docker runs, and so does the container. */
export function kubeletRuns(host: HostLayout): boolean {
  return !hasFault(host, 'down') && dockerRuns(host) && containerState(host, 'kubelet') === 'running';
}

/** Whether kubelet runs a static pod: it is there, and so is the manifest. etcd may be kept from running by a fault. */
export function staticPodRuns(host: HostLayout, name: string): boolean {
  if (name === 'etcd' && hasFault(host, 'etcd-dead')) return false;
  return kubeletRuns(host) && existsSync(manifestPath(host, name));
}

/** The manifest of a static pod, on a host. */
export function manifestPath(host: HostLayout, name: string): string {
  return path.join(host.root, 'etc/kubernetes/manifests', `${name}.yaml`);
}

/** Whether the member of etcd on a host can commit: it runs, and with it more than half of the members. */
export function etcdCommits(layout: SandboxLayout, sandbox: SandboxDescription, host: SandboxHost): boolean {
  if (!staticPodRuns(layout.host(host.name), 'etcd')) return false;
  const members = membersOf(layout.host(host.name));
  const running = sandbox.hosts.filter(
    ({ name, address }) => members.includes(address) && staticPodRuns(layout.host(name), 'etcd'),
  );
  return running.length > members.length / 2;
}

/** Whether the API server on a host answers: it runs there, and its own member of etcd commits. */
export function apiServerAnswers(layout: SandboxLayout, sandbox: SandboxDescription, host: SandboxHost): boolean {
  return staticPodRuns(layout.host(host.name), 'kube-apiserver') && etcdCommits(layout, sandbox, host);
}

/** Addresses of the members that one knows: those that were kept since one was added or removed, else those that its manifest names. */
function membersOf(host: HostLayout): readonly string[] {
  try {
    return readFileSync(path.join(host.root, 'var/lib/etcd/data/members'), 'utf8').trim().split(' ');
  } catch {
    return etcdMembers(readFileSync(manifestPath(host, 'etcd'), 'utf8'));
  }
}

/** Addresses of the peers in `--initial-cluster=NAME=https://ADDRESS:2380,...` of an etcd manifest. */
export function etcdMembers(manifest: string): readonly string[] {
  const [, list = ''] = /--initial-cluster=(\S+)/.exec(manifest) ?? [];
  return [...list.matchAll(/=https?:\/\/([^:,/]+):\d+/g)].map(([, address = '']) => address);
}

function dockerRuns(host: HostLayout): boolean {
  return existsSync(path.join(host.docker, 'running'));
}

function containerState(host: HostLayout, container: string): string | undefined {
  try {
    return readFileSync(path.join(host.docker, 'containers', container, 'state'), 'utf8').trim();
  } catch {
    return undefined;
  }
}
