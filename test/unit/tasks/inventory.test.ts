import { afterEach, describe, expect, it } from 'vitest';
import { imagesNamedIn, inventoryOf, namedPlace } from '../../../tasks/inventory.js';
import { CLUSTER, type Edit, KUBERNETES, loadEdited, removeEdited } from '../cluster/configuration-fixture.js';
import { fakeTemplates } from '../kube/fake-templates.js';
import { asPai } from './templates.js';

afterEach(removeEdited);

const PREFIX = 'registry.example.com:5000/kubernetes';

async function imagesOf(files: Readonly<Record<string, string>>, ...edits: readonly Edit[]) {
  const cluster = asPai(await loadEdited(...edits));
  const folders = [
    ...cluster.images.map(({ name }) => `images/${name}`),
    ...cluster.serviceList.map(({ name }) => `services/${name}`),
  ];
  const { images } = await inventoryOf(
    cluster,
    fakeTemplates({ ...Object.fromEntries(folders.map((one) => [`${one}/none`, ''])), ...files }),
  );
  return images;
}

describe('the inventory', () => {
  it('has components of the configured registry, and where they are published', async () => {
    const images = await imagesOf({});
    const etcd = images.find(({ name }) => name === 'etcd');
    expect(etcd).toMatchObject({
      image: `${PREFIX}/etcd:3.4.23`,
      source: { name: 'registry.k8s.io/etcd:3.4.23' },
      copy: { name: `${PREFIX}/etcd:3.4.23` },
    });
    expect(images.filter(({ kind }) => kind === 'add-on').map(({ name }) => name)).toEqual(['dashboard']);
  });

  it('says that nobody publishes hyperkube any more, and for old releases who did', async () => {
    expect((await imagesOf({})).find(({ name }) => name === 'hyperkube')).toMatchObject({
      unpublished: /no longer published after v1\.18/,
    });
    const old = await imagesOf({}, [KUBERNETES, 'hyperkube-version: v1.20.2', 'hyperkube-version: v1.18.20']);
    expect(old.find(({ name }) => name === 'hyperkube')?.source?.name).toBe('registry.k8s.io/hyperkube:v1.18.20');
  });

  it('takes all components from upstream-registry where that is set', async () => {
    const images = await imagesOf({}, [
      KUBERNETES,
      'pause-version: "3.2"',
      'pause-version: "3.2"\n  upstream-registry: 10.1.0.99:5000/mirror\n  upstream-registry-insecure: "true"',
    ]);
    const components = images.filter(({ kind }) => kind === 'component' || kind === 'add-on');
    expect(components.length).toBeGreaterThan(7);
    for (const { name, source } of components) {
      expect(source?.name, name).toMatch(/^10\.1\.0\.99:5000\/mirror\//);
      expect(source?.place.insecure).toBe(true);
    }
  });

  it('has no haproxy without a proxy', async () => {
    const edits: Edit[] = [
      [CLUSTER, 'k8s-role: proxy', 'k8s-role: worker'],
      [KUBERNETES, 'load-balance-ip: 10.1.0.4', 'load-balance-ip: 10.1.0.77'],
    ];
    expect((await imagesOf({})).map(({ name }) => name)).toContain('haproxy');
    expect((await imagesOf({}, ...edits)).map(({ name }) => name)).not.toContain('haproxy');
  });
});

describe('images that manifests name', () => {
  it('are those that are no expression of a template', () => {
    const manifest = [
      'spec:',
      '  containers:',
      '    - name: a',
      '      image: nginx:1.25 # of Docker Hub',
      '    - image: "quay.io/prometheus/node-exporter:v1.8.0"',
      "    - image: {{ images['pylon'] }}",
      '    - image: nginx:1.25',
      '      imagePullPolicy: Always',
      '# image: commented:out',
    ].join('\n');
    expect(imagesNamedIn(manifest)).toEqual(['nginx:1.25', 'quay.io/prometheus/node-exporter:v1.8.0']);
  });
});

describe('a reference', () => {
  const cases = [
    ['debian', 'docker.io', 'library/debian', 'latest'],
    ['debian:bookworm-slim', 'docker.io', 'library/debian', 'bookworm-slim'],
    ['kubernetesui/dashboard:v2.7.0', 'docker.io', 'kubernetesui/dashboard', 'v2.7.0'],
    ['localhost/app:1', 'localhost', 'app', '1'],
    ['10.0.0.1:5000/a/b/c:1', '10.0.0.1:5000', 'a/b/c', '1'],
    ['registry.k8s.io/pause', 'registry.k8s.io', 'pause', 'latest'],
    [`quay.io/x/y:1@sha256:${'0'.repeat(64)}`, 'quay.io', 'x/y', `sha256:${'0'.repeat(64)}`],
  ] as const;
  it.each(cases)('%s is taken apart as Docker does it', (name, registry, repository, tag) => {
    expect(namedPlace(name, false).place).toEqual({ registry, repository, tag, insecure: false });
  });
});
