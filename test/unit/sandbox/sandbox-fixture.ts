import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { KubeCredentials } from '../../../src/kube/client.js';
import type { CertificateSpec, IssuedCertificate } from '../../../src/model/drivers.js';
import { createAuthority, issueCertificate } from '../../../src/pki/certificates.js';
import { openSandboxKubernetes, type SandboxKubernetes } from '../../../src/sandbox/kubernetes.js';
import {
  type HostFault,
  manifestPath,
  type SandboxDescription,
  type SandboxFault,
  type SandboxHost,
  type SandboxLayout,
  sandboxLayout,
} from '../../../src/sandbox/layout.js';

const HAPROXY = 'haproxy';

/** Hosts of a sandbox, laid out as the tasks and the simulated commands would leave them. */
export class SandboxFixture {
  readonly layout: SandboxLayout;
  readonly sandbox: SandboxDescription;
  #issuer: IssuedCertificate;
  readonly #opened: SandboxKubernetes[] = [];

  private constructor(layout: SandboxLayout, sandbox: SandboxDescription) {
    this.layout = layout;
    this.sandbox = sandbox;
    this.#issuer = createAuthority('kubernetes-ca', 1, new Date());
  }

  /** An empty sandbox; nothing runs on its hosts. The API is reached at the first host of the role proxy, else master. */
  static create(roles: Readonly<Record<string, SandboxHost['role']>>): SandboxFixture {
    const hosts = Object.entries(roles).map(([name, role], index) => ({ name, role, address: `10.0.0.${index + 1}` }));
    const front = hosts.find(({ role }) => role === 'proxy') ?? hosts.find(({ role }) => role === 'master');
    return new SandboxFixture(sandboxLayout(mkdtempSync(path.join(tmpdir(), 'pai-sandbox-test-'))), {
      format: 1,
      hosts,
      login: { user: 'pai', password: 'login' },
      registry: { domain: 'registry.sandbox:5000', user: 'pai', password: 'push' },
      apiAddress: front?.address ?? '',
    });
  }

  /** One on whose hosts everything runs. */
  static running(roles: Readonly<Record<string, SandboxHost['role']>>): SandboxFixture {
    const fixture = SandboxFixture.create(roles);
    for (const { name } of fixture.sandbox.hosts) fixture.start(name);
    return fixture;
  }

  async remove(): Promise<void> {
    for (const api of this.#opened) await api.close();
    rmSync(this.layout.directory, { recursive: true, force: true });
  }

  /** Opens the API, as a command of pai does. */
  open(): SandboxKubernetes {
    const api = openSandboxKubernetes(this.layout, this.sandbox);
    this.#opened.push(api);
    return api;
  }

  /** Brings up everything that belongs on a host. */
  start(name: string): void {
    const host = this.sandbox.hosts.find((one) => one.name === name);
    if (host === undefined) throw new Error(`no host ${name}`);
    const { root, docker } = this.layout.host(name);
    this.#write(path.join(docker, 'running'), '');
    this.#write(path.join(root, 'etc/kubernetes/kubelet.conf'), 'kind: Config\n');
    this.kubelet(name, 'running');
    if (host.role === 'proxy') this.#write(manifestPath(this.layout.host(name), HAPROXY), 'kind: Pod\n');
    if (host.role !== 'master') return;
    const members = this.sandbox.hosts.filter(({ role }) => role === 'master');
    const cluster = members.map((member) => `${member.name}=https://${member.address}:2380`).join(',');
    this.manifest(name, 'etcd', `- --initial-cluster=${cluster}`);
    this.manifest(name, 'kube-apiserver', 'image: registry.example/hyperkube:v1.19.16');
    this.certificates(name);
  }

  manifest(name: string, pod: string, text: string): void {
    this.#write(manifestPath(this.layout.host(name), pod), `${text}\n`);
  }

  /** Takes a static pod off a host. */
  withdraw(name: string, pod: string): void {
    rmSync(manifestPath(this.layout.host(name), pod), { force: true });
  }

  kubelet(name: string, state: 'running' | 'exited'): void {
    this.#write(path.join(this.layout.host(name).docker, 'containers/kubelet/state'), `${state}\n`);
  }

  /** Everything on a host is gone, as after a new installation. */
  wipe(name: string): void {
    rmSync(this.layout.host(name).directory, { recursive: true, force: true });
  }

  fault(name: HostFault | SandboxFault, host?: string): void {
    this.#write(path.join((host === undefined ? this.layout : this.layout.host(host)).faults, name), '');
  }

  lift(name: HostFault | SandboxFault, host?: string): void {
    rmSync(path.join((host === undefined ? this.layout : this.layout.host(host)).faults, name), { force: true });
  }

  /** New certificate authorities: hosts that are started from now on have certificates of these. */
  renewAuthority(): void {
    this.#issuer = createAuthority('kubernetes-ca', 1, new Date());
  }

  certificates(name: string): void {
    const pki = path.join(this.layout.host(name).root, 'etc/kubernetes/pki');
    const { certificate, key } = this.issue({
      commonName: 'kube-apiserver',
      usages: ['server'],
      ipAddresses: ['127.0.0.1', this.sandbox.apiAddress],
    });
    this.#write(path.join(pki, 'kube-apiserver.crt'), certificate);
    this.#write(path.join(pki, 'kube-apiserver.key'), key);
    this.#write(path.join(pki, 'ca.crt'), this.#issuer.certificate);
  }

  issue(spec: Partial<CertificateSpec>, authority: IssuedCertificate = this.#issuer): IssuedCertificate {
    const whole: CertificateSpec = {
      ...{ ca: 'cluster', commonName: 'pai', organizations: [], dnsNames: [], ipAddresses: [], usages: ['client'] },
      days: 1,
      ...spec,
    };
    return issueCertificate(whole, authority, new Date());
  }

  /** Credentials of the administrator, or of whom is named; of another authority than the cluster's if so asked. */
  async credentials(
    api: SandboxKubernetes,
    user: {
      readonly commonName?: string;
      readonly organizations?: readonly string[];
      readonly stranger?: boolean;
    } = {},
  ): Promise<KubeCredentials> {
    const { stranger = false, commonName = 'pai', organizations = ['system:masters'] } = user;
    const issuer = stranger ? createAuthority('stranger', 1, new Date()) : this.#issuer;
    const { certificate, key } = this.issue({ commonName, organizations }, issuer);
    return { server: await api.url(), ca: this.#issuer.certificate, certificate, key };
  }

  #write(file: string, content: string): void {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
}
