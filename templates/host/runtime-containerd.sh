# containerd runs the pods by its CRI plugin, and keeps kubelet: its restart monitor starts that again. Follows lib.sh.
# The functions are those of runtime-docker.sh. All is asked with ctr, which comes with containerd; Debian 12 has no crictl.
#
# CONTAINERD_FROM, CONTAINERD_BEFORE  releases that kubelet goes with, from one on and before another (empty: none is too new); where it is installed

RUNTIME_NAME=containerd
CONTAINERD=$ROOT/etc/containerd
# ctr from 2.0 on would say at each call what of the host's settings is going out of use.
export CONTAINERD_SUPPRESS_DEPRECATION_WARNINGS=1

runtime_installed() { command -v containerd > /dev/null && command -v ctr > /dev/null; }

# Says the release.
runtime_answers() { ctr version; }

# Whether containers can be asked for, without a word.
runtime_works() { runtime_installed && ctr version > /dev/null 2>&1; }

# iptables: kubelet works in the host's mount namespace and makes chains that kube-proxy of old releases relies on.
runtime_packages() { echo containerd iptables; }

# containerd_fits RELEASE: 1.6.20, 2.4.2.
containerd_fits() {
  not_before "$1" "$CONTAINERD_FROM" || return 1
  [ -z "$CONTAINERD_BEFORE" ] || ! not_before "$1" "$CONTAINERD_BEFORE"
}
not_before() { [ "$(printf '%s\n' "$1" "$2" | sort -V | head -n 1)" = "$2" ]; }
containerd_wanted() { echo "kubelet of hyperkube-version wants one from $CONTAINERD_FROM on${CONTAINERD_BEFORE:+ and before $CONTAINERD_BEFORE}"; }

# Why what is installed can't be used; nothing when it can.
runtime_problem() {
  runtime_installed || return 0
  # containerd github.com/containerd/containerd/v2 v2.4.2 ...; Debian's 1.6.20~ds1
  release=$(containerd --version | awk '{sub(/^v/, "", $3); sub(/[^0-9.].*/, "", $3); print $3}')
  containerd_fits "$release" || echo "release $release is installed, $(containerd_wanted): install such a one, or change hyperkube-version"
}

# check_offered PACKAGE...: before they are installed. A package of containerd may have another name, as Docker's containerd.io.
check_offered() {
  offered=$(apt -s install --no-install-recommends "$@" | sed -n 's/^Inst containerd[^ ]* (\([0-9]*:\)\{0,1\}\([0-9.]*\).*/\2/p')
  if [ -z "$offered" ] || containerd_fits "$offered"; then return 0; fi
  fail "the package sources offer containerd $offered, $(containerd_wanted): name a source that has it, or the release, in package-source"
}

# The package brings no script for hosts without systemd; docker's, if there is one, must find containerd running.
write_init_script() {
  if has_systemd || [ -e "$ROOT/etc/init.d/containerd" ]; then return 0; fi
  cat > "$ROOT/etc/init.d/containerd" << 'INIT'
#!/bin/sh
### BEGIN INIT INFO
# Provides:          containerd
# Required-Start:    $local_fs $remote_fs
# Required-Stop:     $local_fs $remote_fs
# X-Start-Before:    docker
# Default-Start:     2 3 4 5
# Default-Stop:      0 1 6
# Short-Description: containerd, as pai wrote it
### END INIT INFO
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
file=/run/containerd.pid
daemon=$(command -v containerd)
case ${1-} in
  start) start-stop-daemon --start --oknodo --background --no-close --make-pidfile --pidfile $file --exec "$daemon" >> /var/log/containerd.log 2>&1 < /dev/null ;;
  stop) start-stop-daemon --stop --oknodo --retry 20 --pidfile $file --exec "$daemon" ;;
  restart | force-reload) "$0" stop && exec "$0" start ;;
  status) start-stop-daemon --status --pidfile $file ;;
  *) echo "usage: $0 start|stop|restart|status" >&2 && exit 2 ;;
esac
INIT
  chmod 755 "$ROOT/etc/init.d/containerd"
  update-rc.d containerd defaults > /dev/null 2>&1 || :
}

# Before install_tree: what only the host knows goes into its configuration, and the package's own is put by.
configure_runtime() {
  [ -f root/etc/containerd/config.toml ] || return 0
  if has_systemd; then containerd_cgroups=true; else containerd_cgroups=false; fi
  sed -i "s/SystemdCgroup = .*/SystemdCgroup = $containerd_cgroups/" root/etc/containerd/config.toml
  if [ -f "$CONTAINERD/config.toml" ] && [ ! -f "$STATE/files/host.sha256" ]; then
    mkdir -p "$STATE/kept"
    cp -p "$CONTAINERD/config.toml" "$STATE/kept/containerd.toml"
  fi
}

