# The snapshot that came to this host is the one that was sent, and etcd can read it. Follows lib.sh, etcd-health.sh and etcd-snapshot.sh.
#
# SHA256  of the file; TOKEN  of the restore, kept so that one that was interrupted goes on with the same

printf '%s  %s\n' "$SHA256" "$ROOT/var/lib/etcd/$SNAPSHOT" | sha256sum -c > /dev/null 2>&1 || fail "the snapshot did not arrive whole: run again"
etcd_verify
mkdir -p "$STATE/etcd"
printf '%s %s\n' "$TOKEN" "$SHA256" > "$STATE/etcd/restore"
