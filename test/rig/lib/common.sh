# shellcheck shell=bash
# Functions that all scripts of the rig share. Source env.sh first.

say() { printf '%s  %s\n' "$(date +%H:%M:%S)" "$*" >&2; }
die() { say "error: $*"; exit 1; }

# step NAME COMMAND...: runs it with its output in a log; one line when done, the log's end when not.
step() {
  local name=$1 log start took
  shift
  log=$RIG_STATE/log/${name//[^a-zA-Z0-9.]/-}.log
  start=$(date +%s%N)
  if "$@" > "$log" 2>&1 < /dev/null; then
    took=$((($(date +%s%N) - start) / 1000000))
    say "$(printf '%-56s %4d.%d s' "$name" $((took / 1000)) $((took % 1000 / 100)))"
  else
    say "$name failed; the end of $log:"
    tail -n 30 "$log" >&2
    return 1
  fi
}

# wait_for SECONDS COMMAND...: until the command succeeds
wait_for() {
  local end=$((SECONDS + $1))
  shift
  until "$@" > /dev/null 2>&1; do
    ((SECONDS < end)) || { say "gave up waiting: $*"; return 1; }
    sleep 0.3
  done
}

# all PID...: waits for each, fails if one failed
all() {
  local pid failed=0
  for pid in "$@"; do wait "$pid" || failed=1; done
  return $failed
}

state_folder() {
  mkdir -p "$RIG_STATE" "$RIG_STATE/log" "$RIG_CACHE"
  chmod 700 "$RIG_STATE"
}

# One script at a time changes the rig; the lock goes with the process.
lock_rig() {
  exec 9> "$RIG_STATE/lock"
  flock -n 9 || { say "another script of the rig is at work: waiting"; flock 9; }
}

check_host_name() {
  [[ $1 =~ ^h([1-9][0-9]?)$ && ${BASH_REMATCH[1]} -le $RIG_MAX_HOSTS ]] ||
    die "no such host: '$1' (hosts are h1..h$RIG_MAX_HOSTS)"
}

# Names of the hosts that exist, in any state, in order
existing_hosts() {
  docker ps -a --filter "name=^/$RIG_NAME-h[0-9]+\$" --format '{{.Names}}' 2> /dev/null |
    sed "s/^$RIG_NAME-//" | sort -V
}

container_state() { # NAME -> running, paused, exited, absent ...
  local state
  # an empty line comes with the error
  state=$(docker inspect -f '{{.State.Status}}' "$1" 2> /dev/null) || state=absent
  echo "$state"
}

# --- apt of this machine -------------------------------------------------------------------------

apt_refresh() {
  # a third party's list that can't be fetched is no reason to stop: apt-get install will tell
  apt-get update -qq || say "apt-get update was not clean"
}

apt_install() {
  compgen -G '/var/lib/apt/lists/*_Packages*' > /dev/null || apt_refresh
  # old lists name packages that the mirror has replaced: refresh once and try again
  apt-get install -y --no-install-recommends "$@" || { apt_refresh; apt-get install -y --no-install-recommends "$@"; }
}

# need PROGRAM=PACKAGE...: installs the packages of the programs that are missing
need() {
  local pair packages=()
  for pair in "$@"; do
    command -v "${pair%%=*}" > /dev/null || packages+=("${pair#*=}")
  done
  ((${#packages[@]})) || return 0
  [ "$(id -u)" = 0 ] || die "missing: ${packages[*]}; install them or run as root"
  step "apt-get install ${packages[*]}" apt_install "${packages[@]}"
  hash -r
}

# Where this machine's apt takes Debian from: lines "URI SUITE COMPONENT"
debian_sources() {
  # shellcheck disable=SC2016 # apt's own placeholders
  apt-get indextargets --format '$(SITE) $(RELEASE) $(COMPONENT)' 'Identifier: Packages' |
    awk -v d="$RIG_DEBIAN" '($2 == d || $2 == d "-updates" || $2 == d "-security") && !seen[$0]++'
}

# --- dockerd of this machine ---------------------------------------------------------------------

# Pid of the dockerd that the rig started, when it is still that one
own_dockerd() {
  local pid
  pid=$(cat "$RIG_STATE/dockerd.pid" 2> /dev/null) || return 1
  tr '\0' '\n' < "/proc/$pid/cmdline" 2> /dev/null | grep -qxF "$RIG_STATE/dockerd.pid" || return 1
  echo "$pid"
}

mount_cgroups() {
  grep -qE '^[^ ]+ /sys/fs/cgroup(/[^ ]+)? cgroup2? ' /proc/mounts && return
  local controller
  mount -t tmpfs -o mode=755 cgroup /sys/fs/cgroup
  for controller in cpu cpuacct cpuset memory devices freezer blkio pids; do
    mkdir -p "/sys/fs/cgroup/$controller"
    mount -t cgroup -o "$controller" cgroup "/sys/fs/cgroup/$controller" || rmdir "/sys/fs/cgroup/$controller"
  done
  mkdir -p /sys/fs/cgroup/systemd
  mount -t cgroup -o none,name=systemd cgroup /sys/fs/cgroup/systemd
}

start_dockerd() {
  mount_cgroups
  rm -f "$RIG_STATE/dockerd.pid"
  # Not through its init script: that wants more open files than a limited machine grants.
  # The lock is not for it, or it would be held as long as dockerd lives.
  setsid nohup dockerd --storage-driver=overlay2 --pidfile "$RIG_STATE/dockerd.pid" \
    --insecure-registry "$RIG_REGISTRY_PLAIN" \
    > "$RIG_STATE/log/dockerd.log" 2>&1 < /dev/null 9>&- &
  wait_for 90 docker info
}

# Is a dockerd of this machine there, if only on its way up? Those inside of hosts do not count.
dockerd_runs() {
  local comm
  for comm in /proc/[0-9]*/comm; do
    [ "$(cat "$comm" 2> /dev/null)" = dockerd ] || continue
    [ "$(readlink "${comm%comm}ns/pid")" = "$(readlink /proc/self/ns/pid)" ] && return
  done
  return 1
}

docker_up() {
  docker info > /dev/null 2>&1 && return
  need iptables=iptables dockerd=docker.io
  # the package's service may have started one: two would take the socket from each other
  if dockerd_runs; then
    step "wait for this machine's dockerd" wait_for 60 docker info
  else
    step "start dockerd" start_dockerd
  fi
}

docker_down() {
  local pid
  pid=$(own_dockerd) || return 0
  kill "$pid"
  wait_for 60 eval '! own_dockerd'
  rm -f "$RIG_STATE/dockerd.pid"
}

network_up() {
  docker network inspect "$RIG_NAME" > /dev/null 2>&1 ||
    docker network create --driver bridge --subnet "$RIG_SUBNET" --gateway "$RIG_GATEWAY" \
      --ip-range "$RIG_DYNAMIC_RANGE" "$RIG_NAME"
}
