# Docker runs kubelet, and dockershim (in kubelet, to 1.23) the pods. Follows lib.sh. Scripts reach containers only through
# the functions of this file, which runtime-containerd.sh has too.

RUNTIME_NAME=Docker

runtime_installed() { command -v docker > /dev/null; }

# Says the release.
runtime_answers() { docker version --format '{{.Server.Version}}'; }

# Whether containers can be asked for, without a word.
runtime_works() { runtime_installed && docker version > /dev/null 2>&1; }

runtime_packages() { echo docker.io; }

# check_offered: kubelet of old releases reaches any Docker Engine that there is.
check_offered() { :; }
runtime_problem() { :; }

# Before install_tree: nothing to prepare.
configure_runtime() { :; }

# Follows install_tree, which may have brought other settings.
start_runtime() { start_service docker; }

# Docker reads its registries again without a restart.
reload_runtime() { [ ! -f "$ROOT/var/run/docker.pid" ] || kill -HUP "$(cat "$ROOT/var/run/docker.pid")"; }

# Nothing is left that the files of install_tree did not bring.
restore_runtime() { :; }

# How it manages cgroups, for kubelet to do the same.
cgroup_driver() { docker info --format '{{.CgroupDriver}}'; }

# pull_image IMAGE: unless it is there.
pull_image() { docker image inspect "$1" > /dev/null 2>&1 || docker pull -q "$1"; }

# --- kubelet

kubelet_exists() { docker inspect kubelet > /dev/null 2>&1; }
kubelet_runs() { [ "$(docker inspect -f '{{.State.Running}}' kubelet 2>/dev/null)" = true ]; }

# What kubelet was started for: the words of run_kubelet's caller.
kubelet_spec() { docker inspect -f '{{index .Config.Labels "pai.spec"}}' kubelet; }

# run_kubelet FLAG...: kubelet of the image HYPERKUBE, restarted whenever it ends. One that runs with the same flags and files
# is left alone (kubelet_unchanged of kubelet.sh).
run_kubelet() {
  kubelet_flags=$#
  # rshared: without it, what kubelet mounts for pods (secrets, memory volumes) stays in its own container and the pods see
  # empty directories. /sys carries the host's cgroups. --pid=host: paths of cgroups and of network namespaces.
  set -- "$@" --net=host --pid=host --privileged --restart=always \
    -v "$ROOT/sys:/sys" -v "$ROOT/dev:/dev" -v "$ROOT/var/run:/var/run" \
    -v "$ROOT/var/lib/docker:/var/lib/docker" -v "$ROOT/var/lib/kubelet:/var/lib/kubelet:rw,rshared" \
    -v "$ROOT/var/log:/var/log" -v "$ROOT/etc/kubernetes:/etc/kubernetes:ro"
  # What kubelet tells of a host that has no UUID of its own.
  [ ! -f "$ROOT/etc/machine-id" ] || set -- "$@" -v "$ROOT/etc/machine-id:/etc/machine-id:ro"
  # Plugins and configuration come from the pods of the network; what addresses are taken has to outlive this container.
  if [ "$NETWORK" != host-only ]; then
    mkdir -p "$ROOT/etc/cni/net.d" "$ROOT/opt/cni/bin" "$ROOT/var/lib/cni"
    for folder in /etc/cni/net.d /opt/cni/bin /var/lib/cni; do set -- "$@" -v "$ROOT$folder:$folder"; done
  fi
  set -- "$@" "$HYPERKUBE" /hyperkube kubelet
  # The flags came first and go last.
  while [ "$kubelet_flags" -gt 0 ]; do
    set -- "$@" "$1"
    shift
    kubelet_flags=$((kubelet_flags - 1))
  done
  if kubelet_unchanged "$@"; then return 0; fi
  say "starting kubelet"
  # As the API server writes times: see node_ready.
  KUBELET_STARTED=$(date -u +%Y-%m-%dT%H:%M:%SZ)
  remove_kubelet
  docker run -d --name kubelet --label "pai.spec=$spec" "$@" > /dev/null
  wait_for 60 "kubelet" kubelet_running
}

restart_kubelet() { docker restart kubelet > /dev/null; }
# stop_kubelet: until it is started again, by restart_kubelet, start_kubelet or a reboot.
stop_kubelet() { docker stop kubelet > /dev/null; }
remove_kubelet() { docker rm -f -v kubelet > /dev/null 2>&1 || :; }

# kubectl of kubelet's image.
hyperkube_kubectl() { docker exec kubelet /hyperkube kubectl "$@"; }

# copy_from_hyperkube FILE PLACE: a file of kubelet's image.
copy_from_hyperkube() { docker cp -q "kubelet:$1" "$2" 2>/dev/null || docker cp "kubelet:$1" "$2" > /dev/null; }

# --- pods, by the name of a static pod's container in its manifest

# Ids of its running containers.
pod_container() { docker ps -q --filter "name=^/k8s_$1_"; }

# How the newest of its containers is, in the runtime's words.
pod_status() { docker ps -a --filter "name=^/k8s_$1_" --format '{{.Status}}' | head -n 1; }

# pod_exec NAME COMMAND...: in its first running container.
pod_exec() {
  pod_exec_in=$(pod_container "$1" | head -n 1)
  shift
  docker exec "$pod_exec_in" "$@"
}

# restart_pods NAME...: their containers, that is, what reads its files at the start only.
restart_pods() { for restarted in "$@"; do pod_container "$restarted"; done | xargs -r docker restart > /dev/null; }

# remove_pod NAME: its containers at once, without kubelet.
remove_pod() { docker ps -aq --filter "name=^/k8s_$1_" --filter "name=^/k8s_POD_$1-" | xargs -r docker rm -f -v > /dev/null; }

# All containers of all pods, once kubelet is gone.
remove_pods() { docker ps -aq --filter 'name=^/k8s_' | xargs -r docker rm -f -v > /dev/null; }

# run_etcd IMAGE COMMAND...: in a container of its own that sees etcd's files, until the command ends.
run_etcd() {
  docker rm -f pai-etcd > /dev/null 2>&1 || :
  docker run --rm --name pai-etcd --net=host -v "$ROOT/etc/kubernetes/pki:/etc/kubernetes/pki:ro" -v "$ROOT/var/lib/etcd:/var/lib/etcd" "$@"
}
