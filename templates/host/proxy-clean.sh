# Takes kubelet and haproxy off the proxy. Follows reset.sh.
check_data "$DATA_PATH"
reset_node
remove_tree proxy
settle_data "$DATA_PATH" "$DELETE_DATA"
