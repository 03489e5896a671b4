kubelet_running || exit 1
check_tree worker
certificates_last kubelet-client kubelet-server
node_ready
