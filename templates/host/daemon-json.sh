# Docker's configuration as it is without what pai added. Follows lib.sh.

# Installs daemon.json of the payload, if there is one, and has Docker read it.
restore_daemon_json() {
  place=$ROOT/etc/docker/daemon.json
  if [ -f daemon.json ]; then
    cp -p daemon.json "${place%/*}/.daemon.json.pai-new"
    mv -f "${place%/*}/.daemon.json.pai-new" "$place"
  fi
  if [ -f "$ROOT/var/run/docker.pid" ]; then kill -HUP "$(cat "$ROOT/var/run/docker.pid")" 2> /dev/null || :; fi
}
