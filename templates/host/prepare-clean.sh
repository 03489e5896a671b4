# Takes back what prepare.sh did, but for the packages that it installed: other containers may run there.
if [ -f "$ROOT/etc/hosts" ]; then
  grep -v '# pai$' "$ROOT/etc/hosts" > hosts-new || :
  cat hosts-new > "$ROOT/etc/hosts"
fi
remove_tree host
restore_daemon_json
restore_runtime
remove_package_source
rm -f "$STATE/cluster-id"