# Follows install_tree, which may have brought other settings.
start_runtime() {
  write_init_script
  restart_service containerd
  sha256sum < "$CONTAINERD/config.toml" > "$ROOT/run/pai-containerd.sha256"
}

# Pods and kubelet go on while it is restarted. hosts.toml is read at each pull, config.toml at the start only.
reload_runtime() {
  if [ "$(sha256sum < "$CONTAINERD/config.toml")" != "$(cat "$ROOT/run/pai-containerd.sha256" 2> /dev/null)" ]; then
    say "starting containerd again, for its new settings"
    start_runtime
  fi
}

# Takes back what start_runtime and configure_runtime left, once the files of install_tree are gone.
restore_runtime() {
  if [ -f "$STATE/kept/containerd.toml" ]; then
    mkdir -p "$CONTAINERD"
    mv -f "$STATE/kept/containerd.toml" "$CONTAINERD/config.toml"
    rmdir "$STATE/kept" 2> /dev/null || :
  fi
  if runtime_works; then restart_service containerd; fi
  if grep -qs 'as pai wrote it' "$ROOT/etc/init.d/containerd"; then
    service containerd stop > /dev/null 2>&1 || :
    update-rc.d -f containerd remove > /dev/null 2>&1 || :
    rm -f "$ROOT/etc/init.d/containerd" "$ROOT/var/log/containerd.log"
    update-rc.d containerd remove > /dev/null 2>&1 || :
  fi
  rm -f "$ROOT/run/pai-containerd.sha256"
}

cgroup_driver() { if has_systemd; then echo systemd; else echo cgroupfs; fi; }

pods_ctr() { ctr -n k8s.io "$@"; }

# pull_image IMAGE: unless it is there. ctr does not read the registries of config.toml.
pull_image() {
  [ -z "$(pods_ctr images ls -q "name==$1")" ] || return 0
  pods_ctr images pull --hosts-dir "$CONTAINERD/certs.d" "$1" > /dev/null
}

# --- kubelet, a container of the pods' namespace that the CRI plugin does not know. It enters the host's mount namespace: ctr
# can't make mounts of it pass on, and pods would see empty secrets.

kubelet_exists() { pods_ctr containers info kubelet > /dev/null 2>&1; }
kubelet_runs() { task_runs kubelet; }

# What kubelet was started for.
kubelet_spec() { pods_ctr containers info kubelet | sed -n 's/^ *"pai\.spec": "\([0-9a-f]*\)".*/\1/p'; }

# run_kubelet FLAG...: as for Docker; its program and kubectl are copied out of the image HYPERKUBE.
run_kubelet() {
  if kubelet_unchanged "$HYPERKUBE" "$@"; then return 0; fi
  say "starting kubelet"
  # As the API server writes times: see node_ready.
  KUBELET_STARTED=$(date -u +%Y-%m-%dT%H:%M:%SZ)
  remove_kubelet
  mkdir -p "$STATE/bin"
  copy_from_hyperkube /usr/local/bin/kubelet "$STATE/bin/kubelet"
  copy_from_hyperkube /usr/local/bin/kubectl "$STATE/bin/kubectl"
  # kubelet's own umask, as systemd would give it: it makes folders that pods read.
  (
    umask 022
    pods_ctr run -d --privileged --net-host --with-ns pid:/proc/1/ns/pid --log-uri "file://$ROOT/var/log/kubelet.log" \
      --label "pai.spec=$spec" --label containerd.io/restart.status=running \
      --label "containerd.io/restart.loguri=file://$ROOT/var/log/kubelet.log" \
      "$HYPERKUBE" kubelet nsenter -m -t 1 -- "$STATE/bin/kubelet" "$@"
  )
  wait_for 60 "kubelet" kubelet_running
}

# The monitor looks every ten seconds; a task that was ended by hand is started at once.
restart_kubelet() {
  end_kubelet
  pods_ctr containers label kubelet containerd.io/restart.status=running > /dev/null
  wait_for 60 "kubelet" kubelet_running
}
stop_kubelet() { end_kubelet; }

end_kubelet() {
  pods_ctr containers label kubelet containerd.io/restart.status=stopped > /dev/null
  pods_ctr tasks kill -s SIGTERM kubelet 2> /dev/null || :
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    kubelet_runs || return 0
    sleep 1
  done
  pods_ctr tasks kill -s SIGKILL kubelet 2> /dev/null || :
  wait_for 20 "the end of kubelet" kubelet_ended
}
kubelet_ended() { ! kubelet_runs; }

remove_kubelet() {
  kubelet_exists || return 0
  end_kubelet
  wait_for 20 "kubelet's container to go" kubelet_removed
  rm -f "$ROOT/var/log/kubelet.log"
}
kubelet_removed() {
  pods_ctr tasks rm -f kubelet > /dev/null 2>&1 || :
  pods_ctr containers rm kubelet > /dev/null 2>&1 || :
  ! kubelet_exists
}

