import type { CertificateSpec, IssuedCertificate, PkiDriver, RotationPhase } from '../model/drivers.js';
import { PaiError } from '../model/errors.js';
import type { Stamp } from '../model/stamp.js';
import type { Issuer } from './certificates.js';
import {
  authority,
  checkMaterial,
  fingerprintKey,
  MATERIAL_FILES,
  type Material,
  missingFiles,
  normalise,
  publicDigest,
  RENEWAL_FILE,
  STAMP_FILE,
} from './material.js';
import { type Change, renewalState, renewalText, renewed, rotated, withPending } from './renewal.js';
import { readDirectory, removeDirectory, writeDirectory, writeFiles } from './store.js';

/** What the PKI driver works on. */
export interface PkiDriverOptions {
  /** Absolute path of `<configuration>/pki`. */
  readonly directory: string;
  readonly clusterId: string;
  /**
   * Asks the masters for files below /var/lib/pai/pki/, by relative name; undefined when no master has any of them. A master that has all of `paths`
   * will do; of `optional` it gives what it has.
   * Must reject when that can't be told (no master answers): new authorities for a cluster that has some would break it.
   */
  readBack(paths: readonly string[], optional: readonly string[]): Promise<ReadonlyMap<string, Uint8Array> | undefined>;
  /** For tests. */
  now?(): Date;
}

/** A complete set, and what of it the local directory lacks. */
interface Found {
  readonly material: Material;
  readonly notLocal: readonly string[];
}

const ON_MASTERS = '/var/lib/pai/pki on the masters';

/** Certificate authorities and keys in a local directory, read back from masters when they are missing there. */
export function createPkiDriver(options: PkiDriverOptions): PkiDriver {
  const { directory, clusterId } = options;
  const now = options.now ?? (() => new Date());
  let looked: Promise<Found | undefined> | undefined;
  let issuers: { readonly material?: Material; readonly opened: Map<CertificateSpec['ca'], Issuer> } = {
    opened: new Map(),
  };
  let lastChange: Promise<unknown> = Promise.resolve();

  function look(): Promise<Found | undefined> {
    if (looked !== undefined) return looked;
    const looking = find(options).catch((error: unknown) => {
      if (looked === looking) looked = undefined; // a master may answer the next time
      throw error;
    });
    looked = looking;
    return looking;
  }

  /** One change at a time, so that two targets never make two sets. */
  function change<T>(work: () => Promise<T>): Promise<T> {
    const result = lastChange.then(work);
    lastChange = result.catch(() => undefined);
    return result;
  }

  async function needed(): Promise<Material> {
    const found = await look();
    if (found !== undefined) return found.material;
    throw new PaiError('PKI', 'there are no certificate authorities yet', {
      where: directory,
      next: 'Run pai run pki',
    });
  }

  async function create(): Promise<Material> {
    const found = await look();
    if (found !== undefined) return keep(found);
    const { createMaterial } = await import('./create-material.js');
    const material = createMaterial(clusterId, now());
    const written = await writeDirectory(directory, material);
    looked = written ? Promise.resolve({ material, notLocal: [] }) : undefined;
    return written ? material : needed();
  }

  async function keep(found: Found): Promise<Material> {
    if (found.notLocal.length === 0) return found.material;
    const { material } = found;
    if (found.notLocal.length === material.size) await writeDirectory(directory, material);
    else await writeFiles(directory, new Map([...material].filter(([file]) => found.notLocal.includes(file))));
    looked = Promise.resolve({ material, notLocal: [] });
    return material;
  }

  async function keepLocal(): Promise<void> {
    const found = await look();
    if (found !== undefined) await keep(found);
  }

  async function writeStamp(stamp: Stamp): Promise<void> {
    await keepLocal();
    const text = `${JSON.stringify(stamp, undefined, 2)}\n`;
    const material = new Map(await needed()).set(STAMP_FILE, text);
    await writeFiles(directory, new Map([[STAMP_FILE, text]]));
    looked = Promise.resolve({ material, notLocal: [] });
  }

  async function renew(): Promise<void> {
    const material = await needed();
    await commit({ files: new Map(), state: renewed(renewalState(material, directory)) });
  }

  async function rotate(phase: RotationPhase): Promise<void> {
    const material = await needed();
    const { createAuthorities } = await import('./create-material.js');
    const step = rotated(material, renewalState(material, directory), phase, () => createAuthorities(now()));
    if (step !== undefined) await commit(step);
  }

  /** All of a change or nothing: see renewal.ts. */
  async function commit({ files, state }: Change): Promise<void> {
    await keepLocal();
    const text = renewalText(state);
    if (files.size > 0) {
      const pending = renewalText({ ...state, pending: Object.fromEntries(files) });
      await writeFiles(directory, new Map([[RENEWAL_FILE, pending]]));
    }
    await writeFiles(directory, new Map([...files, [RENEWAL_FILE, text]]));
    const material = new Map([...(await needed()), ...files]).set(RENEWAL_FILE, text);
    looked = Promise.resolve({ material, notLocal: [] });
  }

  async function issue(spec: CertificateSpec): Promise<IssuedCertificate> {
    const material = await needed();
    const { issueCertificate, openIssuer } = await import('./certificates.js');
    // Very many are issued in a run, all by the same few.
    if (issuers.material !== material) issuers = { material, opened: new Map() };
    const issuer = issuers.opened.get(spec.ca) ?? openIssuer(authority(material, spec.ca));
    issuers.opened.set(spec.ca, issuer);
    return issueCertificate(spec, issuer, now());
  }

  return {
    material: async () => (await look())?.material,
    create: () => change(create),
    keepLocal: () => change(keepLocal),
    writeStamp: (stamp) => change(() => writeStamp(stamp)),
    issue,
    fingerprintKey: async () => {
      const found = await look();
      return found === undefined ? undefined : fingerprintKey(found.material);
    },
    digest: async () => publicDigest(await needed()),
    renewal: async () => {
      const { generation, renewed: last, phase } = renewalState((await look())?.material ?? new Map(), directory);
      return { generation, renewed: last, ...(phase && { phase }) };
    },
    renew: () => change(renew),
    rotate: (phase) => change(() => rotate(phase)),
    remove: () =>
      change(async () => {
        await removeDirectory(directory);
        looked = undefined;
      }),
  };
}

