# Stops the API server and the member of etcd on this host; their manifests are kept. Follows lib.sh and etcd-manifest.sh.

set_aside kube-apiserver
set_aside etcd
restart_kubelet
