import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RegistryAccess } from '../../../src/docker/registry-access.js';
import { makeCertificates } from './certificates.js';

const BINARY = 'docker-registry';
const USERNAME = 'pai';
const PASSWORD = 'secret-of-test';
/** bcrypt of that password: the registry takes nothing else. */
const HTPASSWD = `${USERNAME}:$2y$05$LwkMFWzgX4ZpLMxaBA7dSOoYPslbjOJjQFsdWUDbDfAne5B27qHb6\n`;

/** Whether Debian's docker-registry is installed; what needs it is skipped otherwise. */
export const hasRegistry = spawnSync(BINARY, ['--version']).status === 0;

/** CNCF Distribution's registry, a process of its own on loopback with a password, TLS unless `insecure`. */
export class RealRegistry {
  readonly access: RegistryAccess;
  readonly #process: ChildProcess;
  readonly #folder: string;

  private constructor(access: RegistryAccess, child: ChildProcess, folder: string) {
    this.access = access;
    this.#process = child;
    this.#folder = folder;
  }

  static async start(options: { readonly insecure: boolean; readonly deletion: boolean }): Promise<RealRegistry> {
    const folder = await mkdtemp(join(tmpdir(), 'pai-registry-'));
    const domain = `127.0.0.1:${await freePort()}`;
    const { ca, certificate, key } = makeCertificates(['127.0.0.1']);
    const caPath = join(folder, 'ca.crt');
    await writeFile(caPath, ca);
    await writeFile(join(folder, 'tls.crt'), certificate);
    await writeFile(join(folder, 'tls.key'), key, { mode: 0o600 });
    await writeFile(join(folder, 'htpasswd'), HTPASSWD);
    const tls = options.insecure ? [] : [`  tls: {certificate: ${folder}/tls.crt, key: ${folder}/tls.key}`];
    const configuration = [
      'version: 0.1',
      'log: {level: error, accesslog: {disabled: true}}',
      `storage: {filesystem: {rootdirectory: ${folder}/data}, delete: {enabled: ${options.deletion}}}`,
      'http:',
      `  addr: ${domain}`,
      ...tls,
      `auth: {htpasswd: {realm: test, path: ${folder}/htpasswd}}`,
    ];
    await writeFile(join(folder, 'config.yml'), `${configuration.join('\n')}\n`);
    const child = spawn(BINARY, ['serve', join(folder, 'config.yml')], { stdio: 'ignore' });
    const access = { domain, username: USERNAME, password: PASSWORD, insecure: options.insecure };
    const registry = new RealRegistry(options.insecure ? access : { ...access, caPath }, child, folder);
    await waitForPort(domain);
    return registry;
  }

  async stop(): Promise<void> {
    await new Promise((resolve) => {
      this.#process.once('exit', resolve);
      this.#process.kill();
    });
    await rm(this.#folder, { recursive: true });
  }

  /** Uploads an image without layers; for a registry in the clear. */
  async push(repository: string, tag: string, labels: Record<string, string>): Promise<void> {
    const config = JSON.stringify({ architecture: 'amd64', os: 'linux', config: { Labels: labels }, rootfs: {} });
    const mediaType = 'application/vnd.docker.distribution.manifest.v2+json';
    const manifest = {
      schemaVersion: 2,
      mediaType,
      config: {
        mediaType: 'application/vnd.docker.container.image.v1+json',
        size: config.length,
        digest: `sha256:${createHash('sha256').update(config).digest('hex')}`,
      },
      layers: [],
    };
    const headers = { Authorization: `Basic ${Buffer.from(`${USERNAME}:${PASSWORD}`).toString('base64')}` };
    const base = `http://${this.access.domain}/v2/${repository}`;
    const begun = await fetch(`${base}/blobs/uploads/`, { method: 'POST', headers });
    const upload = new URL(begun.headers.get('location') ?? '', base);
    upload.searchParams.set('digest', manifest.config.digest);
    const put = async (url: URL | string, type: string, body: string) => {
      const answer = await fetch(url, { method: 'PUT', headers: { ...headers, 'Content-Type': type }, body });
      if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
    };
    await put(upload, 'application/octet-stream', config);
    await put(`${base}/manifests/${tag}`, mediaType, JSON.stringify(manifest));
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return address.port;
}

async function waitForPort(domain: string): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const answered = await fetch(`http://${domain}/v2/`).then(
      () => true,
      () => false,
    );
    if (answered) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`the registry does not answer at ${domain}`);
}
