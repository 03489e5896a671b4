kubelet_running || exit 1
check_tree etcd
etcd_words=$(etcd_healthy 2>&1) || fail "etcd is not healthy: $(printf '%s' "$etcd_words" | tail -n 1)"
