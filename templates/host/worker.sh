# kubelet on a worker. Follows lib.sh and kubelet.sh.

install_certificates
install_tree worker
start_kubelet
wait_for 400 "node $NODE to be Ready" node_ready
