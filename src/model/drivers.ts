import type { PaiError } from './errors.js';
import type { JsonObject } from './json.js';
import type { LocalWork, Survey } from './local.js';
import type { Secret } from './secret.js';
import type { Observation, Stamp } from './stamp.js';
import type { ActionContext, ApplyContext, Desired, Previous } from './target.js';
import type { LogLine, LogOptions, TargetState } from './workloads.js';

/** How to log in to a host. */
export interface HostLogin {
  /** Host name, as in target names. */
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** For SSH and sudo. */
  readonly password?: string | Secret;
  /** Path of a private key, absolute. */
  readonly keyPath?: string;
  /** The bastion that forwards to it. A bastion has none itself. */
  readonly via?: HostLogin;
  /** What it is called in messages. Default: host. */
  readonly kind?: 'host' | 'bastion';
}

/** A file that a host script finds in its payload directory. */
export interface PayloadFile {
  /** Relative path in the payload, forward slashes. */
  readonly path: string;
  /** Permission bits; 0o600 where anything secret is in it. */
  readonly mode: number;
  readonly content: string | Uint8Array;
  /** Enters the fingerprint keyed. Such a file must have mode 0o600 or stricter. */
  readonly secret?: boolean;
}

/** One thing to do on a host: a payload and a POSIX sh script that runs in it as root. */
export interface HostWork {
  readonly files: readonly PayloadFile[];
  /** Runs with the payload directory as working directory and `ROOT` set to the host's root prefix ('' on real hosts). */
  readonly script: string;
  /** POSIX sh; exit 0 when the thing is there and well, else says on standard output what is wrong. Run after `script`. */
  readonly probe?: string;
  /** Written last. Without one the target's stamp is removed for good (clean). */
  readonly stamp?: Stamp;
}

/** Hosts over SSH. One connection a host and run, one exec an action. */
export interface HostDriver {
  /** Stamp and probe of one target; looks at the same host in the same turn share one exec. */
  observe(host: HostLogin, target: string, probe: string): Promise<Observation>;
  /** Runs work under the host's lock; survives a dropped connection. Fails with HOST_SCRIPT and the last lines. */
  run(host: HostLogin, work: HostWork, context: ActionContext): Promise<void>;
  /** Contents of files that only root may read; those that do not exist are left out. One exec. */
  read(host: HostLogin, paths: readonly string[]): Promise<ReadonlyMap<string, Uint8Array>>;
  /**
   * What a POSIX sh script that changes nothing prints on standard output; it runs as root, with `ROOT` set. Fails with HOST_SCRIPT and what it said
   * on standard error when it does not exit with 0.
   */
  ask(host: HostLogin, script: string): Promise<string>;
  /** Copies a file of the host to a path on this machine, mode 0600; it may be larger than memory. Resolves to its SHA-256, hex. */
  fetch(host: HostLogin, path: string, to: string): Promise<string>;
  /** Copies a file of this machine to a path on the host, for root only; it may be larger than memory. */
  send(host: HostLogin, from: string, path: string): Promise<void>;
  close(): Promise<void>;
}

/** Where an image lives in a registry. */
export interface ImageReference {
  /** `host[:port]`, or `docker.io`. */
  readonly registry: string;
  /** Path in the registry: `namespace/name`. */
  readonly repository: string;
  readonly tag: string;
}

/** Where an image is, and how that registry is asked. */
export interface ImagePlace extends ImageReference {
  /** Plain HTTP. Of the registry of docker-registry-info, its own settings count. */
  readonly insecure: boolean;
}

/** A tree that images take files from. `where`: the place in the configuration that names it, `file:line:column`. */
export type ImageSource =
  /** `path`: absolute. `shown`: as it is written. */
  | { readonly kind: 'folder'; readonly path: string; readonly shown: string; readonly where: string }
  /** `revision`: a commit, tag or branch. */
  | { readonly kind: 'git'; readonly url: string; readonly revision: string; readonly where: string };

