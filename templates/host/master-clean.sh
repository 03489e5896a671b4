# Takes the control plane off a master; etcd and kubelet stay until etcd is cleaned.
if runtime_works; then
  # All manifests first: kubelet then stops the three at the same time.
  for component in kube-scheduler kube-controller-manager kube-apiserver; do
    rm -f "$ROOT/etc/kubernetes/manifests/$component.yaml"
  done
  for component in kube-scheduler kube-controller-manager kube-apiserver; do
    say "stopping $component"
    stop_pod "$component"
  done
fi
remove_tree master
remove_certificates kube-apiserver kube-apiserver-kubelet-client kube-apiserver-etcd-client front-proxy-client kube-controller-manager kube-scheduler
# The copy of the keys stays beside the data of etcd, which nobody can read without them; it goes with that.
rm -rf "$ROOT/var/log/kubernetes"
