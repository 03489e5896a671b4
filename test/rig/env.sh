# shellcheck shell=bash disable=SC2034
# Settings of the rig, all in this one place; every script sources it.
# What the environment may override is named PAI_RIG_*.

RIG_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
RIG_PROJECT=$(cd "$RIG_DIR/../.." && pwd)

# Secrets and logs of the running rig; gone with it.
RIG_STATE=${PAI_RIG_STATE:-/tmp/pai-rig}
# What is slow to make and safe to delete: Debian's tree, Kubernetes' binaries.
RIG_CACHE=${PAI_RIG_CACHE:-$HOME/.cache/pai-rig}
# Image builds at the same time.
RIG_JOBS=${PAI_RIG_JOBS:-3}

# Containers, volumes, local images and the network are named by it, and only such are ever removed.
RIG_NAME=${PAI_RIG_NAME:-pairig}
RIG_DEBIAN=bookworm

# One flat bridge, NETWORK.0.0/16. The ranges of Kubernetes lie inside it on purpose: a packet to a
# service or a pod that nothing answers for dies as an ARP question on the bridge and never leaves
# this machine.
RIG_NETWORK=${PAI_RIG_NETWORK:-172.30}
RIG_SUBNET=$RIG_NETWORK.0.0/16
RIG_GATEWAY=$RIG_NETWORK.0.1
RIG_DYNAMIC_RANGE=$RIG_NETWORK.1.0/24
RIG_POD_CIDR=$RIG_NETWORK.64.0/18
RIG_SERVICE_CIDR=$RIG_NETWORK.240.0/20
RIG_MAX_HOSTS=60

# Two registries on one store: in the clear without a login, and TLS with a password.
RIG_REGISTRY_IP=$RIG_NETWORK.0.2
RIG_REGISTRY_PLAIN=$RIG_REGISTRY_IP:5000
RIG_REGISTRY_TLS=$RIG_REGISTRY_IP:5443
# The same as :5000 for this machine: dockerd takes 127/8 without TLS unasked.
RIG_REGISTRY_PUSH=127.0.0.1:${PAI_RIG_PUSH_PORT:-5000}
RIG_REGISTRY_USER=pai
RIG_REGISTRY_PASSWORD=pai-registry
RIG_REGISTRY_CERTS=$RIG_STATE/registry
RIG_IMAGE_NAMESPACE=pai

# Logins of the hosts: sudo asks the one for the password and lets the other pass.
RIG_USER=pai
RIG_PASSWORD=pai
RIG_USER_NOPASSWD=ops
RIG_KEY=$RIG_STATE/id_ed25519

# Versions of the component images. Those of etcd and haproxy follow Debian, see the README.
RIG_DEBIAN_KUBERNETES=1.20.2
RIG_KUBERNETES=${PAI_RIG_KUBERNETES:-$RIG_DEBIAN_KUBERNETES}
RIG_PAUSE=3.2
RIG_ETCD=3.4.23
RIG_HAPROXY=2.6
RIG_COREDNS=1.10.1
RIG_TARBALL_NAME=kubernetes-$RIG_KUBERNETES-linux-amd64.tar.xz
RIG_COREDNS_BINARY=$RIG_CACHE/coredns-$RIG_COREDNS/coredns
RIG_BINARIES=$RIG_CACHE/kubernetes-$RIG_KUBERNETES
# What build-release.sh made says which etcd and pause are in it.
if [ -f "$RIG_BINARIES/companions.sh" ]; then . "$RIG_BINARIES/companions.sh"; fi

# apt's answer to every question, here and in the images' builds.
export DEBIAN_FRONTEND=noninteractive
# Debian's docker.io comes without buildx.
export DOCKER_BUILDKIT=0

host_ip() { # h3 -> 172.30.0.13
  echo "$RIG_NETWORK.0.$((10 + ${1#h}))"
}
