# kubelet on a master, and the member of etcd that it runs as a static pod. Follows lib.sh, kubelet.sh, etcd-health.sh and etcd-join.sh.

mkdir -p "$ROOT/var/lib/etcd"
chmod 700 "$ROOT/var/lib/etcd"
install_certificates
etcd_fill_in
renew_pods etcd
install_tree etcd
start_kubelet
etcd_come_up
