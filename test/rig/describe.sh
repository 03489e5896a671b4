#!/bin/bash
# Prints, as JSON, what a test needs to know of the rig. Answers also when nothing is up: "hosts" is empty then.
set -euo pipefail
. "$(dirname "$0")/env.sh"
. "$RIG_DIR/lib/common.sh"
. "$RIG_DIR/lib/images.sh"

hosts() {
  local host image separator=''
  for host in $(existing_hosts); do
    image=$(docker inspect -f "{{index .Config.Labels \"$RIG_NAME.image\"}}" "$RIG_NAME-$host")
    printf '%s\n    {"name": "%s", "ip": "%s", "container": "%s", "state": "%s", "image": "%s"}' "$separator" \
      "$host" "$(host_ip "$host")" "$RIG_NAME-$host" "$(container_state "$RIG_NAME-$host")" "${image#"$RIG_NAME"/host-}"
    separator=,
  done
}

registry=$(container_state "$RIG_NAME-registry")
cat <<JSON
{
  "hosts": [$(hosts)
  ],
  "network": {
    "name": "$RIG_NAME",
    "subnet": "$RIG_SUBNET",
    "hostAddress": "$RIG_NETWORK.0.(10+N)",
    "serviceCidr": "$RIG_SERVICE_CIDR",
    "podCidr": "$RIG_POD_CIDR"
  },
  "users": {
    "password": {"name": "$RIG_USER", "password": "$RIG_PASSWORD", "sudo": "password"},
    "nopasswd": {"name": "$RIG_USER_NOPASSWD", "sudo": "nopasswd"}
  },
  "key": "$RIG_KEY",
  "registry": {
    "state": "$registry",
    "plain": "$RIG_REGISTRY_PLAIN",
    "tls": "$RIG_REGISTRY_TLS",
    "push": "$RIG_REGISTRY_PUSH",
    "user": "$RIG_REGISTRY_USER",
    "password": "$RIG_REGISTRY_PASSWORD",
    "ca": "$RIG_REGISTRY_CERTS/ca.crt",
    "namespace": "$RIG_IMAGE_NAMESPACE"
  },
  "images": {
    "prefix": "$RIG_REGISTRY_PLAIN/$RIG_IMAGE_NAMESPACE",
    "prefixTls": "$RIG_REGISTRY_TLS/$RIG_IMAGE_NAMESPACE",
    "base": "$RIG_REGISTRY_PLAIN/$RIG_IMAGE_NAMESPACE/debian:$RIG_DEBIAN",
    "tags": {
      "debian": "$RIG_DEBIAN",
      "busybox": "1",
      "pause": "$RIG_PAUSE",
      "kube-apiserver": "v$RIG_KUBERNETES",
      "kube-controller-manager": "v$RIG_KUBERNETES",
      "kube-scheduler": "v$RIG_KUBERNETES",
      "hyperkube": "v$RIG_KUBERNETES",
      "etcd": "$RIG_ETCD",
      "haproxy": "$RIG_HAPROXY"$(if has_coredns; then printf ',\n      "coredns": "v%s"' "$RIG_COREDNS"; fi)
    }
  },
  "kubernetesVersion": "$RIG_KUBERNETES",
  "kubectl": "$RIG_BINARIES/kubectl",
  "state": "$RIG_STATE"
}
JSON
