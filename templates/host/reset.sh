# Takes Kubernetes off a host. The order matters: kubelet first, it would start the rest again.

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

  for tables in iptables ip6tables; do
    command -v $tables-save > /dev/null || continue
    $tables-save > "tables" 2>/dev/null || continue
    if grep -q 'KUBE-' tables; then
      grep -v 'KUBE-' tables | $tables-restore || say "note: $tables rules of kube-proxy could not be removed"
    fi
  done
  # cgroups of pods that are gone, deepest first
  find "$ROOT/sys/fs/cgroup" -depth -type d -path '*/kubepods*' -exec rmdir {} + 2>/dev/null || :
}
