# What the member on this host says of itself and of the others, for the dev box: a line `== WHAT EXIT-CODE` before each answer. Changes nothing.
# Follows lib.sh and etcd-health.sh.

# tell WHAT COMMAND...
tell() {
  tell_what=$1
  shift
  tell_words=$("$@" 2>&1) && tell_code=0 || tell_code=$?
  printf '== %s %s\n%s\n' "$tell_what" "$tell_code" "$tell_words"
}

# A member that was set aside by pai etcd fix or restore is installed too.
installed() { [ -f "$ROOT/etc/kubernetes/manifests/etcd.yaml" ] || [ -f "$STATE/etcd/etcd.yaml" ]; }

tell installed installed
tell running pod_running etcd
tell restore cat "$STATE/etcd/restore"
tell data ls -A "$ROOT/var/lib/etcd/data"
if [ -n "$(pod_container etcd)" ]; then
  tell health etcd_healthy
  tell status etcd_ctl --endpoints="$ETCD_HERE" --command-timeout=5s --write-out=json endpoint status
  tell members etcd_list "$ETCD_HERE"
  tell alarms etcd_ctl --endpoints="$ETCD_HERE" --command-timeout=5s alarm list
fi
