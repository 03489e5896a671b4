# Tells which versions are here, COMPONENT VERSION a line: of static pods by the tags of their images, of kubelet as it told Kubernetes.
for component in etcd kube-apiserver kube-controller-manager kube-scheduler; do
  manifest=$ROOT/etc/kubernetes/manifests/$component.yaml
  [ -f "$manifest" ] || continue
  sed -n "s/^ *image: .*:\([^:/\"' ]*\)[\"']\{0,1\}\$/$component \1/p" "$manifest" | head -n 1
done
if node_json=$(node_kubectl get --raw "/api/v1/nodes/$NODE" 2> /dev/null); then
  printf '%s\n' "$node_json" | tr ',{}' '\n\n\n' | sed -n 's/.*"kubeletVersion":"\([^"]*\)".*/kubelet \1/p'
fi
