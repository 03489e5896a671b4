kubelet_running || exit 1
check_tree etcd
certificates_last kubelet-client kubelet-server etcd-server etcd-peer etcd-client
etcd_words=$(etcd_healthy 2>&1) || fail "etcd is not healthy: $(printf '%s' "$etcd_words" | tail -n 1)"
