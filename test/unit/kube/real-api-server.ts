import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { KubeClient, type KubeCredentials } from '../../../src/kube/client.js';
import { TestAuthority, type TestCertificate } from './test-certificates.js';

const BINARIES = process.env.PAI_TEST_KUBERNETES;
const ETCD = '/usr/bin/etcd';

/** Why there is no real API server to test against; undefined when there is one. */
export const missingRealServer: string | undefined =
  BINARIES === undefined
    ? 'set PAI_TEST_KUBERNETES to a folder with kube-apiserver and kube-controller-manager'
    : [join(BINARIES, 'kube-apiserver'), join(BINARIES, 'kube-controller-manager'), ETCD]
        .filter((file) => !existsSync(file))
        .map((file) => `${file} is missing`)[0];

/** etcd, kube-apiserver and kube-controller-manager on loopback: everything of Kubernetes but nodes. */
export class RealApiServer {
  readonly server: string;
  /** The administrator's. */
  readonly credentials: KubeCredentials;
  /** Where certificates are. */
  readonly authority: TestAuthority;
  readonly #folder: string;
  readonly #processes: readonly ChildProcess[];

  private constructor(
    folder: string,
    server: string,
    authority: TestAuthority,
    admin: TestCertificate,
    processes: readonly ChildProcess[],
  ) {
    this.#folder = folder;
    this.server = server;
    this.authority = authority;
    this.credentials = this.as(admin);
    this.#processes = processes;
  }

  /** Credentials of whom a certificate names. */
  as({ certificate, key }: { readonly certificate: string; readonly key: string }): KubeCredentials {
    return { server: this.server, ca: this.authority.ca.certificate, certificate, key };
  }

  static async start(): Promise<RealApiServer> {
    const folder = await mkdtemp(join(tmpdir(), 'pai-kubernetes-'));
    const authority = await TestAuthority.create(folder, 'ca');
    const [serving, admin, [etcdPort, peerPort, port]] = await Promise.all([
      authority.issue('serving', '/CN=kube-apiserver', '127.0.0.1'),
      authority.issue('admin', '/O=system:masters/CN=admin'),
      freePorts(),
    ]);
    const etcd = `http://127.0.0.1:${etcdPort}`;
    const server = `https://127.0.0.1:${port}`;
    const kubeconfig = await writeKubeconfig(folder, server, authority, admin);
    const processes = [
      start(folder, ETCD, [
        `--data-dir=${folder}/etcd`,
        `--listen-client-urls=${etcd}`,
        `--advertise-client-urls=${etcd}`,
        `--listen-peer-urls=http://127.0.0.1:${peerPort}`,
        `--initial-advertise-peer-urls=http://127.0.0.1:${peerPort}`,
        `--initial-cluster=default=http://127.0.0.1:${peerPort}`,
      ]),
      start(folder, join(BINARIES ?? '', 'kube-apiserver'), [
        `--etcd-servers=${etcd}`,
        '--bind-address=127.0.0.1',
        `--secure-port=${port}`,
        `--tls-cert-file=${serving.certificateFile}`,
        `--tls-private-key-file=${serving.keyFile}`,
        `--client-ca-file=${authority.ca.certificateFile}`,
        `--kubelet-client-certificate=${admin.certificateFile}`,
        `--kubelet-client-key=${admin.keyFile}`,
        '--authorization-mode=RBAC',
        '--allow-privileged=true',
        '--service-account-issuer=https://kubernetes.default.svc',
        `--service-account-signing-key-file=${serving.keyFile}`,
        `--service-account-key-file=${serving.certificateFile}`,
        '--service-cluster-ip-range=10.0.0.0/24',
        '--kubelet-preferred-address-types=InternalIP',
      ]),
    ];
    const startControllers = () =>
      start(folder, join(BINARIES ?? '', 'kube-controller-manager'), [
        `--kubeconfig=${kubeconfig}`,
        `--service-account-private-key-file=${serving.keyFile}`,
        `--root-ca-file=${authority.ca.certificateFile}`,
        '--use-service-account-credentials=false',
        '--leader-elect=false',
        '--port=0',
        '--secure-port=0',
      ]);
    const real = new RealApiServer(folder, server, authority, admin, processes);
    try {
      await real.#waitFor('/api/v1/namespaces/default');
      // These give up when the API server takes more than 10 s to answer, as it may beside other tests.
      processes.push(startControllers());
      // With the default service account there, the controllers work, too.
      await real.#waitFor('/api/v1/namespaces/default/serviceaccounts/default');
    } catch (error) {
      await real.#end();
      throw error;
    }
    return real;
  }

  async stop(): Promise<void> {
    await this.#end();
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** Ends the processes; their logs stay. */
  async #end(): Promise<void> {
    for (const child of this.#processes.toReversed()) {
      if (child.exitCode !== null) continue;
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
    }
  }

  /** Until a path is answered. */
  async #waitFor(path: string): Promise<void> {
    const client = new KubeClient(async () => this.credentials, 5);
    for (let attempt = 0; attempt < 160; attempt++) {
      const dead = this.#processes.find((child) => child.exitCode !== null);
      if (dead !== undefined) throw new Error(`${dead.spawnfile} exited with ${dead.exitCode}; see ${this.#folder}`);
      const isThere = await client.send({ method: 'GET', path, what: 'wait' }).then(
        (body) => body !== undefined,
        () => false,
      );
      if (isThere) return client.close();
      await delay(250);
    }
    throw new Error(`the API server did not get ready; see ${this.#folder}`);
  }
}

function start(folder: string, program: string, args: readonly string[]): ChildProcess {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], cwd: folder });
  const log = createWriteStream(`${folder}/${program.split('/').at(-1)}.log`);
  child.stdout.pipe(log);
  child.stderr.pipe(log);
  return child;
}

async function writeKubeconfig(
  folder: string,
  server: string,
  authority: TestAuthority,
  admin: TestCertificate,
): Promise<string> {
  const file = join(folder, 'kubeconfig');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server, 'certificate-authority': authority.ca.certificateFile } }],
    users: [{ name: 'admin', user: { 'client-certificate': admin.certificateFile, 'client-key': admin.keyFile } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
    'current-context': 'test',
  };
  await mkdir(folder, { recursive: true });
  await writeFile(file, JSON.stringify(config), { mode: 0o600 });
  return file;
}

async function freePorts(): Promise<readonly [number, number, number]> {
  const servers = await Promise.all([listen(), listen(), listen()]);
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  const [first = 0, second = 0, third = 0] = ports;
  return [first, second, third];
}

async function listen() {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
