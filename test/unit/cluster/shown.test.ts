import { afterEach, describe, expect, it, vi } from 'vitest';
import { explainField } from '../../../src/cluster/explain.js';
import { checkConfiguration } from '../../../src/cluster/load.js';
import { asJson, shownFiles } from '../../../src/cluster/shown.js';
import { CLUSTER, type Edit, edited, KUBERNETES, LIST, removeEdited, SERVICES } from './configuration-fixture.js';

afterEach(() => {
  vi.unstubAllEnvs();
  removeEdited();
});

async function check(...edits: readonly Edit[]) {
  const folder = edited(...edits);
  return checkConfiguration({ configurationDirectory: folder, serviceListFile: `${folder}/${LIST}` });
}

async function shown(resolved: boolean, ...edits: readonly Edit[]): Promise<Readonly<Record<string, unknown>>> {
  const { files } = await check(...edits);
  return asJson(shownFiles(files, { resolved })) as Readonly<Record<string, unknown>>;
}

const REFERENCES: readonly Edit[] = [
  [CLUSTER, 'password: default-secret', 'password: !exec exit 1'],
  [KUBERNETES, 'pause-version: "3.2"', 'pause-version: !env PAI_TEST_TAG'],
];

describe('a configuration that is shown', () => {
  it.each([false, true])('has no secret in it, resolved: %s', async (resolved) => {
    const text = JSON.stringify(await shown(resolved));
    for (const secret of ['default-secret', 'own-secret', 'registry-secret', 'hidden']) {
      expect(text).not.toContain(secret);
    }
    expect(text.match(/\(secret\)/g)?.length).toBeGreaterThan(3);
  });

  it('has no value under a key that nobody knows, or of a secret that is no text', async () => {
    const text = JSON.stringify(
      await shown(
        false,
        [CLUSTER, 'password: default-secret', 'passwort: typed-wrong\n  sudo: {password: [deep]}'],
        [SERVICES, 'docker-password: registry-secret', 'docker-password: [registry-secret]'],
      ),
    );
    expect(text).toContain('"passwort":"(secret)"');
    for (const secret of ['typed-wrong', 'deep', 'registry-secret']) expect(text).not.toContain(secret);
  });

  it('is as it is written: references are, defaults are not', async () => {
    vi.stubEnv('PAI_TEST_TAG', '3.10');
    const files = await shown(false, ...REFERENCES);
    expect(files[CLUSTER]).toMatchObject({ 'default-machine-properties': { password: '!exec exit 1' } });
    expect(files[CLUSTER]).not.toHaveProperty('ssh-bastions');
    expect(files[KUBERNETES]).toMatchObject({ kubernetes: { 'pause-version': '!env PAI_TEST_TAG' } });
    expect(files[SERVICES]).not.toHaveProperty('grafana');
  });

  it('is what it comes to, when it is resolved, without asking for secrets', async () => {
    vi.stubEnv('PAI_TEST_TAG', '3.10');
    const files = await shown(true, ...REFERENCES);
    expect(files[CLUSTER]).toMatchObject({
      'default-machine-properties': { password: '(secret)' },
      'ssh-bastions': {},
      'machine-list': [{ hostname: 'm1', username: 'pai', password: '(secret)', sshport: 2200 }, {}, {}, {}, {}, {}],
    });
    expect(files[KUBERNETES]).toMatchObject({ kubernetes: { 'pause-version': '3.10', 'haproxy-version': 'v2.6' } });
    expect(files[SERVICES]).toMatchObject({ grafana: { 'grafana-port': 3000 } });
  });

  it('has what is below an alias, and nothing that only looks like it', async () => {
    const files = await shown(
      false,
      [
        CLUSTER,
        'GENERIC: { mem: 16, cpu: { vcore: 4 }, os: ubuntu20.04 }',
        'GENERIC: { mem: 16, cpu: &c { vcore: 4 }, os: x }',
      ],
      [CLUSTER, '    cpu:\n      vcore: 24\n', '    cpu: *c\n'],
      [SERVICES, 'cluster:\n', 'pylon: {}\ncluster:\n'],
    );
    expect(files[CLUSTER]).toMatchObject({ 'machine-sku': { GPU: { cpu: { vcore: 4 } } } });
    expect(files[SERVICES]).toMatchObject({ pylon: {} });
    expect(files[SERVICES]).not.toHaveProperty('pylon.port');
  });
});

describe('a field that is explained', () => {
  it('has its description, type and default, and where it is set', async () => {
    const { files, directory } = await check();
    const [field, ...more] = explainField('pause-version', files);
    expect(more).toEqual([]);
    expect(field).toEqual({
      field: 'kubernetes.pause-version',
      file: KUBERNETES,
      description: 'Tag of pause, the first container of each pod.',
      type: 'an image tag such as v1.20.2',
      required: false,
      secret: false,
      default: '3.2',
      set: [{ where: expect.stringMatching(`^${directory}/${KUBERNETES}:\\d+:3$`), value: '3.2' }],
    });
    expect(explainField('haproxy-version', files)[0]).toMatchObject({ default: 'v2.6', set: [] });
  });

  it('shows no secret, but where it is kept', async () => {
    const { files } = await check(...REFERENCES.slice(0, 1));
    const places = explainField('password', files).flatMap(({ set = [] }) =>
      set.map(({ value, reference }) => [value, reference]),
    );
    expect(places).toEqual([
      ['(secret)', '!exec exit 1'],
      ['(secret)', undefined],
    ]);
    // A mapping that has secrets in it.
    expect(JSON.stringify(explainField('restserver', files))).not.toContain('hidden');
  });

  it('is told without a configuration too, and its nearest name when it is not there', () => {
    expect(explainField('jwt-secret', undefined)[0]).not.toHaveProperty('set');
    expect(() => explainField('jwt-sceret', undefined)).toThrow(
      'there is no field jwt-sceret; did you mean jwt-secret?',
    );
  });
});
