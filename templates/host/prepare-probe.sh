runtime_answers > /dev/null 2>&1 || fail "$RUNTIME_NAME does not answer"
[ "$(cat "$STATE/cluster-id" 2>/dev/null)" = "$CLUSTER_ID" ] || fail "the host is not marked as one of cluster $CLUSTER_ID"
grep -q "[[:space:]]$HOST_NAME # pai\$" "$ROOT/etc/hosts" || fail "/etc/hosts does not name $HOST_NAME"
[ ! -f "$STATE/files/host.sha256" ] || check_tree host
