# Makes a bare host ready: preflight, its own name in /etc/hosts, what runs containers, the registries that it may trust.
#
# CLUSTER_ID, HOST_NAME, HOST_ADDRESS, HOST_PORTS (to be free, or held by our own kubelet's pods)

problems=
problem() { problems="$problems
  $1: $2"; }

# --- preflight: every check is made, all problems are told together
os=unknown
if [ -r "$ROOT/etc/os-release" ]; then os=$(. "$ROOT/etc/os-release" && printf '%s %s' "$ID" "${ID_LIKE:-}"); fi
case " $os " in
  *" debian "* | *" ubuntu "*) ;;
  *) problem os "Debian or Ubuntu is needed, this is '$os'" ;;
esac
case $(uname -m) in
  x86_64 | aarch64) ;;
  *) problem architecture "x86_64 or aarch64 is needed, this is $(uname -m)" ;;
esac
skew=$(($(date +%s) - $(cat clock)))
[ "${skew#-}" -le 30 ] || problem clock "differs by ${skew#-} s from the dev box; set the time (ntp)"
memory=$(awk '/^MemTotal:/ {print int($2 / 1024)}' "$ROOT/proc/meminfo")
[ "$memory" -ge 900 ] || problem memory "$memory MiB, at least 1 GiB is needed"
disk=$(df -Pk "$ROOT/var" | awk 'NR == 2 {print int($4 / 1024)}')
[ "$disk" -ge 2048 ] || problem disk "$disk MiB free in /var, at least 2 GiB is needed"
if [ -f "$STATE/cluster-id" ] && [ "$(cat "$STATE/cluster-id")" != "$CLUSTER_ID" ]; then
  problem cluster "belongs to the cluster '$(cat "$STATE/cluster-id")'; clean it there first, or remove /var/lib/pai/cluster-id"
fi
# Data of etcd that outlived its cluster (mark_etcd_data in reset.sh), or that nobody knows of
if ! [ -f "$STATE/cluster-id" ] && [ "${HOST_PORTS#*2379}" != "$HOST_PORTS" ] && [ -n "$(ls -A "$ROOT/var/lib/etcd" 2> /dev/null)" ]; then
  owner=$(cat "$ROOT/var/lib/etcd/cluster-id" 2> /dev/null || echo '(unknown)')
  if [ "$owner" != "$CLUSTER_ID" ]; then problem data "/var/lib/etcd holds data of the cluster '$owner': move it away, or delete it if nobody needs it"; fi
fi
# listening PORT: as the kernel tells it (state 0A); ss is not on every host
listening() {
  cat "$ROOT/proc/net/tcp" "$ROOT/proc/net/tcp6" 2> /dev/null |
    awk -v port="$(printf ':%04X' "$1")" '$4 == "0A" && substr($2, length($2) - 4) == port {found = 1} END {exit !found}'
}
if ! kubelet_exists; then
  for port in $HOST_PORTS; do
    if listening "$port"; then problem ports "$port is in use and not by this cluster"; fi
  done
fi
if ! runtime_installed && ! command -v apt-get > /dev/null; then
  problem "$RUNTIME_NAME" "is not installed and apt-get is not there to install it"
fi
unfit=$(runtime_problem)
[ -z "$unfit" ] || problem "$RUNTIME_NAME" "$unfit"
[ -z "$problems" ] || fail "preflight:$problems"
[ "$(hostname)" = "$HOST_NAME" ] || say "note: the host calls itself $(hostname), the configuration $HOST_NAME"

printf '%s\n' "$CLUSTER_ID" > "$STATE/cluster-id"

# --- /etc/hosts: the host can look up its own name. In a container the file is a mount: write it in place.
hosts=$ROOT/etc/hosts
touch "$hosts"
if ! grep -q "^${HOST_ADDRESS}[[:space:]].*# pai\$" "$hosts" || ! grep -q "[[:space:]]$HOST_NAME # pai\$" "$hosts"; then
  say "naming $HOST_NAME in /etc/hosts"
  grep -v '# pai$' "$hosts" > hosts-new || :
  printf '%s\t%s # pai\n' "$HOST_ADDRESS" "$HOST_NAME" >> hosts-new
  cat hosts-new > "$hosts"
fi

# --- what runs containers
write_package_source
if ! runtime_installed; then
  say "installing $RUNTIME_NAME"
  install_runtime
fi
configure_runtime
if [ -d root ]; then install_tree host; fi
if ! runtime_answers > /dev/null 2>&1; then
  say "starting $RUNTIME_NAME"
  start_runtime || :
else
  reload_runtime
fi
wait_for 120 "$RUNTIME_NAME" runtime_answers
