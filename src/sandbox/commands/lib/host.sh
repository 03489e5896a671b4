# shellcheck shell=sh
# Where a host's things are, and the rules of src/sandbox/layout.ts in sh: what runs follows from files.
# SANDBOX_DIRECTORY, SANDBOX_COMMANDS, SANDBOX_HOST, SANDBOX_ADDRESS, SANDBOX_MASTERS (NAME=ADDRESS ...) are set.
hosts=$SANDBOX_DIRECTORY/hosts
here=$hosts/$SANDBOX_HOST
root=$here/root
docker=$here/docker

say() { printf '%s\n' "$*"; }
complain() { printf '%s\n' "$*" >&2; }

# fault NAME: of this host
fault() { [ -e "$here/faults/$1" ]; }

# sandbox_fault NAME: of the whole sandbox
sandbox_fault() { [ -e "$SANDBOX_DIRECTORY/faults/$1" ]; }

docker_runs() { [ -e "$hosts/$1/docker/running" ]; }

# container_state HOST CONTAINER: in $state; empty when there is none
container_state() {
  state=
  { read -r state < "$hosts/$1/docker/containers/$2/state"; } 2> /dev/null || :
}

kubelet_runs() {
  [ ! -e "$hosts/$1/faults/down" ] || return 1
  docker_runs "$1" || return 1
  container_state "$1" kubelet
  [ "$state" = running ]
}

# static_pod_runs HOST NAME
static_pod_runs() {
  if [ "$2" = etcd ] && [ -e "$hosts/$1/faults/etcd-dead" ]; then return 1; fi
  [ -e "$hosts/$1/root/etc/kubernetes/manifests/$2.yaml" ] && kubelet_runs "$1"
}

# etcd_members HOST: addresses of the members of etcd, in $members: those that were kept since one was added or removed, else the peers in
# --initial-cluster of the host's manifest
etcd_members() {
  members=
  if [ -e "$hosts/$1/root/var/lib/etcd/data/members" ]; then
    read -r members < "$hosts/$1/root/var/lib/etcd/data/members"
    return 0
  fi
  while read -r line; do
    case $line in
      *--initial-cluster=*) ;;
      *) continue ;;
    esac
    list=${line#*--initial-cluster=}
    list=${list%%[[:space:]]*},
    while [ -n "$list" ]; do
      member=${list%%,*}
      list=${list#*,}
      case $member in
        *=http*://*:*)
          member=${member#*://}
          members="$members ${member%%:*}"
          ;;
      esac
    done
    return 0
  done < "$hosts/$1/root/etc/kubernetes/manifests/etcd.yaml"
}

# master_at ADDRESS: the name of the master with that address, in $master
master_at() {
  for master in $SANDBOX_MASTERS; do
    if [ "${master#*=}" = "$1" ]; then
      master=${master%%=*}
      return 0
    fi
  done
  return 1
}

# etcd_commits HOST: its member runs, and with it more than half of the members
etcd_commits() {
  static_pod_runs "$1" etcd || return 1
  etcd_members "$1"
  all=0
  running=0
  for member in $members; do
    all=$((all + 1))
    if master_at "$member" && static_pod_runs "$master" etcd; then running=$((running + 1)); fi
  done
  [ $((running * 2)) -gt "$all" ]
}

# apiserver_answers HOST
apiserver_answers() { static_pod_runs "$1" kube-apiserver && etcd_commits "$1"; }

# some_apiserver_answers: on any master
some_apiserver_answers() {
  for candidate in $SANDBOX_MASTERS; do
    if apiserver_answers "${candidate%%=*}"; then return 0; fi
  done
  return 1
}

# host_at ADDRESS: the name of the host with that address, in $host
host_at() {
  host=$SANDBOX_HOST
  [ "$1" != "$SANDBOX_ADDRESS" ] || return 0
  for file in "$hosts"/*/address; do
    read -r address < "$file" || continue
    if [ "$address" = "$1" ]; then
      host=${file%/address}
      host=${host##*/}
      return 0
    fi
  done
  return 1
}
