# Takes Kubernetes off a host, and what it left: containers, mounts, interfaces, rules of iptables, files. The order matters: kubelet first, it
# would start the rest again. Data stays where it is, unless it is to be deleted.
#
# CLUSTER_ID
# DATA_PATH    where services keep their data
# DELETE_DATA  yes, or nothing
# DELETE_ETCD  the same of what etcd has, which is of no use any more to a machine that has left the cluster

# Of kube-proxy, of the agent of network: bridge, and of the plugins that it brings.
OUR_CHAINS='KUBE-|PAI-FORWARD|PAI-MASQUERADE|CNI-'

reset_node() {
  if runtime_works; then
    remove_kubelet
    remove_pods
    # Programs that were copied out of kubelet's image.
    rm -rf "${STATE:?}/bin"
  elif [ -n "$(pidof kubelet)" ]; then
    fail "kubelet runs and $RUNTIME_NAME does not answer to stop it: start $RUNTIME_NAME and clean again"
  fi
  unmount_pods
  # /var/lib/kubelet may be a mount point itself: then it is emptied and stays. -xdev: whatever is still mounted below is not ours to delete.
  if [ -d "$ROOT/var/lib/kubelet" ]; then
    find "$ROOT/var/lib/kubelet" -xdev -mindepth 1 -delete
    rmdir "$ROOT/var/lib/kubelet" 2> /dev/null || :
  fi
  rm -f "$STATE/pki-generation"
  rm -rf "$ROOT/etc/kubernetes" "$ROOT/var/log/pods" "$ROOT/var/log/containers" "$ROOT/var/run/dockershim.sock"
  reset_pod_network
  reset_rules
  # cgroups of pods that are gone, and of a kubelet that containerd kept, deepest first
  find "$ROOT/sys/fs/cgroup" -depth -type d \( -path '*/kubepods*' -o -path '*/k8s.io' -o -path '*/k8s.io/*' \) -exec rmdir {} + 2> /dev/null || :
  # Where kubelet looks for plugins of volumes; it makes the folder.
  plugins=/usr/libexec/kubernetes/kubelet-plugins
  for folder in $plugins/volume/exec $plugins/volume $plugins /usr/libexec/kubernetes; do rmdir "$ROOT$folder" 2> /dev/null || :; done
}

# Volumes of pods, deepest first. The kernel writes a space in a path as \040, which %b reads.
unmount_pods() {
  awk -v below="$ROOT/var/lib/kubelet/" 'index($2, below) == 1 {print $2}' "$ROOT/proc/mounts" | sort -r | while IFS= read -r mount; do
    mount=$(printf '%b' "$mount")
    umount "$mount" 2> /dev/null || umount -l "$mount"
  done
}

# Chains and rules of kube-proxy, kubelet and the plugins of pod networks, in whichever of its two tables iptables has put them.
reset_rules() {
  for tables in iptables-nft ip6tables-nft iptables-legacy ip6tables-legacy iptables ip6tables; do
    command -v "$tables-save" > /dev/null || continue
    "$tables-save" > saved-rules 2> /dev/null || continue
    grep -Eq "(^:|-A |-[jg] )($OUR_CHAINS)" saved-rules || continue
    grep -Ev "(^:|-A |-[jg] )($OUR_CHAINS)" saved-rules | "$tables-restore" || say "note: rules of Kubernetes in $tables could not be removed"
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
