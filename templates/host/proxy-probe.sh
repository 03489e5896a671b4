kubelet_running || exit 1
check_tree proxy
certificates_last kubelet-client kubelet-server haproxy-check
pod_running haproxy
