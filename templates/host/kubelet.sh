# Starts kubelet in a container, or leaves it alone when the one that runs is what is wanted.
#
# HYPERKUBE, PAUSE (images), NODE (the node's name and address), NETWORK (host-only, or who gives pods addresses)

kubelet_image() { docker image inspect "$HYPERKUBE" > /dev/null 2>&1 || docker pull -q "$HYPERKUBE"; }

start_kubelet() {
  mkdir -p "$ROOT/var/lib/kubelet" "$ROOT/etc/kubernetes/manifests"
  case " $NEW_CERTIFICATES " in
    # What kubelet made of the old certificate by rotation would win over the new one.
    *" kubelet-client "*) rm -f "$ROOT"/var/lib/kubelet/pki/kubelet-client-* ;;
  esac
  kubelet_image || fail "the image $HYPERKUBE can't be pulled: check docker-registry and hyperkube-version"
  # rshared: without it, what kubelet mounts for pods (secrets, memory volumes) stays in its own container and the pods see
  # empty directories. /sys carries the host's cgroups. --pid=host: paths of cgroups and of network namespaces.
  set -- --net=host --pid=host --privileged --restart=always \
    -v "$ROOT/sys:/sys" -v "$ROOT/dev:/dev" -v "$ROOT/var/run:/var/run" \
    -v "$ROOT/var/lib/docker:/var/lib/docker" -v "$ROOT/var/lib/kubelet:/var/lib/kubelet:rw,rshared" \
    -v "$ROOT/var/log:/var/log" -v "$ROOT/etc/kubernetes:/etc/kubernetes:ro"
  # What kubelet tells of a host that has no UUID of its own.
  [ ! -f "$ROOT/etc/machine-id" ] || set -- "$@" -v "$ROOT/etc/machine-id:/etc/machine-id:ro"
  # Plugins and configuration come from the pods of the network; what addresses are taken has to outlive this container.
  if [ "$NETWORK" != host-only ]; then
    mkdir -p "$ROOT/etc/cni/net.d" "$ROOT/opt/cni/bin" "$ROOT/var/lib/cni"
    for folder in /etc/cni/net.d /opt/cni/bin /var/lib/cni; do set -- "$@" -v "$ROOT$folder:$folder"; done
  fi
  set -- "$@" "$HYPERKUBE" /hyperkube kubelet --config=/etc/kubernetes/kubelet.yaml --kubeconfig=/etc/kubernetes/kubelet.conf \
    --hostname-override="$NODE" --node-ip="$NODE" --pod-infra-container-image="$PAUSE" \
    --cgroup-driver="$(docker info --format '{{.CgroupDriver}}')"
  if [ "$NETWORK" != host-only ]; then
    set -- "$@" --network-plugin=cni --cni-conf-dir=/etc/cni/net.d --cni-bin-dir=/opt/cni/bin --cni-cache-dir=/var/lib/cni/cache
  fi
  spec=$({ printf '%s\n' "$@"; cat "$ROOT/etc/kubernetes/kubelet.yaml" "$ROOT/etc/kubernetes/kubelet.conf" "$PKI/kubelet-client.spec" "$PKI/kubelet-server.spec"; } | sha256sum | cut -d ' ' -f 1)
  if kubelet_running > /dev/null && [ "$(docker inspect -f '{{index .Config.Labels "pai.spec"}}' kubelet)" = "$spec" ] \
    && [ -z "$NEW_CERTIFICATES" ]; then
    return 0
  fi
  say "starting kubelet"
  docker rm -f kubelet > /dev/null 2>&1 || :
  docker run -d --name kubelet --label "pai.spec=$spec" "$@" > /dev/null
  wait_for 60 "kubelet" kubelet_running
}
