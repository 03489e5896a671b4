# Restarts what remembers more than etcd now knows: scheduler, controller manager and kubelet. Follows lib.sh and etcd-manifest.sh.

if kubelet_running; then
  say "restarting kubelet and what talks to the API server"
  restart_pods kube-scheduler kube-controller-manager
  restart_kubelet
  wait_for 200 "node $NODE to be Ready" node_ready
fi
