# kubelet on a master, and the member of etcd that it runs as a static pod. Follows lib.sh, kubelet.sh, etcd-health.sh and etcd-join.sh.

mkdir -p "$ROOT/var/lib/etcd"
chmod 700 "$ROOT/var/lib/etcd"
install_certificates
etcd_fill_in
etcd_ran=$(pod_container etcd)
renew_pods etcd
install_tree etcd
# The only member is away: the API server answers nobody, and requests hang for a minute each. kubelet makes some before it starts the member again
# (seen with 1.37), so they have to fail at once.
alone=
if [ -n "$etcd_ran" ] && [ "$(pod_container etcd)" != "$etcd_ran" ] && ! grep -q , members && [ -n "$(pod_container kube-apiserver)" ]; then
  alone=yes
  say "stopping the API server, which has no etcd"
  remove_pod kube-apiserver
fi
start_kubelet
etcd_come_up
# kubelet starts it again; whoever comes next needs it.
apiserver_ready() { node_kubectl --server=https://127.0.0.1:6443 get --raw /readyz; }
if [ -n "$alone" ]; then (wait_for 200 "the API server on $NODE" apiserver_ready) || :; fi
