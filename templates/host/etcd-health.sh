# Talks to members of etcd. Follows lib.sh.
#
# ETCD_IMAGE  for when no member runs on this host; PEER_URL  of this host's member
ETCD_HERE=https://127.0.0.1:2379

# etcd_tool PROGRAM WORD...: a program of etcd's image, in the member's container while that runs, else in one of its own.
etcd_tool() {
  etcd_container=$(pod_container etcd | head -n 1)
  case ${RUNTIME:-docker}:$etcd_container in
    docker:)
      docker rm -f pai-etcdctl > /dev/null 2>&1 || :
      docker run --rm --name pai-etcdctl --net=host -v "$ROOT/etc/kubernetes/pki:/etc/kubernetes/pki:ro" \
        -v "$ROOT/var/lib/etcd:/var/lib/etcd" "$ETCD_IMAGE" "$@"
      ;;
    docker:*) docker exec "$etcd_container" "$@" ;;
    *:)
      pull_image "$ETCD_IMAGE"
      ctr -n k8s.io run --rm --net-host --mount "type=bind,src=$ROOT/etc/kubernetes/pki,dst=/etc/kubernetes/pki,options=rbind:ro" \
        --mount "type=bind,src=$ROOT/var/lib/etcd,dst=/var/lib/etcd,options=rbind:rw" "$ETCD_IMAGE" "pai-etcdctl-$$" "$@"
      ;;
    *) pod_exec etcd "$@" ;;
  esac
}

# etcdctl with the credentials of this host's member.
etcd_ctl() {
  etcd_tool etcdctl --cacert=/etc/kubernetes/pki/etcd-ca.crt --cert=/etc/kubernetes/pki/etcd-client.crt --key=/etc/kubernetes/pki/etcd-client.key "$@"
}

# Asks the member on this host whether it can commit: that needs the quorum of all members.
etcd_healthy() {
  pod_running etcd || return 1
  etcd_ctl --endpoints="$ETCD_HERE" --command-timeout=5s endpoint health
}

# etcd_list ENDPOINT: the members as it knows them, a line each: ID, STATUS, NAME, PEER URLS, CLIENT URLS, IS LEARNER. One that never started
# has no client URLs.
etcd_list() { etcd_ctl --endpoints="$1" --command-timeout=5s member list; }

# etcd_entry ENDPOINT: the line of this host's member; none when it is no member.
etcd_entry() {
  etcd_list "$1" > etcd-list || return 1
  awk -F ', ' -v url="$PEER_URL" '$4 == url { print; exit }' etcd-list
}

# etcd_field N LINE
etcd_field() { printf '%s\n' "$2" | awk -F ', ' -v field="$1" '{ print $field }'; }
