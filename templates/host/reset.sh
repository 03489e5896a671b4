# Takes Kubernetes off a host, and what it left: containers, mounts, interfaces, rules of iptables, files. The order matters: kubelet first, it
# would start the rest again. Data stays where it is, unless it is to be deleted.
#
# CLUSTER_ID
# DATA_PATH    where services keep their data
# DELETE_DATA  yes, or nothing
# DELETE_ETCD  the same of what etcd has, which is of no use any more to a machine that has left the cluster

reset_node() {
  if command -v docker > /dev/null && docker version > /dev/null 2>&1; then
    # -v: volumes without a name, which an image may declare, go with their container
    docker rm -f -v kubelet > /dev/null 2>&1 || :
    docker ps -aq --filter 'name=^/k8s_' | xargs -r docker rm -f -v > /dev/null
  elif [ -n "$(pidof kubelet)" ]; then
    fail "kubelet runs and Docker does not answer to stop it: start Docker and clean again"
  fi
  unmount_pods
  # /var/lib/kubelet may be a mount point itself: then it is emptied and stays. -xdev: whatever is still mounted below is not ours to delete.
  if [ -d "$ROOT/var/lib/kubelet" ]; then
    find "$ROOT/var/lib/kubelet" -xdev -mindepth 1 -delete
    rmdir "$ROOT/var/lib/kubelet" 2> /dev/null || :
  fi
  rm -rf "$ROOT/etc/kubernetes" "$ROOT/var/log/pods" "$ROOT/var/log/containers" "$ROOT/var/run/dockershim.sock"
  reset_network
  # cgroups of pods that are gone, deepest first
  find "$ROOT/sys/fs/cgroup" -depth -type d -path '*/kubepods*' -exec rmdir {} + 2> /dev/null || :
}

# Volumes of pods, deepest first. The kernel writes a space in a path as \040, which %b reads.
unmount_pods() {
  awk -v below="$ROOT/var/lib/kubelet/" 'index($2, below) == 1 {print $2}' "$ROOT/proc/mounts" | sort -r | while IFS= read -r mount; do
    mount=$(printf '%b' "$mount")
    umount "$mount" 2> /dev/null || umount -l "$mount"
  done
}

# Chains and rules of kube-proxy, kubelet and the plugins of pod networks, in whichever of its two tables iptables has put them.
reset_network() {
  for tables in iptables-nft ip6tables-nft iptables-legacy ip6tables-legacy iptables ip6tables; do
    command -v "$tables-save" > /dev/null || continue
    "$tables-save" > saved-rules 2> /dev/null || continue
    grep -Eq '(^:|-A |-[jg] )(KUBE|CNI)-' saved-rules || continue
    grep -Ev '(^:|-A |-[jg] )(KUBE|CNI)-' saved-rules | "$tables-restore" || say "note: rules of kube-proxy in $tables could not be removed"
  done
  # What kube-proxy makes for IPVS. Of pods' interfaces the other end went with their containers.
  if command -v ip > /dev/null && [ -e "$ROOT/sys/class/net/kube-ipvs0" ]; then ip link delete kube-ipvs0; fi
}

# check_data FOLDER: refuses, before anything is done, to delete what can't be meant.
check_data() {
  [ -n "$DELETE_DATA" ] || return 0
  case ${1%/} in
    '' | /bin* | /boot* | /dev* | /etc* | /home | /lib* | /media | /mnt | /opt | /proc* | /root | /run* | /sbin* | /srv | /sys* | /tmp | /usr* | \
      /var | /var/lib | /var/log | /var/run* | *//* | */. | */./* | */.. | */../*)
      fail "$1 is not a folder of data alone: correct data-path, or clean without --delete-data"
      ;;
  esac
}

# settle_data FOLDER DELETE: keeps it and says so, or deletes it.
settle_data() {
  [ -d "$ROOT$1" ] || return 0
  if [ -z "$2" ]; then
    [ -z "$(ls -A "$ROOT$1")" ] || say "keeping $1"
    return 0
  fi
  say "deleting $1"
  # With the slash: it may be a link to where there is room.
  find "$ROOT$1/" -xdev -mindepth 1 -delete 2> /dev/null || :
  rmdir "$ROOT$1" 2> /dev/null || :
  if [ -d "$ROOT$1/" ] && [ -n "$(ls -A "$ROOT$1/")" ]; then
    say "note: some of $1 is left: something else is mounted there, or writes to it"
  fi
}

# Data that outlives its cluster says whose it is, so that the member of another one does not go on with it.
mark_etcd_data() {
  [ -d "$ROOT/var/lib/etcd" ] || return 0
  if [ -n "$(find "$ROOT/var/lib/etcd" -mindepth 1 -maxdepth 1 ! -name cluster-id)" ]; then
    printf '%s\n' "$CLUSTER_ID" > "$ROOT/var/lib/etcd/cluster-id"
  else
    rm -f "$ROOT/var/lib/etcd/cluster-id"
    rmdir "$ROOT/var/lib/etcd" 2> /dev/null || :
  fi
}
