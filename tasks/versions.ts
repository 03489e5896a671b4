import { type ActionContext, type Allowance, type Host, PaiError } from 'pai';
import { hostScript, type Settings } from './host-script.js';

/** How a version follows on another. */
export type Step =
  | { readonly kind: 'none' }
  | { readonly kind: 'up' }
  | { readonly kind: 'down' }
  /** It leaves out minor versions; `next` is the one to go to first. */
  | { readonly kind: 'skips'; readonly next: string };

type Version = readonly [major: number, minor: number, patch: number];

/**
 * How `wanted` follows on `running`. Minor versions are not left out: Kubernetes converts stored objects, and etcd its data, from one minor
 * version to the next only (kubernetes.io, Version Skew Policy; etcd.io, Upgrading). What can't be read as a version is not judged.
 */
export function stepBetween(running: string, wanted: string): Step {
  const before = parse(running);
  const after = parse(wanted);
  if (before === undefined || after === undefined) return { kind: 'none' };
  const order = compare(before, after);
  if (order === 0) return { kind: 'none' };
  if (order > 0) return { kind: 'down' };
  if (after[0] === before[0] && after[1] <= before[1] + 1) return { kind: 'up' };
  const first = after[0] === before[0] ? `${before[0]}.${before[1] + 1}` : `${before[0] + 1}.0`;
  // From one major version to the next only the first minor version follows.
  return first === `${after[0]}.${after[1]}` ? { kind: 'up' } : { kind: 'skips', next: first };
}

function parse(text: string): Version | undefined {
  const found = /^v?(\d+)\.(\d+)(?:\.(\d+))?/.exec(text);
  if (found === null) return undefined;
  const [, major = '0', minor = '0', patch = '0'] = found;
  // No release that clusters were made of; what simulated machines say.
  return Number(major) === 0 ? undefined : [Number(major), Number(minor), Number(patch)];
}

function compare(one: Version, other: Version): number {
  for (const index of [0, 1, 2] as const) if (one[index] !== other[index]) return one[index] - other[index];
  return 0;
}

/** Where the version of a component is configured. */
const FIELDS: Readonly<Record<string, string>> = {
  etcd: 'etcd-version',
  kubelet: 'hyperkube-version',
  'kube-apiserver': 'apiserver-version',
  'kube-controller-manager': 'kube-controller-manager-version',
  'kube-scheduler': 'kube-scheduler-version',
};

/**
 * Refuses what leaves out a minor version, and a downgrade unless that is allowed. `wanted`: component -> version. Asks the host what is there; what
 * it can't tell is not judged: a kubelet that is gone can't say of which release it was.
 */
export async function checkVersions(
  host: Host,
  settings: Settings,
  wanted: Readonly<Record<string, string>>,
  context: ActionContext,
  allow: ReadonlySet<Allowance>,
): Promise<void> {
  const said = await context.drivers.hosts.ask(host.login, await hostScript(context, settings, ['versions.sh']));
  for (const line of said.split('\n')) {
    const [component = '', running = ''] = line.split(' ');
    const version = wanted[component];
    if (version === undefined) continue;
    const step = stepBetween(running, version);
    const what = `${component} on ${host.name} is ${running}, and the configuration has ${version}`;
    if (step.kind === 'skips') {
      throw new PaiError('REFUSED', `${what}: minor versions can't be left out`, {
        next: `Set ${FIELDS[component]} to a release of ${step.next} first, run, and then go on.`,
      });
    }
    if (step.kind === 'down' && !allow.has('downgrade')) {
      throw new PaiError('REFUSED', `${what}: it would be an older one`, {
        next: `Correct ${FIELDS[component]}, or say --allow downgrade when the data of the newer one is no loss.`,
      });
    }
  }
}
