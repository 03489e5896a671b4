# Ends a kubelet that runs and does not do its work; the target that it belongs to makes it anew.
say "removing kubelet"
remove_kubelet
