import { X509Certificate } from 'node:crypto';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { PkiDriver, RotationPhase } from '../../../src/model/drivers.js';
import { parseStamp } from '../../../src/model/parse-stamp.js';
import { certificatesIn, MATERIAL_FILES, RENEWAL_FILE, STAMP_FILE } from '../../../src/pki/material.js';
import { contents, driverIn, fakeMasters, temporaryDirectory } from './helpers.js';

const PHASES: readonly RotationPhase[] = ['trust-both', 're-issue', 'drop-old'];
const AUTHORITIES = ['ca', 'etcd-ca', 'front-proxy-ca'];

/** A cluster whose target `pki` has run. */
async function established(): Promise<{ configuration: string; pki: PkiDriver }> {
  const configuration = await temporaryDirectory();
  const pki = driverIn(configuration);
  await pki.create();
  await pki.writeStamp({
    format: 1,
    target: 'pki',
    fingerprint: 'f',
    output: await pki.digest(),
    parts: {},
    run: 'r1',
  });
  return { configuration, pki };
}

const kubelet = { ca: 'cluster', commonName: 'k', organizations: [], dnsNames: [], ipAddresses: [], days: 1 } as const;

async function signer(pki: PkiDriver): Promise<X509Certificate> {
  return new X509Certificate((await pki.issue({ ...kubelet, usages: ['client'] })).certificate);
}

async function trusted(pki: PkiDriver, file = 'ca.crt'): Promise<string[]> {
  return certificatesIn((await pki.material())?.get(file) ?? '');
}

/** Whether a leaf hangs on an authority. */
function hangsOn(leaf: X509Certificate, pem: string | undefined): boolean {
  return pem !== undefined && leaf.verify(new X509Certificate(pem).publicKey);
}

describe('renewal of leaf certificates', () => {
  test('was never done at first, and is a number that grows, also for another process', async () => {
    const { configuration, pki } = await established();
    expect(await pki.renewal()).toEqual({ generation: 0, renewed: 0 });
    await pki.renew();
    await pki.renew();
    expect(await pki.renewal()).toEqual({ generation: 2, renewed: 2 });
    expect(await driverIn(configuration).renewal()).toEqual({ generation: 2, renewed: 2 });
  });

  test('leaves authorities, digest and stamp as they are: services do not run for it', async () => {
    const { pki } = await established();
    const before = new Map(await pki.material());
    const digest = await pki.digest();
    await pki.renew();
    const after = new Map(await pki.material());
    expect(await pki.digest()).toBe(digest);
    expect(after.delete(RENEWAL_FILE)).toBe(true);
    expect(after).toEqual(before);
  });

  test('is refused while there is nothing', async () => {
    const configuration = await temporaryDirectory();
    await expect(driverIn(configuration).renew()).rejects.toMatchObject({ code: 'PKI', next: 'Run pai run pki' });
    expect(await readdir(configuration)).toEqual([]);
  });
});

describe('exchange of the authorities', () => {
  test('first the new ones are trusted and the old ones sign, then the other way round, then the old ones are gone', async () => {
    const { pki } = await established();
    const [old] = await trusted(pki);
    const seen: { count: number; byOld: boolean; digest: string }[] = [];
    for (const phase of PHASES) {
      await pki.rotate(phase);
      expect((await pki.renewal()).phase).toBe(phase);
      const [first] = await trusted(pki);
      const leaf = await signer(pki);
      expect(hangsOn(leaf, first)).toBe(true);
      seen.push({ count: (await trusted(pki)).length, byOld: hangsOn(leaf, old), digest: await pki.digest() });
    }
    expect(seen).toMatchObject([
      { count: 2, byOld: true },
      { count: 2, byOld: false },
      { count: 1, byOld: false },
    ]);
    expect(new Set(seen.map(({ digest }) => digest)).size).toBe(3);
  });

  test('all three go together, and what each phase trusts the next one still accepts', async () => {
    const { pki } = await established();
    let before = await Promise.all(AUTHORITIES.map((name) => trusted(pki, `${name}.crt`)));
    for (const phase of PHASES) {
      await pki.rotate(phase);
      const after = await Promise.all(AUTHORITIES.map((name) => trusted(pki, `${name}.crt`)));
      for (const [index, authorities] of after.entries()) {
        // The signer of a phase is trusted by the hosts that are still in the one before.
        if (phase !== 'trust-both') expect(before[index]).toContain(authorities[0]);
      }
      before = after;
    }
  });

  test('the stamp of pki goes along, so that nothing looks replaced by hand', async () => {
    const { pki } = await established();
    for (const phase of PHASES) {
      await pki.rotate(phase);
      const stamp = parseStamp((await pki.material())?.get(STAMP_FILE));
      expect(stamp).toMatchObject({ fingerprint: 'f', run: 'r1', output: await pki.digest() });
    }
  });

  test('keys of the authorities never lie together with what is dropped', async () => {
    const { pki } = await established();
    const oldKey = (await pki.material())?.get('ca.key');
    await pki.rotate('trust-both');
    await pki.rotate('re-issue');
    const all = [...((await pki.material()) ?? [])].map(([, content]) => content).join('\n');
    expect(all).not.toContain(oldKey);
  });

  test('a phase that is done is not done twice, one that does not follow is refused and changes nothing', async () => {
    const { configuration, pki } = await established();
    await expect(pki.rotate('re-issue')).rejects.toMatchObject({ code: 'PKI' });
    await pki.rotate('trust-both');
    const before = await contents(path.join(configuration, 'pki'));
    await pki.rotate('trust-both');
    await expect(pki.rotate('drop-old')).rejects.toThrow("can't go from trust-both to drop-old");
    expect(await contents(path.join(configuration, 'pki'))).toEqual(before);
  });

  test('is refused where target pki never came to its end', async () => {
    const pki = driverIn(await temporaryDirectory());
    await pki.create();
    await expect(pki.rotate('trust-both')).rejects.toMatchObject({ code: 'PKI', next: 'Run pai run pki' });
  });

  test('a second exchange follows the first', async () => {
    const { pki } = await established();
    for (const phase of [...PHASES, ...PHASES]) await pki.rotate(phase);
    expect(await trusted(pki)).toHaveLength(1);
    expect((await pki.renewal()).generation).toBe(6);
  });

  test('a lost local copy comes back from a master in every phase, and another machine goes on', async () => {
    let { pki } = await established();
    for (const phase of PHASES) {
      await pki.rotate(phase);
      const material = (await pki.material()) ?? new Map();
      const elsewhere = driverIn(await temporaryDirectory(), fakeMasters(material));
      expect(await elsewhere.material()).toEqual(material);
      expect((await elsewhere.renewal()).phase).toBe(phase);
      await elsewhere.keepLocal();
      pki = elsewhere;
    }
    expect(await trusted(pki)).toHaveLength(1);
  });

  test('files are 0600', async () => {
    const { configuration, pki } = await established();
    await pki.rotate('trust-both');
    for (const file of [RENEWAL_FILE, 'ca.key', 'ca.crt']) {
      expect((await stat(path.join(configuration, 'pki', file))).mode & 0o777, file).toBe(0o600);
    }
  });
});

