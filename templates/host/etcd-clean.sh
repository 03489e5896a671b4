# Takes the member of etcd and kubelet off a master. Follows reset.sh.
check_data "$DATA_PATH"
reset_node
remove_tree etcd
settle_data /var/lib/etcd "$DELETE_ETCD"
settle_data /var/lib/pai/pki "$DELETE_ETCD"
settle_data "$DATA_PATH" "$DELETE_DATA"
mark_etcd_data
