# Takes the member of etcd, its data and kubelet off a master.
reset_node
remove_tree etcd
[ ! -d "$ROOT/var/lib/etcd" ] || find "$ROOT/var/lib/etcd" -mindepth 1 -delete
rm -rf "${STATE:?}/etcd"
rm -f "$STATE/etcd-served" "$STATE/etcd-restored"
