import type { Secret } from '../model/secret.js';
import type { Role } from './model.js';
import type { ContainerRuntime } from './release.js';

/** Written true, "true", false or "false". */
export type Flag = 'true' | 'false';

/** How to log in. */
export interface LoginEntry {
  username?: string;
  password?: Secret;
  'ssh-keyfile-path'?: string;
  sshport?: number;
}

/** What a machine lacks, `default-machine-properties` gives. */
export interface MachineDefaults extends LoginEntry {
  /** A name in `ssh-bastions`, or `none`. */
  'ssh-bastion'?: string;
}

/** An entry of `ssh-bastions`. */
export interface BastionEntry extends LoginEntry {
  hostip: string;
}

/** An entry of `machine-list`. */
export interface MachineEntry extends MachineDefaults {
  hostname: string;
  hostip: string;
  'machine-type': string;
  'k8s-role': Role;
  etcdid?: string;
  zkid?: string;
  dashboard?: Flag;
  'pai-master'?: Flag;
  'pai-worker'?: Flag;
  'node-exporter'?: Flag;
}

/** An entry of `machine-sku`; mem in GB. */
export interface SkuEntry {
  mem: number;
  cpu: { vcore: number };
  gpu?: { type: string; count: number };
  os: string;
  dataFolder?: string;
}

/** cluster-configuration.yaml. */
export interface ClusterFile {
  'default-machine-properties': MachineDefaults;
  'ssh-bastions': Record<string, BastionEntry>;
  'machine-sku': Record<string, SkuEntry>;
  'machine-list': MachineEntry[];
}

/** A list of nodes, in a file of its own. */
export type NodeListFile = Pick<ClusterFile, 'machine-list'>;

/** `package-source`. */
export type PackageSourceEntry = {
  'apt-line'?: string;
  key?: string;
  only: Flag;
  packages?: string[];
};

/** kubernetes-configuration.yaml. */
export interface KubernetesFile {
  kubernetes: {
    'cluster-dns': string;
    'load-balance-ip': string;
    'service-cluster-ip-range': string;
    'storage-backend': string;
    'docker-registry': string;
    'docker-registry-insecure': Flag;
    'container-runtime'?: ContainerRuntime;
    'package-source'?: PackageSourceEntry;
    'hyperkube-version': string;
    'etcd-version': string;
    'apiserver-version': string;
    'kube-scheduler-version': string;
    'kube-controller-manager-version': string;
    'dashboard-version': string;
    'haproxy-version': string;
    'pause-version': string;
    network: 'host-only' | 'bridge' | 'manifests';
    'pod-cidr'?: string;
    'pod-cidr-mask': number;
    'network-manifests'?: string;
    'coredns-version': string;
    'upstream-registry'?: string;
    'upstream-registry-insecure': Flag;
  };
}

/** k8s-role-definition.yaml. */
export interface RoleFile {
  'component-list': Record<string, { src: string; dst: string }[]>;
  'k8s-role': Record<Role, { component: { name: string }[] }>;
}

/** `docker-registry-info` of services-configuration.yaml. */
export interface RegistryEntry {
  'docker-namespace': string;
  'docker-registry-domain': string;
  'docker-username'?: string;
  'docker-password'?: Secret;
  'docker-tag': string;
  'secret-name': string;
  'docker-registry-ca'?: string;
  'docker-registry-insecure': Flag;
}

/** services-configuration.yaml. */
export interface ServicesFile {
  cluster: {
    clusterid: string;
    'nvidia-drivers-version'?: string;
    'docker-version'?: string;
    'data-path': string;
    'docker-registry-info': RegistryEntry;
    'image-build': { 'base-image'?: string; 'apt-line'?: string };
  };
  hadoop: {
    'custom-hadoop-binary-path': string;
    'hadoop-version': string;
    /** `{version}` stands for hadoop-version. */
    'hadoop-download-url': string;
    'hadoop-sha512'?: string;
    virtualClusters: Record<string, { description?: string; capacity: number }>;
  };
  frameworklauncher: { 'frameworklauncher-port': number };
  restserver: {
    'server-port': number;
    'jwt-secret'?: Secret;
    'default-pai-admin-username'?: string;
    'default-pai-admin-password'?: Secret;
  };
  webportal: { 'server-port': number };
  grafana: { 'grafana-port': number };
  prometheus: { 'prometheus-port': number; 'node-exporter-port': number };
  pylon: { port: number };
}

/** An entry of `image-list`. */
export interface ImageListEntry {
  prerequisite: string[];
  'build-args': Record<string, string>;
  source?: { path?: string; git?: string; revision?: string };
  copy: string[];
}

/** service-list.yaml. */
export interface ServiceListFile {
  'image-list': Record<string, ImageListEntry>;
  'service-list': Record<
    string,
    {
      prerequisite: string[];
      image: string[];
      configuration: 'hadoop'[];
      label: string[];
      startscript?: string;
      stopscript?: string;
      data: string[];
      'clean-only': 'true' | 'false';
    }
  >;
}

/** What is left of a type when any field may be missing: what cross checks see of a file that lacks some. */
export type Partially<T> = T extends Secret
  ? T
  : T extends readonly (infer Item)[]
    ? readonly Partially<Item>[]
    : T extends object
      ? { readonly [Key in keyof T]?: Partially<T[Key]> | undefined }
      : T;
