# kubelet on a master, and the member of etcd that it runs as a static pod. Follows lib.sh and kubelet.sh.

mkdir -p "$ROOT/var/lib/etcd"
chmod 700 "$ROOT/var/lib/etcd"
install_certificates
renew_pods etcd
install_tree etcd
start_kubelet
wait_for 400 "etcd on $NODE" etcd_healthy
