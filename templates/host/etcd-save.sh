# Takes a snapshot of the member on this host, which is healthy, to SNAPSHOT below /var/lib/etcd. Follows lib.sh, etcd-health.sh and etcd-snapshot.sh.

rm -f "$ROOT/var/lib/etcd/$SNAPSHOT" "$ROOT/var/lib/etcd/$SNAPSHOT.part"
say "taking a snapshot"
etcd_ctl --endpoints="$ETCD_HERE" --command-timeout=600s snapshot save "/var/lib/etcd/$SNAPSHOT" > etcd-words 2>&1 || {
  tail -n 1 etcd-words
  fail "etcd could not write a snapshot"
}
chmod 600 "$ROOT/var/lib/etcd/$SNAPSHOT"
etcd_verify
say "hash, revision, keys, size: $(tail -n 1 etcd-words)"
