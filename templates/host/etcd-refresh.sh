# Restarts what remembers more than etcd now knows: scheduler, controller manager and kubelet. Follows lib.sh and etcd-manifest.sh.

restart_clients() {
  case ${RUNTIME:-docker} in
    docker) docker ps -q --filter 'name=^/k8s_kube-scheduler_' --filter 'name=^/k8s_kube-controller-manager_' | xargs -r docker restart > /dev/null ;;
    *) restart_pods kube-scheduler kube-controller-manager ;;
  esac
  kubelet_again
}

if kubelet_running; then
  say "restarting kubelet and what talks to the API server"
  restart_clients
  wait_for 200 "node $NODE to be Ready" node_ready
fi