describe('a process that ends while it writes a phase', () => {
  /** Every set of files that could be left behind between `before` and `after`, in the order in which they are written. */
  async function leftBehind(
    phase: RotationPhase,
  ): Promise<{ states: Map<string, string>[]; whole: Map<string, string> }> {
    const { configuration, pki } = await established();
    for (const earlier of PHASES.slice(0, PHASES.indexOf(phase))) await pki.rotate(earlier);
    const folder = path.join(configuration, 'pki');
    const before = await contents(folder);
    await pki.rotate(phase);
    const after = await contents(folder);
    const changed = [...MATERIAL_FILES, STAMP_FILE].filter((file) => before.get(file) !== after.get(file));
    const state = JSON.parse(after.get(RENEWAL_FILE) ?? '') as Record<string, unknown>;
    const pending = Object.fromEntries(changed.map((file) => [file, after.get(file)]));
    const states: Map<string, string>[] = [];
    const current = new Map(before).set(RENEWAL_FILE, JSON.stringify({ ...state, pending }));
    states.push(new Map(current));
    for (const file of changed) states.push(new Map(current.set(file, after.get(file) ?? '')));
    return { states, whole: after };
  }

  for (const phase of PHASES) {
    test(`leaves a set that is read as ${phase}, whole, and is mended by the next one`, async () => {
      const { states, whole } = await leftBehind(phase);
      expect(states.length).toBeGreaterThan(4);
      for (const files of states) {
        const configuration = await temporaryDirectory();
        const folder = path.join(configuration, 'pki');
        await mkdir(folder);
        for (const [file, content] of files) await writeFile(path.join(folder, file), content);
        const pki = driverIn(configuration);
        const material = new Map(await pki.material());
        for (const [file, content] of material) expect(content.trim(), file).toBe(whole.get(file)?.trim());
        expect((await pki.renewal()).phase).toBe(phase);
        await pki.keepLocal();
        expect(await readFile(path.join(folder, RENEWAL_FILE), 'utf8')).not.toContain('pending');
        expect(await driverIn(configuration).material()).toEqual(material);
      }
    });
  }
});

describe('a damaged renewal.json', () => {
  const good = { generation: 1, renewed: 1 };
  const damaged: Readonly<Record<string, string>> = {
    'no JSON': '{',
    'a list': '[]',
    'no number': JSON.stringify({ generation: '1', renewed: 1 }),
    'a negative number': JSON.stringify({ generation: -1, renewed: 0 }),
    'an unknown phase': JSON.stringify({ ...good, phase: 'half-way' }),
    'new authorities without a key': JSON.stringify({
      ...good,
      phase: 'trust-both',
      next: { cluster: { certificate: 'c' } },
    }),
    'a file that is none of a set': JSON.stringify({ ...good, pending: { '../../etc/passwd': 'x' } }),
    'a file that is no text': JSON.stringify({ ...good, pending: { 'ca.crt': 1 } }),
  };
  for (const [what, text] of Object.entries(damaged)) {
    test(`is told, not guessed at: ${what}`, async () => {
      const { configuration } = await established();
      await writeFile(path.join(configuration, 'pki', RENEWAL_FILE), text);
      await expect(driverIn(configuration).material()).rejects.toMatchObject({
        code: 'PKI',
        message: 'damaged: renewal.json',
      });
    });
  }
});
