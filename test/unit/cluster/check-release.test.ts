import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { minorRelease } from '../../../src/cluster/release.js';
import { type Edit, edited, KUBERNETES, load, loadEdited, problems, removeEdited } from './configuration-fixture.js';

afterEach(removeEdited);

const COMPONENTS = ['hyperkube', 'apiserver', 'kube-scheduler', 'kube-controller-manager'];

/** The fixture at another release, with more lines in the end. */
function at(tag: string, ...lines: readonly string[]): readonly Edit[] {
  return [
    ...COMPONENTS.map((name): Edit => [KUBERNETES, `\n  ${name}-version: v1.20.2`, `\n  ${name}-version: ${tag}`]),
    ...(lines.length === 0
      ? []
      : [[KUBERNETES, '  storage-backend: etcd3', ['  storage-backend: etcd3', ...lines].join('\n  ')] as const]),
  ];
}

describe('the release that a tag tells', () => {
  it('is its second number', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('', 'v'),
        fc.integer({ min: 0, max: 999 }),
        fc.constantFrom('', '.0', '.12', '.2-debian', '-rc.1', '.3_build'),
        (v, minor, rest) => {
          expect(minorRelease(`${v}1.${minor}${rest}`)).toBe(minor);
        },
      ),
    );
  });

  it.each(['latest', '2.4', 'v10.20', 'x1.20', '1.', 'v1'])('is none in %s', (tag) => {
    expect(minorRelease(tag)).toBeUndefined();
  });
});

describe('container-runtime', () => {
  it.each([
    ['v1.18.20', 'docker'],
    ['v1.23.17', 'docker'],
    ['v1.24.0', 'containerd'],
    ['v1.37.2', 'containerd'],
  ])('is of %s what that can use when nothing is said: %s', async (tag, runtime) => {
    expect((await loadEdited(...at(tag))).kubernetes.containerRuntime).toBe(runtime);
  });

  it('is containerd when that is said, of old releases too', async () => {
    const { kubernetes } = await loadEdited(...at('v1.20.2', 'container-runtime: containerd'));
    expect(kubernetes.containerRuntime).toBe('containerd');
  });

  it('can not be docker from 1.24 on', async () => {
    expect(await problems(...at('v1.24.3', 'container-runtime: docker'))).toEqual([
      `${KUBERNETES}:6:22: container-runtime docker: kubelet of 1.24 can't use Docker, as could those up to 1.23; write containerd`,
    ]);
  });

  it('is docker or containerd', async () => {
    expect(await problems(...at('v1.20.2', 'container-runtime: podman'))).toEqual([
      `${KUBERNETES}:6:22: container-runtime must be docker or containerd, not "podman"`,
    ]);
  });
});

describe('releases', () => {
  it.each(['v1.17.9', 'v1.38.0'])('that are not known are problems: %s', async (tag) => {
    const found = await problems(...at(tag));
    expect(found).toHaveLength(COMPONENTS.length);
    expect(found[0]).toContain(
      `hyperkube-version ${tag}: Kubernetes ${tag.slice(1, 5)} is not known to this version of pai`,
    );
    expect(found[0]).toContain('it knows 1.18 to 1.37');
  });

  it('that a tag does not tell are problems', async () => {
    expect(await problems([KUBERNETES, 'hyperkube-version: v1.20.2', 'hyperkube-version: latest'])).toEqual([
      expect.stringContaining(
        'hyperkube-version latest does not tell the release of Kubernetes; tag the image as v1.20.2',
      ),
    ]);
  });

  it('of kubelet may be older than that of the API server, not newer', async () => {
    const older: Edit = [KUBERNETES, 'hyperkube-version: v1.20.2', 'hyperkube-version: v1.19.7'];
    expect((await loadEdited(older)).kubernetes.versions.hyperkube).toBe('v1.19.7');
    const newer: Edit = [KUBERNETES, 'hyperkube-version: v1.20.2', 'hyperkube-version: v1.21.0'];
    expect(await problems(newer)).toEqual([
      expect.stringContaining(
        'hyperkube-version v1.21.0 is newer than apiserver-version v1.20.2; the API server is changed first',
      ),
    ]);
  });
});

describe('package-source', () => {
  it('is the hosts own when nothing is said', async () => {
    expect((await loadEdited()).kubernetes.packageSource).toEqual({ only: false });
  });

  it('is a line of apt, its key beside the configuration, and what is installed', async () => {
    const folder = edited(
      ...at(
        'v1.20.2',
        'package-source:',
        '  apt-line: deb [arch=amd64] http://mirror.example/debian bookworm main',
        '  key: keys/mirror.asc',
        '  only: "true"',
        '  packages: [containerd=1.6.20~ds1-1+deb12u1, iptables]',
      ),
    );
    mkdirSync(join(folder, 'keys'));
    writeFileSync(join(folder, 'keys/mirror.asc'), 'key');
    expect((await load(folder)).kubernetes.packageSource).toEqual({
      aptLine: 'deb [arch=amd64] http://mirror.example/debian bookworm main',
      keyPath: join(folder, 'keys/mirror.asc'),
      only: true,
      packages: ['containerd=1.6.20~ds1-1+deb12u1', 'iptables'],
    });
  });

  it.each([
    ['apt-line: http://mirror.example/debian bookworm main', 'must be a line of apt such as deb'],
    ['apt-line: deb http://user:secret@mirror.example/debian bookworm main', 'must be a line of apt such as deb'],
    ['packages: ["containerd; reboot"]', 'must be the name of a package'],
    ['packages: []', 'packages must not be empty'],
    ['key: none.asc', 'key "none.asc": there is no such file; the path is relative to the configuration folder'],
    ['only: "true"', 'only says nothing without apt-line; give that'],
  ])('is refused for %s', async (line, words) => {
    expect((await problems(...at('v1.20.2', 'package-source:', `  ${line}`))).join('\n')).toContain(words);
  });
});