# kubectl of kubelet's image.
hyperkube_kubectl() { "$STATE/bin/kubectl" "$@"; }

# copy_from_hyperkube FILE PLACE: a file of kubelet's image, whole or not at all.
copy_from_hyperkube() {
  copied=$(mktemp -d)
  pods_ctr images mount "$HYPERKUBE" "$copied" > /dev/null
  mkdir -p "${2%/*}"
  cp "$copied$1" "$2.pai-copy" && mv -f "$2.pai-copy" "$2" && copy_result=0 || copy_result=1
  pods_ctr images unmount --rm "$copied" > /dev/null
  rmdir "$copied"
  return "$copy_result"
}

# --- pods, by the name of a static pod's container in its manifest

task_runs() { pods_ctr tasks ls 2> /dev/null | awk -v id="$1" '$1 == id && $3 == "RUNNING" {found = 1} END {exit !found}'; }

# containers_of FILTER...: their ids, running or not.
containers_of() { pods_ctr containers ls -q "$@"; }

# running FILTER...: ids of those that run.
running() {
  { containers_of "$@"; echo; pods_ctr tasks ls; } |
    awk 'NF == 0 {tasks = 1; next} !tasks {wanted[$1] = 1; next} ($1 in wanted) && $3 == "RUNNING" {print $1}'
}

# Ids of its running containers.
pod_container() { running "labels.\"io.kubernetes.container.name\"==$1"; }

# How its containers are, in the runtime's words.
pod_status() {
  if [ -z "$(containers_of "labels.\"io.kubernetes.container.name\"==$1")" ]; then echo "there is none"; else echo "all have ended"; fi
}

# pod_exec NAME COMMAND...: in its first running container.
pod_exec() {
  pod_exec_in=$(pod_container "$1" | head -n 1)
  shift
  pods_ctr tasks exec --exec-id "pai-$$" "$pod_exec_in" "$@" < /dev/null
}

# restart_pods NAME...: their containers are ended; kubelet starts them again.
restart_pods() {
  for restarted in "$@"; do pod_container "$restarted"; done | while read -r id; do
    pods_ctr tasks kill -s SIGTERM "$id" < /dev/null || :
  done
}

# remove_pod NAME: ends its containers and its sandbox at once, without kubelet. The CRI plugin notes it.
remove_pod() {
  { pod_container "$1"; running "labels.\"io.kubernetes.pod.name\"==$1-$NODE"; } | while read -r id; do
    pods_ctr tasks kill -a -s SIGKILL "$id" < /dev/null 2> /dev/null || :
  done
}

# All containers of all pods, once kubelet is gone, with the CRI plugin's memory of them, which outlives them.
remove_pods() {
  containers_of | while read -r id; do
    pods_ctr tasks kill -a -s SIGKILL "$id" < /dev/null > /dev/null 2>&1 || :
  done
  wait_for 60 "the end of all containers" pods_removed
  stop_service containerd
  awk -v root="$ROOT" 'index($2, root "/run/containerd/io.containerd.grpc.v1.cri/") == 1 || index($2, root "/run/netns/cni-") == 1 {print $2}' \
    "$ROOT/proc/mounts" | sort -r | while IFS= read -r mount; do umount "$mount" 2> /dev/null || umount -l "$mount"; done
  rm -rf "$ROOT/run/containerd/io.containerd.grpc.v1.cri" "$ROOT/var/lib/containerd/io.containerd.grpc.v1.cri" "$ROOT/var/lib/cni"
  rm -f "$ROOT"/run/netns/cni-*
  start_runtime
  wait_for 60 "containerd" runtime_answers
}
pods_removed() {
  containers_of | while read -r id; do
    pods_ctr tasks rm -f "$id" < /dev/null > /dev/null 2>&1 || :
    pods_ctr containers rm "$id" < /dev/null > /dev/null 2>&1 || :
  done
  [ -z "$(containers_of)" ]
}

# All images of pods and kubelet; other namespaces are not ours.
remove_images() {
  rm -f "$STATE/bin/kubelet" "$STATE/bin/kubectl"
  pods_ctr images ls -q | xargs -r ctr -n k8s.io images rm --sync > /dev/null
}

# run_etcd IMAGE COMMAND...: in a container of its own that sees etcd's files, until the command ends.
run_etcd() {
  run_etcd_image=$1
  shift
  pull_image "$run_etcd_image"
  pods_ctr tasks rm -f pai-etcd > /dev/null 2>&1 || :
  pods_ctr containers rm pai-etcd > /dev/null 2>&1 || :
  pods_ctr run --rm --net-host --mount "type=bind,src=$ROOT/etc/kubernetes/pki,dst=/etc/kubernetes/pki,options=rbind:ro" \
    --mount "type=bind,src=$ROOT/var/lib/etcd,dst=/var/lib/etcd,options=rbind:rw" "$run_etcd_image" pai-etcd "$@" < /dev/null
}
