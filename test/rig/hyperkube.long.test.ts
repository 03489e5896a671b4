import { copyFile, mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { load } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectEnd } from '../whole/project.js';
import { eventually, RigCluster, shape } from './cluster.js';
import { onHost, rig } from './rig.js';

/** Where the rig keeps the binaries of Kubernetes. */
const binaries = path.join(process.env.PAI_RIG_CACHE ?? path.join(homedir(), '.cache/pai-rig'), 'kubernetes-1.20.2');

/**
 * A master and a worker whose kubelet and kube-proxy are of the hyperkube image that pai builds of the binaries of a release and pushes; the other images are
 * mirrored to the same place of the rig's registry, in which nothing was before. Tests go in order. Needs `npm run rig:up`.
 */
const hosts = shape(5, 1, 1);
/** Of this run's own. */
const place = `built-${Date.now()}`;
const { images, registry } = JSON.parse(await rig('describe.sh')) as {
  readonly images: { readonly prefix: string };
  readonly registry: { readonly plain: string };
};
const image = `${registry.plain}/${place}/hyperkube:v1.20.2`;
let cluster: RigCluster;

beforeAll(async () => {
  cluster = await RigCluster.create(hosts);
  const { project } = cluster;
  await project.edit('kubernetes-configuration.yaml', (text) => {
    const { kubernetes } = load(text) as { readonly kubernetes: object };
    const own = {
      'docker-registry': `${registry.plain}/${place}`,
      'upstream-registry': images.prefix,
      'upstream-registry-insecure': 'true',
    };
    return JSON.stringify({ kubernetes: { ...kubernetes, ...own } });
  });
  const files = path.join(project.clone, 'templates/images/hyperkube/binaries');
  await mkdir(files);
  for (const name of ['kubelet', 'kube-proxy', 'kubectl'])
    await copyFile(path.join(binaries, name), path.join(files, name));
  await project.edit('./service-list.yaml', (text) => text.replace('image-list:\n', 'image-list:\n  hyperkube: {}\n'));
});
afterAll(() => cluster?.remove());

describe('a cluster with the hyperkube image that is built here', () => {
  it('comes up from bare hosts once the image is pushed and the others are mirrored, and then there is nothing to do', async () => {
    const { project } = cluster;
    expectEnd(await project.pai('run', 'image:hyperkube'), { ran: 1, failed: 0, skipped: 0 });
    const others = ['pause', 'etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'];
    expectEnd(await project.pai('images', 'mirror', ...others), { ran: others.length, failed: 0, skipped: 0 });
    expectEnd(await project.pai('run', 'services'), { failed: 0, skipped: 0 });
    expectEnd(await project.pai('run', 'services', 'image:hyperkube'), { ran: 0, failed: 0, skipped: 0 });
  });

  it('runs kubelet and kube-proxy of that image on both hosts', async () => {
    const versions = 'jsonpath={.items[*].status.nodeInfo.kubeletVersion}';
    expect(await cluster.kubectl(`get nodes -o ${versions}`)).toBe('v1.20.2 v1.20.2');
    for (const host of cluster.hosts) {
      const built = (await onHost(host, `docker image inspect -f {{.Id}} ${image}`)).trim();
      expect(built, host).toMatch(/^sha256:/);
      expect(await onHost(host, 'docker inspect -f "{{.Image}} {{.State.Running}}" kubelet'), host).toBe(
        `${built} true\n`,
      );
      const proxy = "docker inspect -f '{{.Image}}' $(docker ps -q --filter name=^/k8s_kube-proxy_)";
      expect(await onHost(host, proxy), host).toBe(`${built}\n`);
    }
  });

  it('passes services on: a node reaches the API by its service address', async () => {
    const address = await cluster.kubectl('get service kubernetes -o jsonpath={.spec.clusterIP}');
    for (const host of cluster.hosts) {
      await eventually(async () => {
        const ask = `timeout 5 bash -c 'exec 3<>/dev/tcp/${address}/443 && echo reached'`;
        expect(await onHost(host, ask), host).toBe('reached\n');
      });
    }
  });

  it('is taken down again', async () => {
    expectEnd(await cluster.project.pai('clean', 'kubernetes'), { failed: 0, skipped: 0 });
    for (const host of cluster.hosts)
      expect(await onHost(host, 'docker ps -aq; ls -A /etc/kubernetes 2>/dev/null'), host).toBe('');
  });
});
