# Starts the API server on this host again. Follows lib.sh and etcd-manifest.sh.

api_server_ready() { node_kubectl --server=https://127.0.0.1:6443 get --raw /readyz; }

put_back kube-apiserver
wait_for 400 "the API server on $NODE (/readyz)" api_server_ready
