import { type Cluster, minorRelease, NEWEST_MINOR, OLDEST_MINOR, PaiError } from 'pai';

/**
 * What pai has to know of a minor release of Kubernetes 1. Templates and tasks ask these, never a number. Facts were read from
 * the CHANGELOGs of kubernetes/kubernetes and, from 1.29 on, from the releases' sources (the options of each `cmd`,
 * `pkg/kubelet/apis/config/v1beta1/defaults.go`, `cmd/kubeadm/app/constants`).
 */
export interface Release {
  /** 20 of 1.20. */
  readonly minor: number;
  /**
   * kube-apiserver has `--insecure-port`, kube-scheduler and kube-controller-manager have `--port`: 0 closes the port without
   * TLS. To 1.23. CHANGELOG-1.20 (#95856: the API server ignores it), CHANGELOG-1.24 (#106860, #106865: removed).
   */
  readonly insecurePortFlags: boolean;
  /** kubelet reaches Docker by itself. To 1.23. CHANGELOG-1.24, "Dockershim Removed from kubelet". */
  readonly dockershim: boolean;
  /**
   * kubelet wants `--container-runtime=remote` to use another runtime than Docker. To 1.23; 1.24 to 1.26 know no other value, and
   * 1.27 removed the flag (deprecated in CHANGELOG-1.24, #107094; removed in CHANGELOG-1.27).
   */
  readonly containerRuntimeFlag: boolean;
  /**
   * KubeletConfiguration has `containerRuntimeEndpoint`; before it is only a flag, `--container-runtime-endpoint`. From 1.27
   * (CHANGELOG-1.27).
   */
  readonly runtimeEndpointInConfiguration: boolean;
  /** kubelet has `--pod-infra-container-image`. To 1.34; in the source of 1.35 it is gone, as 1.34's own help announces. */
  readonly podInfraImageFlag: boolean;
  /**
   * A host with cgroup v1 is refused unless `failCgroupV1` of KubeletConfiguration says false. From 1.35 (`defaults.go` of 1.35); the field is there from
   * 1.31 on.
   */
  readonly refusesCgroupV1: boolean;
  /**
   * Releases of containerd whose CRI kubelet speaks, beside what pai itself wants (1.5: `config_path`). v1alpha2 alone to 1.22, which containerd 2.0
   * no longer has; v1 alone from 1.26 on, which containerd has from 1.6. Sources: containerd's RELEASES.md (tables of deprecated features and of
   * Kubernetes), CHANGELOG-1.23, CHANGELOG-1.26. `before` is absent where none is too new.
   */
  readonly containerd: { readonly from: string; readonly before?: string };
  /** Release of etcd that kubeadm of this release sets up (`DefaultEtcdVersion`), of the newest patch that was read. */
  readonly etcd: string;
  /** Release of pause that goes with it (`PauseVersion`). */
  readonly pause: string;
}

/** etcd and pause by minor release. Sources: `cmd/kubeadm/app/constants/constants.go`, CHANGELOGs for those before 1.29. */
const COMPANIONS: Readonly<Record<number, readonly [etcd: string, pause: string]>> = {
  18: ['3.4.3', '3.2'],
  19: ['3.4.13', '3.2'],
  20: ['3.4.13', '3.2'],
  21: ['3.4.13', '3.4.1'],
  22: ['3.5.0', '3.5'],
  23: ['3.5.1', '3.6'],
  24: ['3.5.3', '3.7'],
  25: ['3.5.4', '3.8'],
  26: ['3.5.6', '3.9'],
  27: ['3.5.7', '3.9'],
  28: ['3.5.9', '3.9'],
  29: ['3.5.12', '3.9'],
  30: ['3.5.15', '3.9'],
  31: ['3.5.24', '3.10'],
  32: ['3.5.24', '3.10'],
  33: ['3.5.24', '3.10'],
  34: ['3.6.5', '3.10.1'],
  35: ['3.6.6', '3.10.1'],
  36: ['3.6.8', '3.10.2'],
  37: ['3.7.0', '3.10.2'],
};

function releaseOfMinor(minor: number): Release | undefined {
  const companions = COMPANIONS[minor];
  if (companions === undefined) return undefined;
  const [etcd, pause] = companions;
  return {
    minor,
    insecurePortFlags: minor <= 23,
    dockershim: minor <= 23,
    containerRuntimeFlag: minor <= 26,
    runtimeEndpointInConfiguration: minor >= 27,
    podInfraImageFlag: minor <= 34,
    refusesCgroupV1: minor >= 35,
    containerd: { from: minor <= 25 ? '1.5' : '1.6', ...(minor <= 22 && { before: '2.0' }) },
    etcd,
    pause,
  };
}

/** All that are known, the oldest first. */
export const RELEASES: readonly Release[] = Array.from({ length: NEWEST_MINOR - OLDEST_MINOR + 1 }, (_, index) =>
  knownRelease(`1.${OLDEST_MINOR + index}`),
);

/** The release that an image's tag tells. @throws PaiError CONFIG_INVALID; `pai config validate` tells it with its place. */
export function knownRelease(tag: string): Release {
  const minor = minorRelease(tag);
  const release = minor === undefined ? undefined : releaseOfMinor(minor);
  if (release === undefined) {
    throw new PaiError(
      'CONFIG_INVALID',
      `${tag} is none of the releases of Kubernetes from 1.${OLDEST_MINOR} to 1.${NEWEST_MINOR}`,
      {
        next: 'Correct the versions in kubernetes-configuration.yaml.',
      },
    );
  }
  return release;
}

/** The releases of a cluster's components, which differ while it is changed from one to the next. */
export interface Releases {
  readonly kubelet: Release;
  readonly apiserver: Release;
  readonly controllerManager: Release;
  readonly scheduler: Release;
}

/** By the tags of kubernetes-configuration.yaml. */
export function releasesOf({ kubernetes: { versions } }: Cluster): Releases {
  return {
    kubelet: knownRelease(versions.hyperkube),
    apiserver: knownRelease(versions.apiserver),
    controllerManager: knownRelease(versions.controllerManager),
    scheduler: knownRelease(versions.scheduler),
  };
}
