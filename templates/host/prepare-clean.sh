# Takes back what prepare.sh did, but for Docker itself: other containers may run there.
if [ -f "$ROOT/etc/hosts" ]; then
  grep -v '# pai$' "$ROOT/etc/hosts" > hosts-new || :
  cat hosts-new > "$ROOT/etc/hosts"
fi
remove_tree host
restore_daemon_json
rm -f "$STATE/cluster-id"