/** The local set when it is complete, else the masters' one. */
async function find(options: PkiDriverOptions): Promise<Found | undefined> {
  const { directory, clusterId } = options;
  const local = await readDirectory(directory);
  const missing = missingFiles(local);
  if (missing.length === 0) {
    const whole = withPending(local, directory);
    checkMaterial(whole, clusterId, directory);
    return { material: whole, notLocal: [...whole.keys()].filter((file) => local.get(file) !== whole.get(file)) };
  }
  const some = missing.length < MATERIAL_FILES.length;
  const remote = await readRemote(options);
  if (missingFiles(remote).length === MATERIAL_FILES.length) {
    if (some) throw incomplete(directory, missing, 'and no master has a copy');
    return undefined;
  }
  if (missingFiles(remote).length > 0) throw incomplete(ON_MASTERS, missingFiles(remote), `and so is ${directory}`);
  checkMaterial(remote, clusterId, ON_MASTERS);
  if (!some) return { material: remote, notLocal: [...remote.keys()] };
  const different = MATERIAL_FILES.filter((file) => local.has(file) && local.get(file) !== remote.get(file));
  if (different.length > 0) throw notTheSame(directory, different);
  return { material: remote, notLocal: [...remote.keys()].filter((file) => !local.has(file)) };
}

async function readRemote(options: PkiDriverOptions): Promise<Material> {
  const files = await options.readBack([...MATERIAL_FILES, STAMP_FILE], [RENEWAL_FILE]);
  const decoder = new TextDecoder();
  const found = new Map([...(files ?? [])].map(([file, content]) => [file, normalise(file, decoder.decode(content))]));
  return withPending(found, ON_MASTERS);
}

function incomplete(where: string, missing: readonly string[], also: string): PaiError {
  return new PaiError('PKI', `the certificate authorities and keys are incomplete, ${also}`, {
    where,
    details: missing.map((file) => `missing: ${file}`),
    next: 'Put the missing files back from a backup; if no host was ever set up with them, remove the folder and run again',
  });
}

function notTheSame(where: string, different: readonly string[]): PaiError {
  return new PaiError('PKI', 'the local copy is incomplete and is not the set that the masters use', {
    where,
    details: different.map((file) => `different: ${file}`),
    next: `Move ${where} away: pai reads the masters' copy back`,
  });
}
