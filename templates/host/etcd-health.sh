# Asks the member on this host whether it can commit: that needs the quorum of all members.
etcd_healthy() {
  pod_running etcd || return 1
  pod_exec etcd etcdctl --endpoints=https://127.0.0.1:2379 \
    --cacert=/etc/kubernetes/pki/etcd-ca.crt --cert=/etc/kubernetes/pki/etcd-client.crt --key=/etc/kubernetes/pki/etcd-client.key \
    --command-timeout=5s endpoint health
}
