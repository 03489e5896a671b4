# kubelet on a master, and the member of etcd that it runs as a static pod. Follows lib.sh, kubelet.sh, etcd-health.sh and etcd-join.sh.

# free_kubelet: where the only member is being replaced, the API server answers nobody, and requests hang for a minute each. kubelet makes some before it
# starts the member again (seen with 1.37), so they have to fail at once.
free_kubelet() {
  alone=
  if [ -z "$etcd_ran" ] || [ "$(pod_container etcd)" = "$etcd_ran" ] || grep -q , members || [ -z "$(pod_container kube-apiserver)" ]; then return 0; fi
  alone=yes
  say "stopping the API server, which has no etcd"
  remove_pod kube-apiserver
}
# kubelet starts it again; whoever comes next needs it.
await_apiserver() { [ -z "$alone" ] || (wait_for 200 "the API server on $NODE" apiserver_ready) || :; }
apiserver_ready() { node_kubectl --server=https://127.0.0.1:6443 get --raw /readyz; }

mkdir -p "$ROOT/var/lib/etcd"
chmod 700 "$ROOT/var/lib/etcd"
install_certificates
etcd_fill_in
etcd_ran=$(pod_container etcd)
renew_pods etcd
install_tree etcd
free_kubelet
start_kubelet
etcd_come_up
await_apiserver