/** A file of a source tree that stays on the disk until it is sent to the builder. */
export interface SourceFile {
  /** Relative path in the build context, forward slashes. */
  readonly path: string;
  readonly mode: number;
  /** Absolute path of it on this machine. */
  readonly file: string;
  readonly bytes: number;
  /** Hex SHA-256 of its content. */
  readonly sha256: string;
}

/** A symbolic link in a source tree. */
export interface SourceLink {
  readonly path: string;
  /** What it points to, as it is written. */
  readonly target: string;
}

/** What a build context consists of. */
export type ContextFile = PayloadFile | SourceFile | SourceLink;

/** An image to build: all files of its context, rendered. */
export interface ImageWork {
  readonly image: ImageReference;
  readonly files: readonly ContextFile[];
  readonly buildArgs: Readonly<Record<string, string>>;
}

/** Images: built on the dev box's Docker Engine, kept in a registry. */
export interface ImageDriver {
  /** The stamp that the image under its tag carries in the registry. No pull. */
  observe(image: ImageReference): Promise<Observation>;
  /** Builds (unless the registry has this fingerprint already) and pushes; output is the manifest's digest. */
  apply(work: ImageWork, context: ApplyContext): Promise<Stamp>;
  /** The files of the context that .dockerignore leaves, sorted; what the fingerprint covers. */
  contextFiles(files: readonly ContextFile[]): Promise<readonly ContextFile[]>;
  /**
   * What a source tree has below these paths of it, each as `copied_file/` and the path's last part. A repository is cloned once a commit. Fails with
   * IMAGE_SOURCE for a tree, a revision or a path that is not there.
   */
  sourceFiles(source: ImageSource, copy: readonly string[], signal: AbortSignal): Promise<readonly ContextFile[]>;
  /** What `sourceFiles` would fail with, as far as a look at this machine tells: nobody else is asked, and no file is read. */
  missingSource(source: ImageSource, copy: readonly string[]): Promise<PaiError | undefined>;
  /** Digest of an image's manifest, or index, in its registry; undefined when it has none. */
  digest(place: ImagePlace): Promise<string | undefined>;
  /** Copies an image between registries as it is, all platforms of it; what the second has already is not sent. */
  copy(from: ImagePlace, to: ImagePlace, context: ActionContext): Promise<void>;
  /** Removes the image from the dev box, and with `remote` from the registry too, where that allows it. */
  clean(image: ImageReference, context: ActionContext): Promise<void>;
}

/** A Kubernetes object as in a manifest. */
export interface KubeObject extends JsonObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: JsonObject & { readonly name: string; readonly namespace?: string };
}

/** Objects to apply together and node labels that they select by. */
export interface KubeWork {
  readonly objects: readonly KubeObject[];
  /** Node name -> labels that it must carry. */
  readonly nodeLabels: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Done once all pods are ready, and before the stamp is written. */
  finish?(): Promise<void>;
}

