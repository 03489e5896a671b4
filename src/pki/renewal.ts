import type { IssuedCertificate, Renewal, RotationPhase } from '../model/drivers.js';
import { PaiError } from '../model/errors.js';
import { isObject, parseJson } from '../model/parse-json.js';
import { parseStamp } from '../model/parse-stamp.js';
import {
  AUTHORITIES,
  AUTHORITY_NAMES,
  type AuthorityName,
  authority,
  certificatesIn,
  MATERIAL_FILES,
  type Material,
  publicDigest,
  RENEWAL_FILE,
  STAMP_FILE,
} from './material.js';

// Renewal of leaf certificates and exchange of the authorities, as changes of the set of files. Its state lies in renewal.json beside them and goes to
// masters as they do, so that any machine can go on. A change of several files is written there first, as `pending`, and taken from there by whoever reads
// the set until all of it is written: so each change happens at once, wherever a process ends.

/** New authorities that do not sign yet. */
export type NextAuthorities = Readonly<Record<AuthorityName, IssuedCertificate>>;

/** The content of renewal.json. */
export interface RenewalState extends Renewal {
  /** In phase `trust-both`. Secret. */
  readonly next?: NextAuthorities;
  /** File -> content, where these are to replace what is there. Secret. */
  readonly pending?: Readonly<Record<string, string>>;
}

/** A step of an exchange: the files that change, and the state that goes with them. */
export interface Change {
  readonly files: Material;
  readonly state: RenewalState;
}

const PHASES: readonly RotationPhase[] = ['trust-both', 're-issue', 'drop-old'];
const NOTHING_DONE: RenewalState = { generation: 0, renewed: 0 };

/** Reads renewal.json of a set; nothing was done where there is none. Throws PKI when it is damaged. */
export function renewalState(material: Material, where: string): RenewalState {
  const text = material.get(RENEWAL_FILE);
  if (text === undefined) return NOTHING_DONE;
  const state = readState(text);
  if (state !== undefined) return state;
  throw new PaiError('PKI', `damaged: ${RENEWAL_FILE}`, {
    where,
    next: 'Put it back from a backup or from /var/lib/pai/pki/ on a master',
  });
}

/** The text of renewal.json. */
export function renewalText(state: RenewalState): string {
  return `${JSON.stringify(state, undefined, 2)}\n`;
}

/** A set as it is once what is pending in it is written. */
export function withPending(material: Material, where: string): Material {
  const { pending, ...state } = renewalState(material, where);
  if (pending === undefined) return material;
  const whole = new Map([...material, ...Object.entries(pending)]);
  // It is written last: until then the others are read from it.
  whole.delete(RENEWAL_FILE);
  return whole.set(RENEWAL_FILE, renewalText(state));
}

/** All leaf certificates are to be exchanged. */
export function renewed({ generation, ...state }: RenewalState): RenewalState {
  return { ...state, generation: generation + 1, renewed: generation + 1 };
}

/**
 * The step to a phase; undefined when it is done already. `make` makes the new authorities. Throws PKI when another phase comes first, or `pki` has not run.
 */
export function rotated(
  material: Material,
  state: RenewalState,
  phase: RotationPhase,
  make: () => NextAuthorities,
): Change | undefined {
  if (state.phase === phase) return undefined;
  const { next, ...rest } = state;
  const after = { ...rest, phase, generation: state.generation + 1 };
  const [before, wanted] = [PHASES.indexOf(state.phase ?? 'drop-old'), PHASES.indexOf(phase)];
  if (wanted !== (before + 1) % PHASES.length) {
    throw new PaiError(
      'PKI',
      `the certificate authorities can't go from ${state.phase ?? 'their first state'} to ${phase}`,
      {
        next: 'Run pai pki rotate-ca: it goes on where the last try stopped',
      },
    );
  }
  switch (phase) {
    case 'trust-both': {
      const made = make();
      const bundles = each((name) => ({
        ...authority(material, name),
        certificate: authority(material, name).certificate + made[name].certificate,
      }));
      return change(material, bundles, { ...after, next: made });
    }
    case 're-issue': {
      if (next === undefined) throw new PaiError('PKI', `${RENEWAL_FILE} lacks the new certificate authorities`);
      const bundles = each((name) => {
        const [old = ''] = certificatesIn(authority(material, name).certificate);
        return { certificate: next[name].certificate + old, key: next[name].key };
      });
      return change(material, bundles, after);
    }
    case 'drop-old': {
      const alone = each((name) => {
        const [signer = ''] = certificatesIn(authority(material, name).certificate);
        return { ...authority(material, name), certificate: signer };
      });
      return change(material, alone, after);
    }
  }
}

function each(make: (name: AuthorityName) => IssuedCertificate): NextAuthorities {
  return { cluster: make('cluster'), etcd: make('etcd'), 'front-proxy': make('front-proxy') };
}

/** The stamp of `pki` goes with its files: else they would look as if somebody else had replaced them. */
function change(material: Material, authorities: NextAuthorities, state: RenewalState): Change {
  const stamp = parseStamp(material.get(STAMP_FILE));
  if (stamp === undefined) {
    throw new PaiError('PKI', 'the certificate authorities were made, but target pki never came to its end', {
      next: 'Run pai run pki',
    });
  }
  const files = new Map<string, string>();
  for (const name of AUTHORITY_NAMES) {
    files.set(AUTHORITIES[name].certificate, authorities[name].certificate);
    files.set(AUTHORITIES[name].key, authorities[name].key);
  }
  const output = publicDigest(new Map([...material, ...files]));
  files.set(STAMP_FILE, `${JSON.stringify({ ...stamp, output }, undefined, 2)}\n`);
  return { files, state };
}

function readState(text: string): RenewalState | undefined {
  const value = parseJson(text);
  if (!isObject(value)) return undefined;
  const { generation, renewed: last, phase, next, pending } = value;
  if (!isCount(generation) || !isCount(last)) return undefined;
  const known = PHASES.find((one) => one === phase);
  if (phase !== undefined && known === undefined) return undefined;
  const authorities = readNext(next);
  const files = readFiles(pending);
  if ((next !== undefined && authorities === undefined) || (pending !== undefined && files === undefined)) {
    return undefined;
  }
  return {
    generation,
    renewed: last,
    ...(known && { phase: known }),
    ...(authorities && { next: authorities }),
    ...(files && { pending: files }),
  };
}

function readNext(value: unknown): NextAuthorities | undefined {
  if (!isObject(value)) return undefined;
  const found = AUTHORITY_NAMES.map((name) => value[name]);
  const [cluster, etcd, frontProxy] = found;
  if (!isIssued(cluster) || !isIssued(etcd) || !isIssued(frontProxy)) return undefined;
  return { cluster, etcd, 'front-proxy': frontProxy };
}

function isIssued(value: unknown): value is { certificate: string; key: string } {
  return isObject(value) && typeof value.certificate === 'string' && typeof value.key === 'string';
}

function readFiles(value: unknown): Readonly<Record<string, string>> | undefined {
  if (!isObject(value)) return undefined;
  const files: Record<string, string> = {};
  for (const [file, content] of Object.entries(value)) {
    if (typeof content !== 'string' || !(file === STAMP_FILE || MATERIAL_FILES.includes(file))) return undefined;
    files[file] = content;
  }
  return files;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
