# The control plane as static pods, beside etcd. Follows lib.sh.

apiserver_ready() { node_kubectl --server=https://127.0.0.1:6443 get --raw /readyz; }
component_healthy() { node_kubectl --server="https://127.0.0.1:$1" --insecure-skip-tls-verify get --raw /healthz; }

mkdir -p "$ROOT/var/log/kubernetes"
chmod 700 "$ROOT/var/log/kubernetes"
install_certificates
renew_pods kube-scheduler kube-controller-manager kube-apiserver
install_tree master

wait_for 400 "the API server on $NODE (/readyz)" apiserver_ready
wait_for 200 "the controller manager on $NODE" component_healthy 10257
wait_for 200 "the scheduler on $NODE" component_healthy 10259
wait_for 200 "node $NODE to be Ready" node_ready_but_network

# for the dev box, which has it from here
kubectl=$STATE/bin/kubectl
mkdir -p "$STATE/bin"
copy_from_hyperkube /usr/local/bin/kubectl "$kubectl.pai-new"
mv -f "$kubectl.pai-new" "$kubectl"