/** A node of Kubernetes. */
export interface KubeNode {
  readonly name: string;
  /** Its kubelet says that it is well, and did so lately. */
  readonly ready: boolean;
  /** Cordoned: it takes no new pods. */
  readonly unschedulable: boolean;
  /** Of its kubelet, as that said when it last did: `v1.20.2`. */
  readonly kubeletVersion: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** How pods are made to leave a node. */
export interface DrainOptions {
  /** Seconds that they may take. Default: 300. */
  readonly timeoutSeconds?: number;
  /** Pods without a controller go too, and those that are left after the time are deleted, whatever their disruption budgets say. */
  readonly force?: boolean;
  /** Who cordons the node: kept with it, so that `uncordon` can tell. */
  readonly by?: string;
}

/** Objects in Kubernetes. */
export interface KubeDriver {
  /** Stamp, presence and rollout of what was applied for a target; one list request per kind serves all targets. */
  observe(target: string): Promise<Observation>;
  /** Labels nodes, applies server-side, removes what the last apply had and this one has not, waits for rollouts. */
  apply(work: KubeWork, context: ApplyContext): Promise<Stamp>;
  /** Removes all that was applied for the target, its labels too; nothing there is no error. */
  clean(context: ActionContext): Promise<void>;
  /**
   * What was applied for the target before what is there; where the last apply did not come to a good end, what came up before it. Undefined when nothing
   * of it is kept. Its manifests are kept in the cluster.
   */
  previous(context: ActionContext): Promise<Previous | undefined>;
  /** Deletes a Node object; nothing there is no error. */
  deleteNode(name: string, context: Pick<ActionContext, 'log' | 'signal'>): Promise<void>;
  /** All nodes; one list request, shared by who asks while it is under way. */
  nodes(signal?: AbortSignal): Promise<readonly KubeNode[]>;
  /** Makes a node take no new pods. Cordoned already, or not there, is no error. */
  cordon(name: string, context: Pick<ActionContext, 'log' | 'signal'>): Promise<void>;
  /** Makes it take pods again. With `by` only when it was cordoned by that: not what an operator cordoned. */
  uncordon(name: string, context: Pick<ActionContext, 'log' | 'signal'>, by?: string): Promise<void>;
  /**
   * Cordons a node and evicts its pods, as their disruption budgets allow; those of DaemonSets and static ones stay. Resolves when they are gone. On a
   * node that is not Ready nobody confirms that, and accepted evictions are enough. Fails with KUBE_REFUSED for pods without a controller (nothing was
   * changed) and with TIMEOUT, naming pods and budgets; the node stays cordoned then.
   */
  drain(name: string, options: DrainOptions, context: Pick<ActionContext, 'log' | 'signal'>): Promise<void>;
  /** Targets for which anything was applied, sorted. One request. */
  targets(signal?: AbortSignal): Promise<readonly string[]>;
  /** How what was applied for targets is, and why it is not well; those for which nothing was are left out. */
  states(targets: readonly string[], signal: AbortSignal): Promise<readonly TargetState[]>;
  /** Tells the last lines of a target's pods, and what comes then; resolves to how many containers were read. Fails with UNKNOWN_NAME. */
  logs(target: string, options: LogOptions, tell: (line: LogLine) => void, signal: AbortSignal): Promise<number>;
  /**
   * Removes the workloads that were applied for the target and keeps all else. Nothing there is no error. One without workloads counts as stopped only
   * with `more`: something else of it was stopped.
   */
  stop(context: ActionContext, more?: boolean): Promise<void>;
  /** Makes the pods of its workloads anew, and waits until they are ready. Fails with ROLLOUT, and with REFUSED for a target that does not run. */
  restart(context: ActionContext): Promise<void>;
  /** Gives nodes the labels of the target; false, and nothing done, where nothing was applied for it. */
  relabel(labels: KubeWork['nodeLabels'], context: ActionContext): Promise<boolean>;
  /** A kubeconfig of an administrator, for commands on this machine. Secret. */
  kubeconfig(): Promise<string>;
  close(): Promise<void>;
}

/** A certificate to be issued, by what it must say. This, not its bytes, enters a fingerprint. */
export interface CertificateSpec {
  readonly ca: 'cluster' | 'etcd' | 'front-proxy';
  readonly commonName: string;
  readonly organizations: readonly string[];
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
  readonly usages: readonly ('client' | 'server')[];
  readonly days: number;
}

/** A certificate and its key, PEM. */
export interface IssuedCertificate {
  readonly certificate: string;
  readonly key: string;
}

/**
 * Where the exchange of the certificate authorities stands. `trust-both`: the old ones sign, the new ones are trusted as well. `re-issue`: the new ones
 * sign, the old ones are still trusted. `drop-old`: only the new ones are trusted; the last phase of an exchange, and the first look of the next.
 */
export type RotationPhase = 'trust-both' | 're-issue' | 'drop-old';

/** What was done to certificates since the authorities were made. */
export interface Renewal {
  /** Grows with every renewal and every phase of an exchange; 0 at first. A host refuses certificates of a lower one. */
  readonly generation: number;
  /** The generation of the last renewal of leaf certificates; 0: never. Those issued before are to be exchanged. */
  readonly renewed: number;
  /** Absent while the authorities were never exchanged. */
  readonly phase?: RotationPhase;
}

/** The cluster's certificate authorities, service-account key, encryption key and fingerprint key. */
export interface PkiDriver {
  /**
   * Everything that masters share: path relative to the pki directory (`ca.crt`, `ca.key`, `etcd-ca.crt`, ... `sa.key`,
   * `secrets-encryption.key`, `fingerprint.key`) -> content. Undefined when it was never made. Local copy first, then a master's.
   */
  material(): Promise<ReadonlyMap<string, string> | undefined>;
  /** Makes what is missing and writes it to the local directory, 0600. */
  create(): Promise<ReadonlyMap<string, string>>;
  /** Writes what was read back from a master to the local directory; nothing when it is there. */
  keepLocal(): Promise<void>;
  issue(spec: CertificateSpec): Promise<IssuedCertificate>;
  /** Key for secrets in fingerprints. Undefined while there is no material. */
  fingerprintKey(): Promise<Uint8Array | undefined>;
  /** Digest over the public halves: what dependents of the CAs see. */
  digest(): Promise<string>;
  /**
   * Keeps the stamp of target `pki` in the local directory, as `stamp.json`. From then on it is part of `material()`, so
   * that masters keep it too and a fresh checkout sees it.
   */
  writeStamp(stamp: Stamp): Promise<void>;
  /** What was done to certificates since. */
  renewal(): Promise<Renewal>;
  /** From now on all leaf certificates are to be exchanged. Throws PKI while there are no authorities. */
  renew(): Promise<void>;
  /**
   * Takes the authorities to the next phase of their exchange, all or nothing; nothing happens when they are there already. The stamp of target
   * `pki` goes with them. Throws PKI when that phase does not follow the one that they are in.
   */
  rotate(phase: RotationPhase): Promise<void>;
  /** Removes the local copy. */
  remove(): Promise<void>;
}

/** Files and commands on the dev box. */
export interface LocalDriver {
  /** Asks for versions of tools, once a run. Does not reject: what can't be asked is told by `desired`. */
  prepare(work: LocalWork): Promise<void>;
  /** The stamp if everything is as it was recorded. Reads no content. */
  peek(target: string, work: LocalWork, needs: ReadonlyMap<string, string>): Stamp | undefined;
  /** The stamp, and which outputs are not as recorded. */
  observe(target: string, work: LocalWork): Observation;
  /** Looks at the inputs. Throws LOCAL_FILE for those that are missing or can't be read. */
  desired(target: string, work: LocalWork, needs: ReadonlyMap<string, string>): Promise<Desired>;
  /**
   * Everything on the disk that decides whether these targets are fresh, which quick looks have just found all of them to be. Undefined when it
   * can't be told in a way that holds.
   */
  survey(targets: Iterable<string>): Survey | undefined;
  /** Removes outputs that are as the task left them. */
  clean(work: LocalWork, context: ActionContext): Promise<void>;
  /** Writes what waits to be remembered. Returns what is worth a warning. */
  close(): Promise<readonly string[]>;
}

/** All drivers. Each is loaded at its first use. */
export interface Drivers {
  readonly local: LocalDriver;
  readonly hosts: HostDriver;
  readonly images: ImageDriver;
  readonly kube: KubeDriver;
  readonly pki: PkiDriver;
  readonly templates: TemplateDriver;
}

/** Jinja2-compatible templates from the project's `templates/` folder. */
export interface TemplateDriver {
  /** Renders one template; `file` is relative to `templates/`. An undefined variable is an error with file:line. */
  render(file: string, variables: Readonly<Record<string, unknown>>): Promise<string>;
  /** Reads a file as it is. */
  read(file: string): Promise<Uint8Array>;
  /** Regular files below a folder of `templates/`, sorted, relative to it, with their permission bits (only the user's x bit counts). */
  list(folder: string): Promise<readonly { readonly path: string; readonly mode: number }[]>;
}
