import type { HostLogin, ImageSource } from '../model/drivers.js';
import type { JsonObject } from '../model/json.js';
import type { Secret } from '../model/secret.js';
import type { ContainerRuntime } from './release.js';

/** Role of a machine in Kubernetes. */
export type Role = 'master' | 'worker' | 'proxy';

/** Hardware of a machine, from `machine-sku`. Memory in GB. */
export interface Sku {
  readonly name: string;
  readonly memoryGb: number;
  readonly vcores: number;
  readonly gpu?: { readonly type: string; readonly count: number };
  readonly os: string;
  readonly dataFolder?: string;
}

/** A machine of `machine-list`, defaults filled in. */
export interface Host {
  /** `hostname`: the name in targets. */
  readonly name: string;
  /** `hostip`: IPv4 or IPv6, as written. `uriHost` puts it into URIs. */
  readonly address: string;
  /** Name of its Kubernetes node: its IPv4 address; with IPv6, which no name may look like, its host name. */
  readonly nodeName: string;
  readonly role: Role;
  readonly sku: Sku;
  readonly login: HostLogin;
  /** `etcdid`; masters only. */
  readonly etcdId?: string;
  /** `zkid`. */
  readonly zkId?: string;
  readonly dashboard: boolean;
  readonly paiMaster: boolean;
  readonly paiWorker: boolean;
  readonly nodeExporter: boolean;
  /** Node labels that follow from pai-master, pai-worker, node-exporter and the SKU: what services select by. */
  readonly labels: Readonly<Record<string, string>>;
  /** The machine's entry as written, defaults merged in, without how to log in: what templates see as `hostcofig` and in `machinelist`. */
  readonly raw: JsonObject;
}

/** `package-source`: where hosts get the container runtime. */
export interface PackageSource {
  /** A whole line of apt. Absent: the host's own sources. */
  readonly aptLine?: string;
  /** Absolute path of the public key that signs it. */
  readonly keyPath?: string;
  /** Whether no other source is asked. */
  readonly only: boolean;
  /** `NAME` or `NAME=VERSION`. Absent: what the system calls it. */
  readonly packages?: readonly string[];
}

/** `network` of kubernetes-configuration.yaml. */
export type PodNetwork =
  /** Pods have their hosts' addresses. */
  | { readonly kind: 'host-only' }
  /** Each host has a part of `podCidr` (with prefix `mask`), which its pods get addresses of. */
  | { readonly kind: 'bridge'; readonly podCidr: string; readonly mask: number }
  /** What the operator's manifests make of it. `path`: absolute, of a manifest or of a folder of them. */
  | { readonly kind: 'manifests'; readonly path: string; readonly podCidr?: string; readonly mask: number };

/** kubernetes-configuration.yaml. */
export interface KubernetesConfiguration {
  readonly clusterDns: string;
  readonly loadBalanceIp: string;
  readonly serviceClusterIpRange: string;
  /** The first address of that range: the API server's own service. */
  readonly apiServiceIp: string;
  readonly storageBackend: string;
  /** How pods get addresses. */
  readonly network: PodNetwork;
  /** Whether `cluster-dns` is an address of services, where the cluster's own name server answers. */
  readonly ownDns: boolean;
  /** Prefix of component images: `registry/path`. */
  readonly dockerRegistry: string;
  /** `docker-registry-insecure`: hosts may pull component images over plain HTTP. */
  readonly dockerRegistryInsecure: boolean;
  /** What runs containers on hosts. */
  readonly containerRuntime: ContainerRuntime;
  readonly packageSource: PackageSource;
  /** `upstream-registry`: where component images are copied from; absent: from their publishers. */
  readonly upstreamRegistry?: { readonly prefix: string; readonly insecure: boolean };
  readonly versions: {
    readonly hyperkube: string;
    readonly etcd: string;
    readonly apiserver: string;
    readonly scheduler: string;
    readonly controllerManager: string;
    readonly dashboard: string;
    /** `haproxy-version`, `pause-version`: our additions, with defaults. */
    readonly haproxy: string;
    readonly pause: string;
    readonly coredns: string;
  };
  readonly raw: JsonObject;
}

/** docker-registry-info. */
export interface RegistryConfiguration {
  /** `docker-registry-domain`; `public` is Docker Hub and becomes `docker.io`. */
  readonly domain: string;
  readonly namespace: string;
  readonly username?: string;
  readonly password?: Secret;
  readonly tag: string;
  /** Name of the pull secret. */
  readonly secretName: string;
  /** `docker-registry-ca`: absolute path of a PEM file that signs the registry's certificate. */
  readonly caPath?: string;
  /** `docker-registry-insecure`: plain HTTP. */
  readonly insecure: boolean;
}

/** A virtual cluster: a queue of YARN. */
export interface VirtualCluster {
  readonly name: string;
  readonly description?: string;
  /** Its share in percent, after scaling. The shares of all add up to 100. */
  readonly capacity: number;
}

/** `hadoop` of services-configuration.yaml. */
export interface HadoopConfiguration {
  /** Absolute path of an archive of an own build; without it the released one of `hadoopVersion` is meant. */
  readonly customHadoopBinaryPath?: string;
  readonly hadoopVersion: string;
  /** Where that is downloaded, the version filled in. */
  readonly hadoopDownloadUrl: string;
  /** What the archive must have, lower-case hex. */
  readonly hadoopSha512?: string;
  /** All queues, `default` among them. */
  readonly virtualClusters: readonly VirtualCluster[];
}

