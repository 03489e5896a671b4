import { execFile } from 'node:child_process';
import { copyFile, mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectEnd } from '../whole/project.js';
import { hostName, RigProject, rig } from './rig.js';

const call = promisify(execFile);

/** Where the rig keeps the binaries of Kubernetes. */
const binaries = path.join(process.env.PAI_RIG_CACHE ?? path.join(homedir(), '.cache/pai-rig'), 'kubernetes-1.20.2');

/** What `pai images list --json` tells, as far as it matters here. */
interface Listed {
  readonly images: readonly { readonly image: string; readonly publishedAs?: string; readonly mirroredTo?: string }[];
  readonly packages: readonly unknown[];
}

/**
 * Images for a closed network, from one place of the rig's registry to another. No host is asked anything, but the configuration names two.
 * Needs `npm run rig:up`.
 */
describe('images of a closed network', () => {
  const chosen = ['pause', 'etcd'];
  /** Of this run's own: nothing is there yet. */
  const place = `mirror-${Date.now()}`;
  let project: RigProject;
  let registry: string;

  beforeAll(async () => {
    const [master, worker] = [hostName(1), hostName(2)];
    await rig('up.sh', master, worker);
    project = await RigProject.create(master, worker);
    registry = JSON.parse(await rig('describe.sh')).registry.plain;
    const [upstream, own] = [`${registry}/pai`, `${registry}/${place}`];
    await project.edit('kubernetes-configuration.yaml', (text) =>
      text.replace(
        `"docker-registry": "${upstream}"`,
        `"docker-registry": "${own}", "upstream-registry": "${upstream}", "upstream-registry-insecure": "true"`,
      ),
    );
  });
  afterAll(() => project.remove());

  /** The image of a component as the configuration names it, without the registry and the place: `etcd:3.4.13`. */
  async function imageOf(name: string): Promise<string> {
    const { images } = await listed();
    const found = images.map(({ image }) => image).find((image) => image.startsWith(`${registry}/${place}/${name}:`));
    return found?.slice(found.lastIndexOf('/') + 1) ?? '';
  }

  async function listed(): Promise<Listed> {
    return (await project.pai('images', 'list')).end as unknown as Listed;
  }

  async function digestOf(from: string, image: string): Promise<string | null> {
    const [name, tag] = image.split(':');
    const response = await fetch(`http://${registry}/v2/${from}/${name}/manifests/${tag}`, {
      method: 'HEAD',
      headers: { accept: 'application/vnd.docker.distribution.manifest.v2+json' },
    });
    return response.headers.get('docker-content-digest');
  }

  it('are listed with where they come from and where they go', async () => {
    const { images, packages } = await listed();
    for (const name of chosen) {
      const image = `${registry}/${place}/${await imageOf(name)}`;
      const publishedAs = image.replace(place, 'pai');
      expect(images).toContainEqual(expect.objectContaining({ image, publishedAs, mirroredTo: image }));
    }
    expect(packages.length).toBeGreaterThan(0);
  });

  it('are copied to the configured registry as they are, and then nothing is left to do', async () => {
    const mirrored = await project.pai('images', 'mirror', ...chosen);
    expectEnd(mirrored, { failed: 0, skipped: 0 });
    expect([...mirrored.ran].sort()).toEqual(chosen.map((name) => `mirror:${name}`).sort());
    for (const name of chosen) {
      const image = await imageOf(name);
      const original = await digestOf('pai', image);
      expect(original).toMatch(/^sha256:/);
      expect(await digestOf(place, image)).toBe(original);
    }
    const again = await project.pai('images', 'mirror', ...chosen);
    expect(again.code, again.text).toBe(0);
    expect(again.ran).toEqual([]);
    expect(again.text).toContain('2 of 2 are in the registry already');
  });

  it('that do not exist are refused by name, with exit code 2', async () => {
    const refused = await project.pai('images', 'mirror', 'puase');
    expect(refused.code).toBe(2);
    expect(refused.text).toContain('did you mean pause');
  });

  it('of which nobody publishes one any more: hyperkube is built of the binaries of a release', async () => {
    const files = path.join(project.clone, 'templates/images/hyperkube/binaries');
    await mkdir(files);
    for (const name of ['kubelet', 'kube-proxy', 'kubectl']) {
      await copyFile(path.join(binaries, name), path.join(files, name));
    }
    await project.edit('./service-list.yaml', (text) =>
      text.replace('image-list:\n', 'image-list:\n  hyperkube: {}\n'),
    );
    expectEnd(await project.pai('run', 'image:hyperkube'), { ran: 1, failed: 0, skipped: 0 });
    const image = `${registry}/${place}/hyperkube:v1.20.2`;
    await call('docker', ['rmi', '--force', image]);
    for (const program of ['kubelet', 'kube-proxy']) {
      const { stdout } = await call('docker', ['run', '--rm', image, '/hyperkube', program, '--version']);
      expect(stdout).toBe('Kubernetes v1.20.2\n');
    }
    expectEnd(await project.pai('run', 'image:hyperkube'), { ran: 0, failed: 0, skipped: 0 });
  });
});
