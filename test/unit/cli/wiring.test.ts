import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { kubeCredentials, readBackPki, wireDrivers } from '../../../src/cli/wiring.js';
import { buildGraph } from '../../../src/graph/graph.js';
import type { CertificateSpec, HostDriver, HostLogin } from '../../../src/model/drivers.js';
import { PaiError } from '../../../src/model/errors.js';
import { fakeCluster, fakeHost } from '../paifile/actions.js';

type Content = Readonly<Record<string, string>>;

/** Fake: masters that hold these files in their PKI folder, or do not answer. */
function fakeHosts(masters: Readonly<Record<string, Content | 'down'>>): Pick<HostDriver, 'read'> {
  return {
    async read(host: HostLogin, paths: readonly string[]) {
      const content = masters[host.name];
      if (content === undefined || content === 'down') throw new PaiError('HOST_UNREACHABLE', `${host.name} is down`);
      const found = paths.flatMap((path) => {
        const text = content[path.replace('/var/lib/pai/pki/', '')];
        return text === undefined ? [] : [[path, new TextEncoder().encode(text)] as const];
      });
      return new Map(found);
    },
  };
}

async function readBack(masters: Readonly<Record<string, Content | 'down'>>): Promise<Content | undefined> {
  const cluster = { masters: Object.keys(masters).map(fakeHost) };
  const found = await readBackPki(cluster, fakeHosts(masters), ['ca.crt', 'ca.key']);
  if (found === undefined) return undefined;
  return Object.fromEntries([...found].map(([file, content]) => [file, new TextDecoder().decode(content)]));
}

describe('readBackPki', () => {
  const whole = { 'ca.crt': 'certificate', 'ca.key': 'key' };

  it('takes the first whole copy, by names relative to the folder', async () => {
    expect(await readBack({ m1: {}, m2: whole, m3: 'down' })).toEqual(whole);
  });

  it('takes the larger of copies that are not whole', async () => {
    expect(await readBack({ m1: {}, m2: { 'ca.crt': 'certificate' } })).toEqual({ 'ca.crt': 'certificate' });
  });

  it('finds nothing where all masters answer that there is nothing', async () => {
    expect(await readBack({ m1: {}, m2: {} })).toBeUndefined();
    expect(await readBack({})).toBeUndefined();
  });

  it('does not take silence for an answer: new authorities would break a cluster that has some', async () => {
    await expect(readBack({ m1: 'down', m2: {} })).rejects.toThrow('m1 is down');
    await expect(readBack({ m1: 'down', m2: { 'ca.crt': 'certificate' } })).rejects.toThrow('m1 is down');
  });
});

describe('kubeCredentials', () => {
  it('are a short-lived administrator certificate and the address of the balancer', async () => {
    const specs: CertificateSpec[] = [];
    const credentials = await kubeCredentials(fakeCluster(), {
      material: async () => new Map([['ca.crt', 'authority']]),
      issue: async (spec) => {
        specs.push(spec);
        return { certificate: 'certificate', key: 'key' };
      },
    });
    expect(credentials).toEqual({
      server: 'https://192.0.2.9:6443',
      ca: 'authority',
      certificate: 'certificate',
      key: 'key',
    });
    expect(specs).toMatchObject([
      { commonName: 'pai', organizations: ['system:masters'], usages: ['client'], days: 1 },
    ]);
  });

  it('do not exist before the authorities do', async () => {
    const pki = { material: async () => undefined, issue: () => Promise.reject(new Error('not asked')) };
    await expect(kubeCredentials(fakeCluster(), pki)).rejects.toMatchObject({ code: 'KUBE_UNREACHABLE' });
  });
});

describe('wireDrivers', () => {
  it('renders with the behavior of undefined variables that it is told', async () => {
    const root = mkdtempSync(path.join(tmpdir(), 'pai-wiring-'));
    mkdirSync(path.join(root, 'templates'));
    writeFileSync(path.join(root, 'templates/a.yaml'), '[{{ x }}]');
    const project = {
      root,
      cacheDirectory: path.join(root, '.cache'),
      cluster: async () => fakeCluster(),
      graph: buildGraph({ targets: [], groups: [] }),
    };
    const render = (options: { undefinedVariables?: 'strict' | 'jinja' }) =>
      wireDrivers(project, { runId: 'r1', ...options }).drivers.templates.render('a.yaml', {});
    try {
      expect(await render({ undefinedVariables: 'jinja' })).toBe('[]');
      await expect(render({})).rejects.toThrow('x is undefined');
    } finally {
      rmSync(root, { recursive: true });
    }
  });
});