/** `restserver` of services-configuration.yaml. */
export interface RestServerConfiguration {
  readonly serverPort: number;
  /** Signs the tokens of users. */
  readonly jwtSecret?: Secret;
  readonly defaultPaiAdminUsername?: string;
  readonly defaultPaiAdminPassword?: Secret;
}

/** services-configuration.yaml. Ports are TCP ports on the hosts that the services run on. */
export interface ServicesConfiguration {
  readonly clusterId: string;
  readonly nvidiaDriversVersion?: string;
  readonly dockerVersion?: string;
  readonly dataPath: string;
  readonly registry: RegistryConfiguration;
  /** `image-build`: build arguments of all images that declare them. */
  readonly imageBuild: { readonly baseImage?: string; readonly aptLine?: string };
  readonly hadoop: HadoopConfiguration;
  readonly frameworklauncher: { readonly frameworklauncherPort: number };
  readonly restserver: RestServerConfiguration;
  readonly webportal: { readonly serverPort: number };
  readonly grafana: { readonly grafanaPort: number };
  readonly prometheus: { readonly prometheusPort: number; readonly nodeExporterPort: number };
  readonly pylon: { readonly port: number };
  /** The sections as written but for secrets, capacities of virtual clusters worked out (cluster, hadoop, frameworklauncher, restserver, webportal, grafana, prometheus, pylon). */
  readonly raw: JsonObject;
}

/**
 * Where things are reached, as URIs without a slash at the end. Services of which there is one run on the machine with
 * pai-master.
 */
export interface Addresses {
  /** Members of etcd for each other, `etcdid=https://...:2380`, comma-separated: its `--initial-cluster`. */
  readonly etcdPeers: string;
  /** Members of etcd for clients, `https://...:2379`, comma-separated. */
  readonly etcdServers: string;
  /** The Kubernetes API, at load-balance-ip. */
  readonly apiServer: string;
  /** Absent where no machine has `dashboard: "true"`. */
  readonly dashboard?: string;
  /** `host:port` of each, comma-separated: a quorum as ZooKeeper's clients take it. */
  readonly zookeeper: string;
  /** HDFS by its own protocol, `hdfs://`. */
  readonly hdfs: string;
  /** HDFS over HTTP: the name node's page and WebHDFS. */
  readonly webHdfs: string;
  /** Page and API of the resource manager. */
  readonly yarn: string;
  readonly jobHistory: string;
  readonly timeline: string;
  readonly launcher: string;
  readonly restServer: string;
  readonly webportal: string;
  readonly grafana: string;
  readonly prometheus: string;
  readonly pylon: string;
}

/** An image of service-list.yaml. */
export interface ImageEntry {
  readonly name: string;
  /** Images that it is built on. */
  readonly prerequisites: readonly string[];
  /** Build arguments. */
  readonly buildArgs: Readonly<Record<string, string>>;
  /** The tree that it takes files from. */
  readonly source?: ImageSource;
  /** Paths in that tree, relative, with forward slashes; `.` is all of it. Empty without a source. */
  readonly copy: readonly string[];
}

/** A service of service-list.yaml. */
export interface ServiceEntry {
  readonly name: string;
  readonly prerequisites: readonly string[];
  /** Images that its manifests name. */
  readonly images: readonly string[];
  /** Configuration that pai writes, which its templates see. */
  readonly configurations: readonly 'hadoop'[];
  /** Node labels that its pods select by. */
  readonly labels: readonly string[];
  /** A script of its folder that runs on this machine once all pods are ready. */
  readonly startScript?: string;
  /** One that runs before it is stopped or taken down. */
  readonly stopScript?: string;
  /** Folders on hosts where it keeps data, relative to data-path. */
  readonly data: readonly string[];
  /** It deletes data, and is deployed for that only. */
  readonly cleanOnly: boolean;
}

/** The four files and the service list, validated, defaults filled in, frozen. */
export interface Cluster {
  /** Absolute path of the configuration folder. */
  readonly directory: string;
  /** Absolute path of the folder for the operator's kubectl and kubeconfig: one of the cluster's own. */
  readonly operatorDirectory: string;
  readonly hosts: readonly Host[];
  readonly masters: readonly Host[];
  readonly workers: readonly Host[];
  readonly proxies: readonly Host[];
  readonly kubernetes: KubernetesConfiguration;
  readonly services: ServicesConfiguration;
  readonly addresses: Addresses;
  readonly images: readonly ImageEntry[];
  readonly serviceList: readonly ServiceEntry[];
  /** What templates see, by the historic names; frozen as well. */
  readonly variables: {
    /** Kubernetes templates: `clusterconfig` (with etcd_cluster_ips_peer, etcd_cluster_ips_server, etcd-initial-cluster-state) and `cluster`. */
    readonly kubernetes: JsonObject;
    /** Service templates: `clusterinfo` with its secrets, `machineinfo`, `machinelist`, `addresses`. Throws SECRET for one that can't be had. */
    readonly services: () => Promise<JsonObject>;
    /** Image templates: `clusterconfig` with `clusterinfo` inside, without secrets. */
    readonly images: JsonObject;
  };
  /**
   * Asks for all secrets that are kept elsewhere (`!env`, `!file`, `!exec`) and were not asked for yet. Each is asked for once, at its first
   * use or here. Throws SECRET with everything that can't be had.
   */
  readonly revealSecrets: () => Promise<void>;
}
