# Removes the snapshot that was copied from this host. Follows lib.sh.

rm -f "$ROOT/var/lib/etcd/$SNAPSHOT"
