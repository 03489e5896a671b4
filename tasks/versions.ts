import { type ActionContext, type Allowance, type Host, PaiError } from 'pai';

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
 * Refuses what leaves out a minor version, and a downgrade unless that is allowed. `wanted`: component -> version. What is there is told by the tags
 * of the images in the host's manifests, and by what kubelet told Kubernetes; what neither can tell is not judged.
 */
export async function checkVersions(
  host: Host,
  wanted: Readonly<Record<string, string>>,
  context: ActionContext,
  allow: ReadonlySet<Allowance>,
): Promise<void> {
  const { kubelet, ...pods } = wanted;
  const running = [
    ...(await podVersions(host, Object.keys(pods), context)),
    ...(kubelet === undefined ? [] : await kubeletVersion(host, context)),
  ];
  for (const [component, before] of running) {
    const version = wanted[component] ?? before;
    const step = stepBetween(before, version);
    const what = `${component} on ${host.name} is ${before}, and the configuration has ${version}`;
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

/**
 * Refuses a kubelet on a master of a newer minor version than the API server there: it may never be (kubernetes.io, Version Skew Policy), and
 * kubelets of masters change before API servers do.
 */
export async function checkSkew(host: Host, kubelet: string, context: ActionContext): Promise<void> {
  const [, running = ''] = (await podVersions(host, ['kube-apiserver'], context))[0] ?? [];
  const server = parse(running);
  const wanted = parse(kubelet);
  if (server === undefined || wanted === undefined) return;
  if (compare([wanted[0], wanted[1], 0], [server[0], server[1], 0]) <= 0) return;
  const what = `kubelet on ${host.name} would be ${kubelet}, and its API server is ${running}`;
  throw new PaiError('REFUSED', `${what}: a kubelet may not be of a newer minor version`, {
    next: `Leave hyperkube-version at ${server[0]}.${server[1]}, run with the new apiserver-version, then set hyperkube-version and run again.`,
  });
}

type Running = readonly [component: string, version: string];

async function podVersions(
  host: Host,
  components: readonly string[],
  { drivers }: ActionContext,
): Promise<readonly Running[]> {
  if (components.length === 0) return [];
  const place = (component: string): string => `/etc/kubernetes/manifests/${component}.yaml`;
  const files = await drivers.hosts.read(host.login, components.map(place));
  return components.flatMap((component) => {
    const manifest = Buffer.from(files.get(place(component)) ?? '').toString();
    const tag = /^\s*image: *["']?\S*:([^:/"'\s]+)["']?\s*$/m.exec(manifest)?.[1];
    return tag === undefined ? [] : [[component, tag] as const];
  });
}

async function kubeletVersion(host: Host, { drivers, signal }: ActionContext): Promise<readonly Running[]> {
  try {
    const node = (await drivers.kube.nodes(signal)).find(({ name }) => name === host.nodeName);
    return node === undefined || node.kubeletVersion === '' ? [] : [['kubelet', node.kubeletVersion]];
  } catch (thrown) {
    if (!(thrown instanceof PaiError)) throw thrown;
    return [];
  }
}
