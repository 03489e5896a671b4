# Waits until service accounts are told the authorities of ca.crt, all of them: by their token secrets, and by the ConfigMap of releases from 1.20 on.
# Follows lib.sh; on a master.

as_manager() { node_kubectl --kubeconfig=/etc/kubernetes/kube-controller-manager.conf --server=https://127.0.0.1:6443 "$@"; }

accounts_told() {
  wanted=$(base64 "$PKI/ca.crt" | tr -d '\n')
  secrets=$(as_manager get secrets --all-namespaces --field-selector=type=kubernetes.io/service-account-token \
    -o 'jsonpath={range .items[*]}{.data.ca\.crt}{"\n"}{end}') || return 1
  others=$(printf '%s\n' "$secrets" | grep -v '^$' | grep -vcxF "$wanted") || :
  [ "$others" = 0 ] || {
    say "$others token secrets have other authorities"
    return 1
  }
  shown=$(as_manager get configmaps --namespace=kube-system --field-selector=metadata.name=kube-root-ca.crt -o 'jsonpath={.items[*].data.ca\.crt}') || return 1
  [ -z "$shown" ] || [ "$shown" = "$(cat "$PKI/ca.crt")" ] || {
    say "the ConfigMap kube-root-ca.crt has other authorities"
    return 1
  }
}

wait_for 300 "service accounts to be told the authorities" accounts_told
