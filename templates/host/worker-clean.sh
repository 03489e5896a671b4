# Takes Kubernetes off a worker. Follows reset.sh.
check_data "$DATA_PATH"
reset_node
remove_tree worker
settle_data "$DATA_PATH" "$DELETE_DATA"
