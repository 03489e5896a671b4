# Takes Kubernetes off a host. The order matters: kubelet first, it would start the rest again.

# Of kube-proxy, of the agent of network: bridge, and of the plugins that it brings.
OUR_CHAINS='KUBE-|PAI-FORWARD|PAI-MASQUERADE|CNI-'

reset_node() {
  if runtime_works; then
    remove_kubelet
    remove_pods
  elif [ -n "$(pidof kubelet)" ]; then
    fail "kubelet runs and $RUNTIME_NAME does not answer to stop it: start $RUNTIME_NAME and clean again"
  fi

  # volumes of pods, deepest first
  awk -v below="$ROOT/var/lib/kubelet/" 'index($2, below) == 1 {print $2}' "$ROOT/proc/mounts" | sort -r | while IFS= read -r mount; do
    umount "$mount" 2>/dev/null || umount -l "$mount"
  done

  # /var/lib/kubelet may be a mount point itself: empty it, keep it.
  [ ! -d "$ROOT/var/lib/kubelet" ] || find "$ROOT/var/lib/kubelet" -mindepth 1 -delete
  rm -f "$STATE/pki-generation"
  rm -rf "$ROOT/etc/kubernetes" "$ROOT/var/log/pods" "$ROOT/var/log/containers"

  reset_pod_network

  for tables in iptables ip6tables; do
    command -v $tables-save > /dev/null || continue
    $tables-save > "tables" 2>/dev/null || continue
    if grep -Eq "$OUR_CHAINS" tables; then
      grep -Ev "$OUR_CHAINS" tables | $tables-restore || say "note: $tables rules of Kubernetes could not be removed"
    fi
  done
  # cgroups of pods that are gone, deepest first
  find "$ROOT/sys/fs/cgroup" -depth -type d -path '*/kubepods*' -exec rmdir {} + 2>/dev/null || :
}

# What the agent of network: bridge and its plugins made. Whatever else lies in these folders belongs to somebody else.
reset_pod_network() {
  [ -f "$ROOT/etc/cni/net.d/10-pai.conflist" ] || return 0
  rm -f "$ROOT/etc/cni/net.d/10-pai.conflist"
  for plugin in bridge host-local loopback portmap; do rm -f "$ROOT/opt/cni/bin/$plugin" "$ROOT/opt/cni/bin/.$plugin.pai-new"; done
  # Addresses that are taken, by the name of the network, and what kubelet keeps of each pod's.
  rm -rf "$ROOT/var/lib/cni/networks/pai" "$ROOT/var/lib/cni/cache"
  for folder in /etc/cni/net.d /etc/cni /opt/cni/bin /opt/cni /var/lib/cni/networks /var/lib/cni; do
    rmdir "$ROOT$folder" 2> /dev/null || :
  done
  command -v ip > /dev/null || return 0
  ip link delete cni0 2> /dev/null || :
  ip -4 route show proto 89 | while read -r range _; do ip route delete "$range" proto 89; done
}
