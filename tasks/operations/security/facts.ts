import type { Host, Json } from 'pai';

/** What a request or a connection came to; `unknown` where it could not be made. */
export type Tried<Result> = { readonly was: Result } | { readonly unknown: string };

/** A file or folder on a host. */
export interface FileFact {
  readonly path: string;
  /** Permission bits. */
  readonly mode: number;
  /** `user:group` */
  readonly owner: string;
  readonly folder: boolean;
}

/** What a host says of itself. */
export interface HostFacts {
  /** Command lines of components, by their names; several where several run. */
  readonly processes: ReadonlyMap<string, readonly (readonly string[])[]>;
  readonly files: readonly FileFact[];
  /** Addresses that a port is open on, by port: `127.0.0.1`, `0.0.0.0`, `::`. */
  readonly listening: ReadonlyMap<number, readonly string[]>;
  /** Secrets in etcd, as a member has them. Absent where there is no member, or it did not tell. */
  readonly secrets?: { readonly all: number; readonly encrypted: number };
}

/** What is seen of a host from outside. */
export interface OutsideFacts {
  /** Status of a request without credentials, by port. */
  readonly anonymous: ReadonlyMap<number, Tried<number>>;
  /** Ports that must not be open. */
  readonly plain: ReadonlyMap<number, Tried<'open' | 'closed'>>;
  /** Whether TLS 1.1 is spoken, by port. */
  readonly oldTls: ReadonlyMap<number, Tried<'refused' | 'accepted'>>;
  /** Whether etcd lets in who has no certificate, by port. */
  readonly withoutCertificate: ReadonlyMap<number, Tried<'refused' | 'accepted'>>;
  /** Names of the API server's certificate. */
  readonly apiNames: Tried<readonly string[]>;
  /** Name of the authority that signed what a port shows. */
  readonly signers: ReadonlyMap<number, Tried<string>>;
  /** Status of /readyz for somebody with a certificate. */
  readonly ready: Tried<number>;
  /** kubelet's configuration as it has it. */
  readonly kubelet: Tried<Json>;
}

/** Everything known of a host. */
export interface HostState {
  readonly host: Pick<Host, 'name' | 'address' | 'role' | 'nodeName'>;
  readonly inside: Tried<HostFacts>;
  readonly outside: OutsideFacts;
}

/** Everything that checks look at. */
export interface Facts {
  readonly hosts: readonly HostState[];
  /** Names that the API server's certificate has to have. */
  readonly apiNames: readonly string[];
  /** Groups of the operator's certificate. */
  readonly operatorGroups: Tried<readonly string[]>;
  /** Bootstrap tokens in the cluster. */
  readonly bootstrapTokens: Tried<number>;
  /** Whether the three authorities have keys of their own. */
  readonly separateAuthorities: Tried<boolean>;
}

const COMPONENTS = ['kubelet', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kube-proxy', 'etcd'];

/** Takes the answer of templates/host/security-facts.sh apart. One that was cut off is unknown. */
export function readFacts(text: string): Tried<HostFacts> {
  const sections = text.split(/^== /m).slice(1);
  if (sections.at(-1)?.trim() !== 'end') return { unknown: 'its answer was cut off' };
  const processes = new Map<string, (readonly string[])[]>();
  let files: readonly FileFact[] = [];
  let listening: ReadonlyMap<number, readonly string[]> = new Map();
  let secrets: HostFacts['secrets'];
  for (const section of sections) {
    const [name = '', ...lines] = section.split('\n').filter((line) => line !== '');
    if (name === 'process') {
      const component = componentOf(lines);
      if (component !== undefined) processes.set(component, [...(processes.get(component) ?? []), lines]);
    } else if (name === 'files') {
      files = lines.flatMap((line) => readFile(line) ?? []);
    } else if (name === 'listening') {
      listening = readListening(lines);
    } else if (name === 'secrets') {
      const [all, encrypted] = lines.map(Number);
      if (all !== undefined && encrypted !== undefined) secrets = { all, encrypted };
    }
  }
  return { was: { processes, files, listening, ...(secrets && { secrets }) } };
}

function componentOf([first = '', second = '']: readonly string[]): string | undefined {
  const [name, next] = [first, second].map((word) => word.slice(word.lastIndexOf('/') + 1));
  const own = name === 'hyperkube' ? next : name;
  return COMPONENTS.find((component) => component === own);
}

function readFile(line: string): FileFact | undefined {
  const [, mode, owner, kind, path] = /^([0-7]+) (\S+:\S+) ([^/]+) (\/.*)$/.exec(line) ?? [];
  if (mode === undefined || owner === undefined || kind === undefined || path === undefined) return undefined;
  // A link's own mode means nothing, and what it points to is listed as well.
  if (kind === 'symbolic link') return undefined;
  return { path, mode: Number.parseInt(mode, 8), owner, folder: kind === 'directory' };
}

/** Addresses as the kernel writes them: groups of four bytes, each in the order of the machine (both that pai knows are little-endian). */
function readListening(lines: readonly string[]): ReadonlyMap<number, readonly string[]> {
  const found = new Map<number, string[]>();
  for (const line of lines) {
    const [, hex = '', port = ''] = /^([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})$/.exec(line) ?? [];
    if (port === '') continue;
    const number = Number.parseInt(port, 16);
    found.set(number, [...(found.get(number) ?? []), addressOf(hex)]);
  }
  return found;
}

function addressOf(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) => (word.match(/../g) ?? []).toReversed());
  if (bytes.length === 4) return bytes.map((byte) => Number.parseInt(byte, 16)).join('.');
  const groups = Array.from({ length: 8 }, (_, index) => bytes.slice(index * 2, index * 2 + 2).join(''));
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}

/** The value of a flag, the last one that is given; `true` for one without a value; undefined where it is not given. */
export function flag(words: readonly string[], name: string): string | undefined {
  const given = words.filter((word) => word === `--${name}` || word.startsWith(`--${name}=`)).at(-1);
  return given === undefined ? undefined : given.slice(name.length + 3) || 'true';
}
