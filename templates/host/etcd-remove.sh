# Takes a member out of etcd, through the healthy one on this host. Follows lib.sh and etcd-health.sh.
#
# PEER_URL  of the member that goes; HOST_NAME  its host

etcd_line=$(etcd_entry "$ETCD_HERE") || fail "the member on this host does not tell who the members are: run again"
if [ -z "$etcd_line" ]; then
  say "no member of etcd is on $HOST_NAME any more"
else
  say "taking $HOST_NAME out of the members of etcd ($(etcd_field 1 "$etcd_line"))"
  etcd_ctl --endpoints="$ETCD_HERE" --command-timeout=20s member remove "$(etcd_field 1 "$etcd_line")" > /dev/null || fail "$HOST_NAME could not be taken out of the members of etcd"
fi
wait_for 60 "a leader of etcd" etcd_healthy
