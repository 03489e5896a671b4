import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  apiServerAnswers,
  etcdCommits,
  type HostLayout,
  hasFault,
  kubeletRuns,
  type SandboxDescription,
  type SandboxHost,
  type SandboxLayout,
  staticPodRuns,
} from '../layout.js';

/** Exit with words that the operator reads: what `fail` of a host script does. */
export class ScriptFailure extends Error {}

/** A kubelet container as it was started. */
interface Container {
  readonly name: string;
  readonly image: string;
  /** `name=value`. */
  readonly label: string;
}

/**
 * One simulated machine as its scripts see it, without a shell: Docker, kubelet and what that runs. All of it is the files
 * of `layout.ts`, as the simulated commands of hosts with a shell keep them.
 */
export class Machine {
  readonly host: SandboxHost;
  readonly own: HostLayout;
  readonly #layout: SandboxLayout;
  readonly #sandbox: SandboxDescription;

  constructor(layout: SandboxLayout, sandbox: SandboxDescription, host: SandboxHost) {
    this.#layout = layout;
    this.#sandbox = sandbox;
    this.host = host;
    this.own = layout.host(host.name);
  }

  /** Below the host's root, whatever the path begins with. */
  at(...names: readonly string[]): string {
    return path.join(this.own.root, ...names);
  }

  get dockerRuns(): boolean {
    return existsSync(path.join(this.own.docker, 'running'));
  }

  /** Without packages there is no difference between an engine that is installed and one that runs. */
  startDocker(): void {
    mkdirSync(this.own.docker, { recursive: true });
    writeFileSync(path.join(this.own.docker, 'running'), '');
  }

  /** What is wrong, or undefined. Hosts that are down are not asked. */
  dockerProblem(): string | undefined {
    return this.dockerRuns ? undefined : 'Docker does not answer';
  }

  kubeletProblem(): string | undefined {
    return kubeletRuns(this.own) ? undefined : 'the kubelet container is not running';
  }

  podProblem(name: string): string | undefined {
    if (staticPodRuns(this.own, name)) return undefined;
    const isThere = kubeletRuns(this.own) && existsSync(this.at('etc/kubernetes/manifests', `${name}.yaml`));
    return `no container of ${name} runs: ${isThere ? 'Exited (1) (simulated)' : ''}`;
  }

  etcdProblem(): string | undefined {
    const problem = this.podProblem('etcd');
    if (problem !== undefined || etcdCommits(this.#layout, this.#sandbox, this.host)) return problem;
    return 'https://127.0.0.1:2379 is unhealthy: failed to commit proposal: context deadline exceeded (simulated)\nError: unhealthy cluster';
  }

  /** Of the API server on this host. */
  apiServerProblem(): string | undefined {
    const problem = this.#kubectlProblem();
    if (problem !== undefined) return problem;
    if (!staticPodRuns(this.own, 'kube-apiserver')) return refused('127.0.0.1:6443');
    if (etcdCommits(this.#layout, this.#sandbox, this.host)) return undefined;
    return 'Error from server (InternalError): an error on the server ("[-]etcd failed: reason withheld\\nreadyz check failed") has prevented the request from succeeding';
  }

  /** Of a component of the control plane on this host, which listens on a port. */
  componentProblem(name: string, port: string): string | undefined {
    return this.#kubectlProblem() ?? (staticPodRuns(this.own, name) ? undefined : refused(`127.0.0.1:${port}`));
  }

  /** Whether the node of an address is Ready, as the API tells that any master answers. */
  nodeProblem(address: string): string | undefined {
    const problem = this.#kubectlProblem();
    if (problem !== undefined) return problem;
    const masters = this.#sandbox.hosts.filter(({ role }) => role === 'master');
    if (!masters.some((master) => apiServerAnswers(this.#layout, this.#sandbox, master))) {
      return refused(`${this.host.address}:6443`);
    }
    const node = this.#sandbox.hosts.find((host) => host.address === address);
    const folder = node && this.#layout.host(node.name);
    if (folder === undefined || !existsSync(path.join(folder.docker, 'containers/kubelet'))) {
      return `Error from server (NotFound): nodes "${address}" not found`;
    }
    return kubeletRuns(folder) ? undefined : `node ${address} is not Ready: Kubelet stopped posting node status.`;
  }

  /** Why an image can't be had, or undefined once the host has it. */
  pullProblem(image: string): string | undefined {
    const file = path.join(this.own.docker, 'images', image.replaceAll('/', '%'));
    if (!this.dockerRuns) return 'Cannot connect to the Docker daemon (simulated)';
    if (existsSync(file)) return undefined;
    if (hasFault(this.#layout, 'registry-down')) return 'connection refused (simulated)';
    if (hasFault(this.own, 'disk-full')) return 'no space left on device (simulated)';
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, '');
    return undefined;
  }

  labelsOf(container: string): readonly string[] {
    return (
      readIfThere(path.join(this.own.docker, 'containers', container, 'labels'))
        ?.toString()
        .split('\n') ?? []
    );
  }

  /** In place of one that there was. */
  run({ name, image, label }: Container): void {
    const folder = path.join(this.own.docker, 'containers', name);
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, 'command'), `${image}\n`);
    writeFileSync(path.join(folder, 'labels'), `${label}\n`);
    // A new file: its time tells one run from another.
    rmSync(path.join(folder, 'state'), { force: true });
    writeFileSync(path.join(folder, 'state'), 'running\n');
  }

  removeContainer(name: string): void {
    rmSync(path.join(this.own.docker, 'containers', name), { recursive: true, force: true });
  }

  /** `docker exec kubelet kubectl` */
  #kubectlProblem(): string | undefined {
    if (kubeletRuns(this.own)) return undefined;
    if (!this.dockerRuns) return 'Cannot connect to the Docker daemon (simulated)';
    return existsSync(path.join(this.own.docker, 'containers/kubelet'))
      ? 'Error response from daemon: Container kubelet is not running'
      : 'Error: No such container: kubelet';
  }
}

function refused(server: string): string {
  return `The connection to the server ${server} was refused - did you specify the right host or port?`;
}

/** Content of a file, or undefined when there is none. */
export function readIfThere(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}
