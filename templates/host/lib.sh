# Functions that the scripts of this folder share. POSIX sh; read in front of every script and probe, together with
# runtime-docker.sh or runtime-containerd.sh, which know how containers are run (see there for what both have to offer).
#
# ROOT   prefix of the host's file system: empty on a real host
# STATE  what pai keeps on a host
# WAIT_LIMIT  from the environment of simulated hosts, which none else has: seconds after which every waiting ends
# The working directory holds the payload: root/ is a tree of files to install, certs/ new certificates.
STATE=$ROOT/var/lib/pai
PKI=$ROOT/etc/kubernetes/pki

say() { printf '%s\n' "$*"; }

# Ends the script; the words become the error that the operator reads.
fail() {
  say "error: $*"
  exit 1
}

# wait_for SECONDS WHAT COMMAND...: until the command succeeds; its last words are the reason when it never does.
wait_for() {
  wait_end=$(($(date +%s) + ${WAIT_LIMIT:-$1}))
  wait_what=$2
  shift 2
  say "waiting for $wait_what"
  until wait_words=$("$@" 2>&1); do
    if [ "$(date +%s)" -ge "$wait_end" ]; then
      [ -z "$wait_words" ] || printf '%s\n' "$wait_words" | tail -n 5
      fail "gave up waiting for $wait_what"
    fi
    sleep 1
  done
}

has_systemd() { [ -d "$ROOT/run/systemd/system" ]; }
# Without systemd a daemon has the umask of who starts it, and pai's own keeps everybody out of the folders that it makes for pods.
start_service() { if has_systemd; then systemctl enable --now "$1"; else (umask 022 && service "$1" start); fi; }
stop_service() { if has_systemd; then systemctl stop "$1"; else service "$1" stop; fi; }
restart_service() { if has_systemd; then systemctl enable "$1" && systemctl restart "$1"; else (umask 022 && service "$1" restart); fi; }

