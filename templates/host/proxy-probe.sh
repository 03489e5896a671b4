kubelet_running || exit 1
check_tree proxy
pod_running haproxy
