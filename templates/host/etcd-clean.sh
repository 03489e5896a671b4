# Takes the member of etcd and kubelet off a master. Follows reset.sh.
check_data "$DATA_PATH"
reset_node
remove_tree etcd
rm -rf "${STATE:?}/etcd"
rm -f "$STATE/etcd-restored"
settle_data /var/lib/etcd "$DELETE_ETCD"
settle_data /var/lib/pai/pki "$DELETE_ETCD"
settle_data "$DATA_PATH" "$DELETE_DATA"
mark_etcd_data
# Without its data it starts as a member that never was.
[ -d "$ROOT/var/lib/etcd/data" ] || rm -f "$STATE/etcd-served"