# install_tree UNIT: puts every file of root/ in its place, each whole or not at all, and keeps their checksums, so that
# check_tree can tell a file that was edited by hand and remove_tree knows what to remove. A file that the last install
# had and this one has not is removed. New files begin with a dot until they are complete: kubelet overlooks those.
install_tree() {
  mkdir -p "$STATE/files"
  list=$STATE/files/$1.sha256
  : > new-list
  find root -type f | sort > tree
  while IFS= read -r file; do
    place=$ROOT/${file#root/}
    mkdir -p "${place%/*}"
    if ! cmp -s "$file" "$place"; then
      say "writing $place"
      cp -p "$file" "${place%/*}/.${place##*/}.pai-new"
      mv -f "${place%/*}/.${place##*/}.pai-new" "$place"
    fi
    chmod "$(file_mode "$file")" "$place"
    sha256sum "$place" >> new-list
  done < tree
  if [ -f "$list" ]; then
    while read -r _ place; do
      grep -qF "  $place" new-list || rm -f "$place"
    done < "$list"
  fi
  cp new-list "$list.pai-new"
  mv -f "$list.pai-new" "$list"
}

file_mode() { stat -c %a "$1"; }

# check_tree UNIT: every file that install_tree put there is there, unchanged.
check_tree() {
  list=$STATE/files/$1.sha256
  [ -f "$list" ] || fail "the list of installed files is gone ($list)"
  changed=$(sha256sum -c "$list" 2>/dev/null | sed -n 's/: FAILED.*//p' | head -n 1)
  [ -z "$changed" ] || fail "$changed was changed or removed by hand"
}

remove_tree() {
  list=$STATE/files/$1.sha256
  [ -f "$list" ] || return 0
  while read -r _ place; do
    # Without the copy of the keys nobody can read etcd's data, so it goes with that: etcd-clean.sh.
    case $place in "$STATE"/pki/*) continue ;; esac
    rm -f "$place"
    # and the folders that are empty now
    rmdir -p "${place%/*}" 2> /dev/null || :
  done < "$list"
  rm -f "$list"
  rmdir "$STATE/files" 2> /dev/null || :
}

# install_certificates: each certificate of certs/ comes with NAME.spec, which says what it is for. One that is there for the
# same spec is kept, unless it is older than half a year: so a repeated run does not exchange what works. NEW_CERTIFICATES
# names those that were exchanged. What comes from a copy of the authorities that is older than what the host has is refused.
install_certificates() {
  NEW_CERTIFICATES=
  generation=$(cat certs/generation)
  if [ -f "$STATE/pki-generation" ] && [ "$generation" -lt "$(cat "$STATE/pki-generation")" ]; then
    fail "these certificates were replaced since: move the folder pki of the configuration away, and pai reads the masters' copy back"
  fi
  printf '%s\n' "$generation" > "$STATE/pki-generation"
  mkdir -p "$PKI"
  chmod 700 "$PKI"
  for spec in certs/*.spec; do
    [ -f "$spec" ] || continue
    name=${spec#certs/}
    name=${name%.spec}
    if cmp -s "$spec" "$PKI/$name.spec" && [ -s "$PKI/$name.crt" ] && [ -s "$PKI/$name.key" ] \
      && [ -z "$(find "$PKI/$name.spec" -mtime +180)" ]; then
      continue
    fi
    say "installing certificate $name"
    rm -f "$PKI/$name.spec"
    cp "certs/$name.crt" "$PKI/$name.crt"
    cp "certs/$name.key" "$PKI/$name.key"
    chmod 600 "$PKI/$name.crt" "$PKI/$name.key"
    cp "certs/$name.expires" "$PKI/$name.expires"
    cp "$spec" "$PKI/$name.spec"
    NEW_CERTIFICATES="$NEW_CERTIFICATES $name"
  done
}

remove_certificates() {
  for name in "$@"; do rm -f "$PKI/$name.crt" "$PKI/$name.key" "$PKI/$name.spec" "$PKI/$name.expires"; done
}

# certificates_last NAME...: of a probe. Warns 60 days before a certificate expires, and fails once it has.
certificates_last() {
  now=$(date +%s)
  for name in "$@"; do
    [ -f "$PKI/$name.expires" ] || continue
    # kubelet goes by what it made of this one by rotation.
    if [ "$name" = kubelet-client ] && [ -e "$ROOT/var/lib/kubelet/pki/kubelet-client-current.pem" ]; then continue; fi
    left=$(($(cat "$PKI/$name.expires") - now))
    [ "$left" -gt 0 ] || fail "the certificate $name has expired"
    left=$((left / 86400))
    [ "$left" -ge 60 ] || say "warning: the certificate $name expires in $left days: run pai pki renew"
  done
}

pod_running() {
  [ -n "$(pod_container "$1")" ] || {
    say "no container of $1 runs: $(pod_status "$1")"
    return 1
  }
}

# stop_pod NAME: takes a static pod's manifest away and waits until its containers are gone.
stop_pod() {
  rm -f "$ROOT/etc/kubernetes/manifests/$1.yaml"
  for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
    [ -n "$(pod_container "$1")" ] || return 0
    kubelet_runs || break
    sleep 2
  done
  # kubelet is not there to do it, or takes too long
  remove_pod "$1"
}

# renew_pods NAME...: before install_tree. Stops those static pods whose manifest is about to be another, or all when there are new certificates: so what
# answers afterwards is what was started from these, and not its predecessor in its last seconds.
renew_pods() {
  for pod in "$@"; do
    manifest=etc/kubernetes/manifests/$pod.yaml
    [ -f "$ROOT/$manifest" ] || continue
    if [ -z "$NEW_CERTIFICATES" ] && cmp -s "root/$manifest" "$ROOT/$manifest"; then continue; fi
    say "stopping $pod"
    stop_pod "$pod"
  done
}

# kubectl with the node's own credentials, of the release that kubelet is of.
node_kubectl() { hyperkube_kubectl --kubeconfig=/etc/kubernetes/kubelet.conf --request-timeout=10s "$@"; }

node_ready() {
  node_json=$(node_kubectl get --raw "/api/v1/nodes/$NODE" 2>&1) || {
    say "$node_json"
    return 1
  }
  case $node_json in
    *'"type":"Ready","status":"True"'*)
      # What the API server says of a kubelet that was started anew may be of the one before.
      node_beat=$(printf '%s' "$node_json" | tr '{' '\n' | sed -n '/"type":"Ready"/s/.*"lastHeartbeatTime":"\([^"]*\)".*/\1/p')
      if expr "$node_beat" '>=' "${KUBELET_STARTED:-}" > /dev/null; then return 0; fi
      say "node $NODE was Ready, its new kubelet has not told yet"
      return 1
      ;;
  esac
  say "node $NODE is not Ready: $(printf '%s' "$node_json" | tr '{' '\n' | grep '"type":"Ready"' | sed 's/.*"message":"\([^"]*\)".*/\1/')"
  return 1
}

# Where pods have a network of their own, that comes from pods, which need an API server first: then it may be missing.
node_ready_but_network() {
  node_ready && return 0
  [ "$NETWORK" != host-only ] || return 1
  case $node_json in
    *'"type":"Ready","status":"False"'*NetworkPluginNotReady*) return 0 ;;
  esac
  return 1
}

kubelet_running() {
  kubelet_runs || {
    say "the kubelet container is not running"
    return 1
  }
}
