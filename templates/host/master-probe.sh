kubelet_running || exit 1
check_tree master
certificates_last kube-apiserver kube-apiserver-kubelet-client kube-apiserver-etcd-client front-proxy-client kube-controller-manager kube-scheduler
for component in kube-apiserver kube-controller-manager kube-scheduler; do pod_running "$component" || exit 1; done
ready=$(node_kubectl --server=https://127.0.0.1:6443 get --raw /readyz 2>&1) || fail "the API server is not ready: $(printf '%s' "$ready" | tail -n 1)"
