#!/bin/bash
# Brings up the rig: images, registry, hosts. What is there already stays as it is.
set -euo pipefail
. "$(dirname "$0")/env.sh"
. "$RIG_DIR/lib/common.sh"
. "$RIG_DIR/lib/images.sh"
. "$RIG_DIR/lib/registry.sh"
. "$RIG_DIR/lib/hosts.sh"

usage() {
  cat <<TEXT
usage: up.sh [--docker] [--fresh] [--hosts N] [--first K] [--json] [HOST...]
  HOST...     h1..h$RIG_MAX_HOSTS; without any: --hosts N (default 2) from --first K (default 1) on
  --docker    with docker on the hosts; by default they are bare
  --fresh     hosts that are there are removed first
  --hosts 0   images and registry only
  --json      prints what describe.sh prints, at the end
TEXT
}

image=$RIG_NAME/host-bare count=2 first=1 fresh='' json='' hosts=()
while (($#)); do
  case $1 in
    --docker) image=$RIG_NAME/host-docker ;;
    --fresh) fresh=1 ;;
    --hosts) count=${2:?$1 needs a number}; shift ;;
    --first) first=${2:?$1 needs a number}; shift ;;
    --json) json=1 ;;
    -h | --help) usage; exit ;;
    -*) usage >&2; exit 2 ;;
    *) hosts+=("$1") ;;
  esac
  shift
done
[[ $count =~ ^[0-9]+$ && $first =~ ^[0-9]+$ ]] || { usage >&2; exit 2; }
((${#hosts[@]})) || for ((i = first; i < first + count; i++)); do hosts+=("h$i"); done
for host in "${hosts[@]}"; do check_host_name "$host"; done

[ "$(id -u)" = 0 ] || die "up.sh has to run as root: it makes a Debian tree and may start dockerd"
state_folder
need flock=util-linux
lock_rig
need debootstrap=debootstrap busybox=busybox-static htpasswd=apache2-utils openssl=openssl xz=xz-utils \
  ssh=openssh-client ssh-keygen=openssh-client curl=curl
docker_up
network_up > /dev/null
all_images
registry_up
push_components
host_key
[ -z "$fresh" ] || hosts_down "${hosts[@]}"
pids=()
for host in "${hosts[@]}"; do
  host_up "$host" "$image" &
  pids+=($!)
done
all "${pids[@]}"
up=$(existing_hosts | xargs)
say "the rig is up after $SECONDS s: ${up:-no hosts}"
[ -z "$json" ] || "$RIG_DIR/describe.sh"
