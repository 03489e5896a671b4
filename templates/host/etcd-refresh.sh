# Restarts what remembers more than etcd now knows: scheduler, controller manager and kubelet. Follows lib.sh.

# The only place that knows what they are run by.
restart_clients() {
  docker ps -q --filter 'name=^/k8s_kube-scheduler_' --filter 'name=^/k8s_kube-controller-manager_' | xargs -r docker restart > /dev/null
  docker restart kubelet > /dev/null
}

if kubelet_running; then
  say "restarting kubelet and what talks to the API server"
  restart_clients
  wait_for 200 "node $NODE to be Ready" node_ready
fi
