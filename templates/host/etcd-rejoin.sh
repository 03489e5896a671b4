# Starts the member on this host anew, without its old data: it joins the others, who have taken the old one out before. Follows lib.sh,
# etcd-health.sh, etcd-join.sh and etcd-manifest.sh. Run again it goes on where it stopped.

etcd_place=$ROOT/$etcd_manifest
if [ ! -f "$etcd_place" ]; then
  # While the manifest is away no member runs here, so all data are those of the old one.
  [ -f "$STATE/etcd/etcd.yaml" ] || fail "etcd is not installed on $HOST_NAME: pai run etcd:$HOST_NAME"
  etcd_partner || fail "the other members of etcd do not serve, so $HOST_NAME can't join them: see pai etcd status"
  etcd_line=$(etcd_entry "$partner") || fail "the member at $partner does not tell who the members are: run again"
  if [ -n "$(etcd_field 5 "$etcd_line")" ] && [ "$(etcd_field 6 "$etcd_line")" != true ]; then
    fail "$HOST_NAME is still a member of etcd: it has to be taken out first"
  fi
  etcd_move_data
  mkdir -p "root/${etcd_manifest%/*}"
  sed 's/\(--initial-cluster=\).*/\1INITIAL_CLUSTER/; s/\(--initial-cluster-state=\).*/\1INITIAL_CLUSTER_STATE/' "$STATE/etcd/etcd.yaml" > "root/$etcd_manifest"
  etcd_fill_in
  etcd_put_manifest "root/$etcd_manifest"
fi
etcd_come_up
rm -rf "$STATE/etcd"
