# Makes new data of a snapshot; what was there is moved aside. Nothing of etcd runs meanwhile, on any master. Follows lib.sh, etcd-health.sh,
# etcd-join.sh and etcd-snapshot.sh.
#
# TOKEN  of the new cluster; `members` in the payload: NAME=PEER_URL,... of all who are in it

# Stays after the restore: data that were written since must not be replaced when the end of it is repeated.
etcd_done=$STATE/etcd-restored
if [ "$(cat "$etcd_done" 2>/dev/null)" != "$TOKEN" ]; then
  [ -z "$(pod_container etcd)" ] || fail "etcd runs on $HOST_NAME: run again"
  rm -rf "$ROOT/var/lib/etcd/data.new"
  say "restoring the snapshot"
  etcd_util snapshot restore "/var/lib/etcd/$SNAPSHOT" --name="$ETCD_NAME" --initial-cluster="$(cat members)" --initial-cluster-token="$TOKEN" \
    --initial-advertise-peer-urls="$PEER_URL" --data-dir=/var/lib/etcd/data.new > etcd-words 2>&1 || {
    tail -n 3 etcd-words
    fail "the snapshot could not be restored"
  }
  etcd_move_data
  mv "$ROOT/var/lib/etcd/data.new" "$ROOT/var/lib/etcd/data"
  printf '%s\n' "$TOKEN" > "$etcd_done.pai-new"
  mv -f "$etcd_done.pai-new" "$etcd_done"
fi
