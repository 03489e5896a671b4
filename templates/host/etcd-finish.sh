# Removes what a snapshot or a restore left on this host. Follows lib.sh.

rm -f "$ROOT/var/lib/etcd/$SNAPSHOT"
rm -rf "$STATE/etcd"
