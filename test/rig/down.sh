#!/bin/bash
# Removes hosts (without a name: all of them). Images stay, for the next up.sh.
set -euo pipefail
. "$(dirname "$0")/env.sh"
. "$RIG_DIR/lib/common.sh"
. "$RIG_DIR/lib/hosts.sh"

all='' hosts=()
while (($#)); do
  case $1 in
    --all) all=1 ;;
    -*) echo "usage: down.sh [--all] [HOST...]   --all: registry, network and the rig's own dockerd too" >&2; exit 2 ;;
    *) check_host_name "$1"; hosts+=("$1") ;;
  esac
  shift
done
[ -z "$all" ] || ((${#hosts[@]} == 0)) || die "--all goes without names"

state_folder
lock_rig
docker info > /dev/null 2>&1 || { say "no dockerd answers: nothing is up"; exit 0; }
((${#hosts[@]})) || mapfile -t hosts < <(existing_hosts)
((${#hosts[@]} == 0)) || hosts_down "${hosts[@]}"

registry_down() {
  docker rm -f "$RIG_NAME-registry" || true
  docker volume rm -f "$RIG_NAME-registry"
  docker network rm "$RIG_NAME" || true
  rm -rf "/etc/docker/certs.d/$RIG_REGISTRY_TLS" "$RIG_REGISTRY_CERTS" "$RIG_KEY" "$RIG_KEY.pub"
}
if [ -n "$all" ]; then
  step "remove the registry and the network" registry_down
  [ -z "$(own_dockerd)" ] || step "stop dockerd" docker_down
fi
