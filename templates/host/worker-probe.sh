kubelet_running || exit 1
check_tree worker
node_ready
